"""`qianshao sources new, try, save, check`: a new source against a real server, step by step."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli.main import app
from tests.parts.web import WebServer, start_web

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def site() -> Iterator[WebServer]:
    """A small news site: a list page and six articles."""
    web, stop = start_web()
    rows = "".join(
        f"<li><a href='/n/{n}'>河口街道第{n}次积水巡查通报</a><i>2026-01-0{n}</i></li>" for n in range(1, 7)
    )
    web.serve("/list", f"<title>通报_云汀发布</title><ul class='news'>{rows}</ul>")
    for n in range(1, 7):
        title = f"河口街道第{n}次积水巡查通报"
        text = "".join(f"<p>第{n}次巡查发现积水点{k}处，排水队已到场抽水，请居民绕行。</p>" for k in range(4))
        head = f"<title>{title}_云汀发布</title>"
        web.serve(
            f"/n/{n}",
            f"{head}<h1>{title}</h1><p class='at'>2026-01-0{n} 08:30</p><div id='zoom'>{text}</div>",
        )
    yield web
    stop()


def call(*arguments: str) -> tuple[int, str, str]:
    result = RUNNER.invoke(app, ["sources", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.slow
def test_a_source_is_drafted_tried_kept_and_checked(
    site: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIANSHAO_SOURCES", str(tmp_path))
    monkeypatch.setenv("QIANSHAO_HOME", str(tmp_path / "home"))
    code, out, err = call("new", site.url("/list"), "--name", "yunting_news", "--private", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert told["path"] == str(tmp_path / "yunting_news.py")
    assert told["fields"]["time_css"] == "p.at"
    assert told["missing"] == ["下一页（next_css）"]

    code, out, err = call("try", "yunting_news", "--size", "2", "--json")
    assert code == 0, err
    tried = json.loads(out)
    assert [post["published_at"] for post in tried["records"]] == [
        "2026-01-01T08:30:00+08:00",
        "2026-01-02T08:30:00+08:00",
    ]
    assert {path.name for path in tmp_path.iterdir()} <= {"yunting_news.py", "__pycache__"}

    assert call("save", "yunting_news", site.url("/n/2"))[0] == 0
    kept = json.loads((tmp_path / "goldens" / "yunting_news" / "expected.json").read_bytes())
    assert kept["pages"]["post.html"]["read"]["records"][0]["title"] == "河口街道第2次积水巡查通报"
    rows = json.loads(call("check", "--json")[1])
    assert {row["名称"]: row["样例"] for row in rows}["yunting_news"] == 1

    source = tmp_path / "yunting_news.py"
    source.write_text(source.read_text("utf-8").replace('"p.at"', '"p.when"'), encoding="utf-8")
    code, _, err = call("check")
    assert code == 1
    assert "post.html" in err
    assert "published_at" in err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("try", "no_such"), 2, "来源 = 'no_such'"),
        (("try", "cn_weibo_hot"), 2, "QIANSHAO_RSSHUB_URL"),
    ],
    ids=["no source", "no mirror"],
)
def test_what_cannot_be_tried_is_one_clear_line(
    arguments: tuple[str, ...], code: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QIANSHAO_RSSHUB_URL", raising=False)
    found, out, err = call(*arguments)
    assert (found, out) == (code, "")
    assert told in err
    assert len(err.strip().splitlines()) == 1
