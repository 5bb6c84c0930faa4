"""What one crawl leaves for the next: a page is done when its record is stored; a failed one comes back."""

import gzip
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawlers.journal import Done, Journal, done_path, encode_done, grow_journal, read_journal
from crawlers.page import Link
from crawlers.run import CrawlResult, crawl_in_subprocess
from schemas.codec import decode
from schemas.errors import ReadError, Where
from schemas.records import RawPost
from tests.crawlers.kills import kill_when
from tests.parts.web import WebServer

MakeSource = Callable[..., Path]
NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
SPIDER = "    title_css, body_css = 'h1', 'p'\n"


def article(number: int, text: str = "今晚停水") -> str:
    return f"<h1>第 {number} 篇</h1><p>{text}</p>"


def sitemap(web: WebServer, **changed: str) -> bytes:
    urls = "".join(
        f"<url><loc>{web.url(f'/{name}')}</loc><lastmod>{mod}</lastmod></url>"
        for name, mod in changed.items()
    )
    return gzip.compress(
        f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>".encode()
    )


def titles(result: CrawlResult) -> list[str]:
    assert result.records is not None, result.log_tail
    lines = result.records.read_bytes().splitlines()
    return sorted(decode(RawPost, line, Where("记录")).title for line in lines)


@pytest.fixture
def crawl(tmp_path: Path) -> Callable[..., CrawlResult]:
    """Crawls a source of the test's folder; the state is kept between crawls."""

    def run(name: str, folder: Path, timeout: float = 60) -> CrawlResult:
        return crawl_in_subprocess(name, tmp_path / "out", tmp_path / "state", folder, timeout)

    return run


def test_a_sitemap_is_read_on_from_where_the_last_crawl_was_stored(
    web_server: WebServer, make_source: MakeSource, crawl: Callable[..., CrawlResult]
) -> None:
    day = datetime.now(UTC).date().isoformat()
    site = "http://www.sitemaps.org/schemas/sitemap/0.9"
    entry = f"<sitemap><loc>{web_server.url('/1.xml.gz')}</loc></sitemap>"
    index = f"<sitemapindex xmlns='{site}'>{entry}</sitemapindex>"
    url = web_server.serve("/sitemap.xml", index, "application/xml")
    web_server.serve("/1.xml.gz", sitemap(web_server, a=day, b=day, c=day), "application/gzip")
    web_server.serve("/a", article(1))
    web_server.serve("/b", "出错", status=500)
    web_server.serve("/c", article(3))
    folder = make_source("demo_map", "sitemap", url, SPIDER, expect=(2, 9))

    first = crawl("demo_map", folder)
    assert (titles(first), first.exit_code) == (["第 1 篇", "第 3 篇"], 3)
    # Nothing was stored, so nothing is done.
    second = crawl("demo_map", folder)
    assert titles(second) == ["第 1 篇", "第 3 篇"]
    second.commit()

    web_server.serve("/b", article(2))
    web_server.serve("/c", article(3, "恢复供水"))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    web_server.serve("/1.xml.gz", sitemap(web_server, a=day, b=day, c=now), "application/gzip")
    web_server.requests.clear()
    third = crawl("demo_map", folder)
    assert titles(third) == ["第 2 篇", "第 3 篇"]
    assert [web_server.count(path) for path in ("/a", "/b", "/c")] == [0, 1, 1]
    assert third.stats is not None
    assert (third.stats.status, third.stats.known, third.stats.records) == ("ok", 1, 2)


def test_a_killed_crawl_leaves_whole_records_and_the_next_one_brings_the_rest(
    web_server: WebServer, make_source: MakeSource, tmp_path: Path, crawl: Callable[..., CrawlResult]
) -> None:
    web_server.serve("/list", "".join(f"<li><a href='/{number}'>{number}</a></li>" for number in range(40)))
    for number in range(40):
        web_server.serve(f"/{number}", article(number), delay=0.15)
    folder = make_source("demo_site", "pages", web_server.url("/list"), SPIDER + "    items_css = 'li'\n")
    done = done_path(tmp_path / "out" / "demo_site.jsonl")

    killer = threading.Thread(target=kill_when, args=(done.with_name(f"{done.name}.part"), 5))
    killer.start()
    killed = crawl("demo_site", folder)
    killer.join()
    assert (killed.exit_code, killed.stats) == (-9, None)
    first = titles(killed)
    assert 5 <= len(first) < 40
    killed.commit()

    rest = crawl("demo_site", folder)
    assert rest.exit_code == 0, rest.log_tail
    # What was under way at the kill may be written twice; its revision is the same, so it is stored once.
    second = titles(rest)
    assert {*first, *second} == {f"第 {number} 篇" for number in range(40)}
    assert len(second) < 40


def test_a_route_is_read_from_a_private_mirror_and_its_key_stays_secret(
    web_server: WebServer,
    make_source: MakeSource,
    crawl: Callable[..., CrawlResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QIANSHAO_RSSHUB_URL", web_server.url("/hub"))
    monkeypatch.setenv("QIANSHAO_RSSHUB_KEY", "hush")
    items = (
        "<item><title>西城燃气</title><link>http://demo.example/1</link></item><item><title></title></item>"
    )
    feed = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>"
    web_server.serve("/hub/hot?key=hush", feed, "text/xml")
    folder = make_source("demo_hub", "feed", "rsshub:/hot", allow_private=False)
    result = crawl("demo_hub", folder)
    assert titles(result) == ["西城燃气"], result.log_tail
    assert "第 2 条" in result.log_tail
    assert result.quarantine is not None
    assert "hush" not in result.log_tail + result.quarantine.read_text("utf-8")

    monkeypatch.delenv("QIANSHAO_RSSHUB_URL")
    without = crawl("demo_hub", folder)
    assert without.exit_code == 2
    assert "QIANSHAO_RSSHUB_URL" in without.log_tail


@pytest.mark.parametrize(
    ("mark", "age", "held"),
    [("3", 1, True), ("4", 1, False), ("3", 25, False)],
    ids=["same", "new mark", "read long ago"],
)
def test_a_page_is_left_alone_while_its_mark_is_the_same_and_it_is_fresh(
    mark: str, age: int, *, held: bool
) -> None:
    journal = Journal([Done("u", "3", NOW - timedelta(hours=age))])
    assert journal.holds(Link("u", mark=mark), now=NOW, recheck=timedelta(days=1)) is held
    assert not journal.holds(Link("v", mark=mark), now=NOW, recheck=timedelta(days=1))


def test_a_journal_grows_keeps_the_latest_and_forgets_what_nobody_names(tmp_path: Path) -> None:
    def add(*pages: Done, complete: bool) -> Journal:
        added = tmp_path / "added.jsonl"
        added.write_bytes(b"".join(encode_done(page) + b"\n" for page in pages))
        grow_journal(tmp_path / "state", added, now=NOW, complete=complete)
        return read_journal(tmp_path / "state")

    old = Done("old", "", NOW - timedelta(days=200))
    first = add(Done("u", "3", NOW), old, complete=True)
    assert first.complete
    second = add(Done("u", "4", NOW), complete=False)
    assert not second.complete
    assert second.holds(Link("u", mark="4"), now=NOW, recheck=timedelta(hours=1))
    assert not second.holds(Link("old"), now=NOW - timedelta(days=200), recheck=timedelta(hours=1))


def test_a_broken_journal_is_named(tmp_path: Path) -> None:
    (tmp_path / "done.jsonl").write_text('{"url": "u"}\n', encoding="utf-8")
    with pytest.raises(ReadError, match="已读网页"):
        read_journal(tmp_path)
