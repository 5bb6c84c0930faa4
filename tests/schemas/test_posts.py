"""JSON lines into RawPosts: identity, strictness, times, heat, authors."""

from datetime import UTC, datetime, timedelta, tzinfo

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.codec import decode, encode
from schemas.errors import ReadError, Where
from schemas.posts import LONGEST_LINE, SHANGHAI, hash_author, make_post, read_post
from schemas.records import RawPost

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=SHANGHAI)
# A busy machine is no failure of the code.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
KEY = b"a key of the tests"


def _read(line: bytes | dict[str, object]) -> RawPost:
    data = line if isinstance(line, bytes) else orjson.dumps(line)
    return read_post(data, Where("帖文.jsonl", 7), source="weibo", fetched_at=NOW, author_key=KEY)


def test_full_line() -> None:
    post = _read(
        {
            "id": 188006,
            "time": "2026-01-30 11:25:05",
            "source": "hotline",
            "user": "A0001",
            "url": "https://example.org/1",
            "title": " 路灯不亮 ",
            "detail": "柳浪路的路灯坏了三天。",
            "likes": "12",
            "reposts": 3,
            "comments": None,
            "against": 0,
        }
    )
    origin = post.origin
    assert (post.title, post.body) == ("路灯不亮", "柳浪路的路灯坏了三天。")
    assert (origin.source, origin.url, origin.fetched_at) == ("hotline", "https://example.org/1", NOW)
    assert origin.published_at == datetime(2026, 1, 30, 11, 25, 5, tzinfo=SHANGHAI)
    assert origin.author_hash == hash_author("A0001", KEY)
    assert post.extra == {"id": 188006, "likes": 12, "reposts": 3, "comments": None, "against": 0}


@pytest.mark.parametrize(
    ("line", "title", "body"),
    [
        pytest.param({"text": "停水了"}, "", "停水了", id="text"),
        pytest.param({"title": "停水", "body": "从早上到现在"}, "停水", "从早上到现在", id="title and body"),
        pytest.param({"title": "停水", "content": "从早上到现在"}, "停水", "从早上到现在", id="content"),
        pytest.param({"text": "停水了", "title": None, "detail": None}, "", "停水了", id="nulls beside text"),
        pytest.param({"text": " ", "detail": "停水了"}, "", "停水了", id="blank text"),
        pytest.param({"title": "停水"}, "停水", "", id="title alone"),
    ],
)
def test_where_the_text_stands(line: dict[str, object], title: str, body: str) -> None:
    post = _read(line)
    assert (post.title, post.body) == (title, body)


@pytest.mark.parametrize(
    ("line", "field", "allowed"),
    [
        pytest.param(b'{"text": "a\\u0000b"}', "text", "不含 NUL 字符的文字", id="NUL escaped"),
        pytest.param(b'{"text": "a\x00b"}', "JSON", "一行一个 JSON 对象", id="NUL raw"),
        pytest.param(b'{"text": "ok", "note": "a\\u0000"}', "note", "不含 NUL 字符的文字", id="NUL in extra"),
        pytest.param('{"text": "燃气泄漏"}'.encode("gb18030"), "编码", "UTF-8", id="GB18030"),
        pytest.param('{"text": "停水"}'.encode("utf-16"), "编码", "UTF-8", id="UTF-16"),
        pytest.param(b'{"text": "\\ud83d"}', "JSON", "一行一个 JSON 对象", id="half an emoji"),
        pytest.param(b"", "JSON", "一行一个 JSON 对象", id="empty line"),
        pytest.param(b"[1, 2]", "JSON", "一行一个 JSON 对象", id="list"),
        pytest.param(b'"text"', "JSON", "一行一个 JSON 对象", id="text only"),
        pytest.param(b'{"text": "cut', "JSON", "一行一个 JSON 对象", id="cut line"),
        pytest.param(b'{"text": NaN}', "JSON", "一行一个 JSON 对象", id="NaN"),
        pytest.param(b"[" * 100_000, "JSON", "一行一个 JSON 对象", id="deep nesting"),
        pytest.param(b"{}", "text", "非空文字", id="no text"),
        pytest.param(b'{"text": null, "title": " ", "detail": ""}', "text", "非空文字", id="all blank"),
        pytest.param(b'{"text": 5}', "text", "文字", id="number for text"),
        pytest.param(b'{"title": ["a"], "body": "b"}', "title", "文字", id="list for title"),
        pytest.param(b'{"text": "a", "id": true}', "id", "文字或整数", id="true for id"),
        pytest.param(b'{"text": "a", "id": 1.5}', "id", "文字或整数", id="fraction for id"),
        pytest.param(b'{"text": "a", "user": ["u"]}', "user", "文字或整数", id="list for user"),
        pytest.param(b'{"text": "a", "source": 3}', "source", "文字", id="number for source"),
        pytest.param('{"text": "a", "time": "昨天吧"}'.encode(), "time", "2026-01-31、", id="time in words"),
        pytest.param(b'{"text": "a", "time": "2019-02-30"}', "time", "2026-01-31、", id="day that is none"),
        pytest.param(b'{"text": "a", "time": 1548893105}', "time", "2026-01-31、", id="epoch"),
        pytest.param(b'{"text": "a", "likes": "1.2w"}', "likes", "不小于 0 的整数", id="likes in words"),
        pytest.param(b'{"text": "a", "likes": -1}', "likes", "不小于 0 的整数", id="negative likes"),
        pytest.param(b'{"text": "a", "reposts": true}', "reposts", "不小于 0 的整数", id="true for reposts"),
        pytest.param('{"text": "a", "likes": "１２"}'.encode(), "likes", "不小于 0 的整数", id="wide digits"),
    ],
)
def test_refused_line(line: bytes, field: str, allowed: str) -> None:
    with pytest.raises(ReadError) as caught:
        _read(line)
    error = caught.value
    assert str(error.where) == "帖文.jsonl:7"
    assert error.field == field
    assert error.allowed.startswith(allowed)
    assert "\n" not in str(error)
    assert len(str(error)) < 300


def test_line_of_ten_megabytes_is_refused_unread() -> None:
    with pytest.raises(ReadError, match=f"行长 = 10000012：应为 不超过 {LONGEST_LINE} 字节"):
        _read(b'{"text": "' + b"a" * 10_000_000 + b'"}')


def test_byte_order_mark_is_taken_off() -> None:
    assert _read(b'\xef\xbb\xbf{"text": "a"}').body == "a"


def test_what_is_not_kept_is_named() -> None:
    post = _read(
        {"text": "a", "user": {"verified": True}, "pics": ["1.jpg"], "nickname": "小王", "lng": 117.6}
    )
    assert post.extra == {"lng": 117.6, "ignored": "user、pics、nickname"}
    assert post.origin.author_hash is None


def test_author_is_hashed_with_the_key() -> None:
    hashed = hash_author("小王", KEY)
    assert len(hashed) == 16
    assert int(hashed, 16) >= 0
    assert hashed == hash_author("小王", KEY) != hash_author("小王", b"another key")
    assert "小王" not in encode(_read({"text": "a", "user": "小王"})).decode()


def test_numbers_and_texts_make_the_same_id() -> None:
    ids = {_read({"text": "a", "id": value}).origin.id for value in (5, "5", 5.0)}
    assert len(ids) == 1


def test_id_comes_from_number_then_url_then_content() -> None:
    numbered = {_read({"text": text, "id": 1, "url": url}).origin.id for text in "ab" for url in ("x", "y")}
    linked = {_read({"text": text, "url": "x"}).origin.id for text in "ab"}
    plain = {_read({"text": text}).origin.id for text in "ab"}
    assert (len(numbered), len(linked), len(plain)) == (1, 1, 2)


def test_another_source_is_another_post() -> None:
    assert _read({"text": "a", "id": 1}).origin.id != _read({"text": "a", "id": 1, "source": "x"}).origin.id


def test_revision_follows_the_words_and_nothing_else() -> None:
    first = _read({"text": "停水了", "id": 1, "likes": 1})
    assert first.origin.revision == _read({"text": "停水了", "id": 1, "likes": 9}).origin.revision
    assert first.origin.revision != _read({"text": "来水了", "id": 1, "likes": 1}).origin.revision


def test_ids_are_those_of_yesterday() -> None:
    """Stored ids must not change with a new version of the code."""
    origin = make_post("weibo", "1", "标题", "正文", fetched_at=NOW).origin
    assert (origin.id, origin.revision) == ("60f0548446a83abd21d4f8ca", "6b76051fb4ffad9b3d55ced5")


def test_times_need_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        make_post("weibo", None, "", "a", fetched_at=NOW.replace(tzinfo=None))


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@UNHURRIED
@given(title=TEXTS, body=TEXTS, key=st.none() | st.text(max_size=5))
def test_every_post_survives_the_codec(title: str, body: str, key: str | None) -> None:
    post = make_post("weibo", key, title, body, fetched_at=NOW, published_at=NOW - timedelta(days=1))
    assert decode(RawPost, encode(post), Where("x")) == post
    assert len(post.origin.id) == len(post.origin.revision) == 24


NAMES = st.sampled_from(["text", "title", "detail", "id", "time", "user", "likes", "url", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=6,
)


@UNHURRIED
@given(line=st.binary(max_size=60) | VALUES.map(orjson.dumps))
def test_any_line_is_a_post_or_a_read_error(line: bytes) -> None:
    try:
        post = _read(line)
    except ReadError:
        return
    assert post.title or post.body
    assert "\0" not in post.title + post.body


@pytest.mark.parametrize("zone", [UTC, SHANGHAI])
def test_fetched_at_is_kept(zone: tzinfo) -> None:
    moment = NOW.astimezone(zone)
    assert make_post("weibo", None, "", "a", fetched_at=moment).origin.time == moment
