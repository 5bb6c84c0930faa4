"""Bad input at the doors: one clear line each, the record in quarantine, the rest goes through, exit 3."""

import json
from pathlib import Path

import pytest

from pipeline.jobs.run import run_once
from pipeline.rooms import open_rooms
from stores.database.quarantine import list_quarantine
from tests.parts.web import Page
from tests.pipeline.conftest import City
from tests.pipeline.test_cli import GOOD, lines, qianshao

BAD_LINES = {
    "nul": b'{"text": "a\x00b"}\n',
    "broken_utf8": b'{"text": "\xff\xfe\xc4\xe3"}\n',
    "no_json": "不是 JSON\n".encode(),
    "no_object": b"[1, 2]\n",
    "no_text": b'{"id": "7"}\n',
    "no_date": '{"text": "停水", "time": "昨天吧"}\n'.encode(),
    "ten_megabytes": b'{"text": "' + b"x" * 10_000_000 + b'"}\n',
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_bad_line_of_enrich(name: str, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(lines([GOOD]) + BAD_LINES[name] + lines([GOOD | {"id": "2"}]))
    done = qianshao("enrich", str(source), str(target))
    assert done.returncode == 3
    assert [json.loads(line)["id"] for line in target.read_bytes().splitlines()] == ["1", "2"]
    aside = Path(f"{target}.quarantine.jsonl").read_bytes().splitlines()
    assert len(aside) == 1
    reason = json.loads(aside[0])["reason"]
    assert "\n" not in reason
    assert "in.jsonl:2" in reason
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("no_workbook.xlsx", b"this is no workbook"),
        ("empty.csv", b""),
        ("binary.csv", bytes(range(256)) * 40),
        ("picture.xlsx", b"\x89PNG\r\n\x1a\n" + b"\0" * 500),
    ],
)
def test_table_that_is_none(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    done = qianshao("import", str(tmp_path / name), "--mapping", "demo_12345", "--json")
    assert done.returncode == 3, done.stderr.decode()
    report = json.loads(done.stdout)[0]
    assert (report["read"], report["quarantined"]) == (0, 1)
    assert name in report["errors"][0] or report["table"] == name
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.slow
def test_hostile_site_leaves_the_rest_alone(city: City) -> None:
    pages = {
        "/t/500": Page(b"oops", status=500),
        "/t/reset": Page(behaviour="reset"),
        "/t/hang": Page(behaviour="hang"),
        "/t/cut": Page(b"<html><body><h1>x</h1>" * 50, behaviour="cut"),
    }
    city.web.pages.update(pages)
    links = "".join(f'<li><a href="{path}">看</a></li>' for path in [*pages, "/t/good"])
    city.web.serve("/list", f"<html><body><ul id=list>{links}</ul></body></html>")
    body = "<h1>柳浪家园停水两天</h1><time>2026-05-06 08:00</time><article>物业没人管，求解决。</article>"
    city.web.serve("/t/good", f"<html><body>{body}</body></html>")
    (city.folder / "sources" / "yunting_list.py").write_text(
        f'''"""A list site of the test's own web server."""

from crawlers.source import Count, Source
from crawlers.spiders.pages import PagesSpider

SOURCE = Source(
    name="yunting_list", publisher="云汀新闻", kind="pages", url="{city.web.url("/list")}", every="1h",
    expect=Count(min=1, max=50), delay=0.0, timeout=2.0, retries=0, allow_private=True,
)


class TestList(PagesSpider):
    """Plain pages."""

    source = SOURCE
    items_css = "#list a"
    title_css = "h1"
    time_css = "time"
    body_css = "article"
''',
        encoding="utf-8",
    )
    with open_rooms(city.settings()) as rooms:
        report = run_once(rooms, names=["yunting_list"])
        assert report.errors == ()
        assert report.exit_code() == 3
        assert (report.collected[0].new, report.collected[0].quarantined) == (1, 4)
        with rooms.database.read() as db:
            aside = [kept.record for kept in list_quarantine(db)]
            reasons = {record.where.rsplit("/", 1)[1]: record.reason for record in aside}
    assert reasons.keys() == {"500", "reset", "hang", "cut"}
    assert "500" in reasons["500"]
    assert all("\n" not in reason for reason in reasons.values())
