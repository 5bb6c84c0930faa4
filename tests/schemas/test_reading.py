"""Strict YAML reading: every broken file gives one line with file, key, value and what is allowed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.errors import ReadError
from schemas.reading import Section, read_yaml

Writer = Callable[[str | bytes], Path]
Taker = Callable[[Section], object]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    def _write(text: str | bytes) -> Path:
        path = tmp_path / "样例.yml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return _write


@pytest.mark.parametrize(
    ("content", "line", "field", "allowed"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", 3, "a", "每个键只写一次", id="key twice"),
        pytest.param("a: [1, 2\n", 2, "YAML", "合乎语法的 YAML", id="open bracket"),
        pytest.param("a:\n\t- 1\n", 2, "YAML", "合乎语法的 YAML", id="tab"),
        pytest.param(b"a: \xd6\xd0\xce\xc4\n", None, "编码", "UTF-8", id="GB18030"),
        pytest.param(b"a: \x00\n", None, "YAML", "合乎语法的 YAML", id="NUL"),
        pytest.param("- a\n- b\n", None, "顶层", "键值表", id="list on top"),
        pytest.param("", None, "顶层", "键值表", id="empty file"),
        pytest.param("a: !!python/object:os.system {}\n", 1, "YAML", "合乎语法的 YAML", id="python object"),
    ],
)
def test_broken_file(write: Writer, content: str | bytes, line: int | None, field: str, allowed: str) -> None:
    with pytest.raises(ReadError) as caught:
        read_yaml(write(content))
    error = caught.value
    assert error.where.name.endswith("样例.yml")
    assert (error.where.line, error.field, error.allowed) == (line, field, allowed)
    assert "\n" not in str(error)


def test_words_stay_words(write: Writer) -> None:
    top = read_yaml(write("a: no\nb: 2021-07-20 08:00:00\nc: on\n"))
    assert [top.text(key) for key in ("a", "b", "c")] == ["no", "2021-07-20 08:00:00", "on"]


@pytest.mark.parametrize(
    ("content", "take", "message"),
    [
        pytest.param("a: 5", lambda top: top.text("a"), "a = 5：应为 非空文字", id="number for text"),
        pytest.param("a: ' '", lambda top: top.text("a"), "a = ' '：应为 非空文字", id="blank text"),
        pytest.param("b: 5", lambda top: top.text("a"), "a = None：应为 非空文字", id="missing key"),
        pytest.param("a: -1", lambda top: top.whole("a"), "a = -1：应为 不小于 0 的整数", id="negative"),
        pytest.param("a: 1.5", lambda top: top.whole("a"), "a = 1.5：应为 不小于 0 的整数", id="fraction"),
        pytest.param("a: 2", lambda top: top.number("a", 0, 1), "a = 2：应为 0 到 1 的数", id="out of range"),
        pytest.param(
            "a: 蓝", lambda top: top.choice("a", ("x", "y")), "a = '蓝'：应为 x、y 之一", id="choice"
        ),
        pytest.param(
            "a: [x, z]", lambda top: top.choices("a", ("x", "y")), "a = 'z'：应为 x、y 之一", id="choices"
        ),
        pytest.param(
            "a: 早", lambda top: top.texts("a"), "a = '早'：应为 文字的列表，至少 0 项", id="no list"
        ),
        pytest.param(
            "a: [x, x]", lambda top: top.texts("a"), "a[2] = 'x'：应为 非空、不重复的文字", id="twice"
        ),
        pytest.param(
            "a: [119]", lambda top: top.texts("a"), "a[1] = 119：应为 非空、不重复的文字", id="number in list"
        ),
        pytest.param(
            "a: [1]", lambda top: top.sections("a"), "a[1] = 1：应为 键值表", id="no mapping in list"
        ),
        pytest.param("a: 1", lambda top: top.section("a"), "a = 1：应为 键值表", id="no mapping"),
        pytest.param(
            "a: {}", lambda top: top.sections("a"), "键值表的列表，至少 0 项", id="mapping for list"
        ),
    ],
)
def test_refused_value(write: Writer, content: str, take: Taker, message: str) -> None:
    with pytest.raises(ReadError) as caught:
        take(read_yaml(write(content)))
    assert message in str(caught.value)


def test_unknown_key_is_refused_with_the_known_ones(write: Writer) -> None:
    top = read_yaml(write("title: 甲\nx:\n  level: blue\n  levle: red\n"))
    below = top.section("x")
    below.choice("level", ("blue", "red"))
    with pytest.raises(ReadError, match=r"样例\.yml:3: x\.levle = 'red'：应为 只有这些键：level"):
        below.close()


def test_optional_key_is_known(write: Writer) -> None:
    top = read_yaml(write("a: 1\n"))
    assert not top.has("b")
    assert top.whole("a") == 1
    top.close()
