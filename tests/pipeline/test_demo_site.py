"""The city's web and its hotline table: served, crawled and imported by the real crawlers."""

import json
from datetime import datetime
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from crawlers.discovery import load_file
from crawlers.hotline import import_table
from crawlers.run import crawl_in_subprocess
from pipeline.demo.collect import key_of
from pipeline.demo.hotline_table import HEADER, write_hotline
from pipeline.demo.items import FORUM, HOTLINE, NEWS
from pipeline.demo.site import make_pages, serve_city, write_sources
from schemas.records import Origin, Quarantined, RawPost
from schemas.times import SHANGHAI
from tests.pipeline.demo_outcomes import START, small_city

NOW = datetime(2026, 1, 1, tzinfo=SHANGHAI)


def test_the_pages_name_every_item_once() -> None:
    city = small_city()
    pages = make_pages(city, "http://127.0.0.1:1")
    feed = pages["/forum/feed.xml"].body.decode()
    assert feed.count("<item>") == len(city.of_source(FORUM))
    articles = [path for path in pages if path.startswith("/news/n")]
    assert len(articles) == len(city.of_source(NEWS)) <= 90


def test_old_articles_are_gb18030_and_say_so_in_the_page_only() -> None:
    pages = make_pages(small_city(), "http://127.0.0.1:1")
    old = [
        page
        for path, page in pages.items()
        if path.startswith("/news/n") and page.content_type == "text/html"
    ]
    assert old
    for page in old:
        assert 'charset="gb2312"' in page.body.decode("gb18030")
        with pytest.raises(UnicodeDecodeError):
            page.body.decode("utf-8")


def test_the_server_answers_as_servers_do() -> None:
    with serve_city(small_city()) as server:
        with urlopen(f"{server.base}/robots.txt") as answer:  # noqa: S310 - our own server
            assert b"Disallow: /admin/" in answer.read()
            etag = answer.headers["ETag"]
        same = Request(f"{server.base}/robots.txt", headers={"If-None-Match": etag})  # noqa: S310
        with pytest.raises(HTTPError) as unchanged:
            urlopen(same)  # noqa: S310
        assert unchanged.value.code == 304
        unchanged.value.close()
        with pytest.raises(HTTPError) as missing:
            urlopen(f"{server.base}/admin/login.html")  # noqa: S310
        assert missing.value.code == 404
        missing.value.close()


def test_both_sources_are_crawled_whole(tmp_path: Path) -> None:
    city = small_city(weeks=2)
    with serve_city(city) as server:
        write_sources(city, server.base, tmp_path / "sources")
        for name in (FORUM, NEWS):
            result = crawl_in_subprocess(name, tmp_path, tmp_path / "state", tmp_path / "sources", 120)
            assert not result.failed, result.log_tail
            assert result.records is not None
            lines = [json.loads(line) for line in result.records.read_text().splitlines()]
            found = {line["origin"]["url"].rpartition("/")[2].removesuffix(".html"): line for line in lines}
            wanted = {item.key: item for item in city.of_source(name)}
            assert found.keys() == wanted.keys()
            some = wanted[next(iter(wanted))]
            assert found[some.key]["title"] == some.title.strip()


def test_the_source_files_are_right(tmp_path: Path) -> None:
    write_sources(small_city(), "http://127.0.0.1:1", tmp_path)
    assert {load_file(path).source.name for path in tmp_path.glob("*.py")} == {FORUM, NEWS}


def test_wrong_rows_and_only_they_go_to_quarantine(tmp_path: Path) -> None:
    city = small_city()
    table = tmp_path / "热线.csv"
    wrong = write_hotline(city, table)
    found = list(import_table(table, HOTLINE, fetched_at=NOW, author_key=b"key"))
    aside = [record for record in found if isinstance(record, Quarantined)]
    posts = [record for record in found if isinstance(record, RawPost)]
    assert wrong == len(aside) == 8
    assert {post.origin.ticket for post in posts} == {item.key for item in city.of_source(HOTLINE)}
    assert all("热线.csv" in record.reason for record in aside)


def test_the_table_is_gb18030_with_one_row_an_item(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    wrong = write_hotline(small_city(), table)
    lines = table.read_bytes().decode("gb18030").removesuffix("\r\n").split("\r\n")
    assert lines[0] == ",".join(HEADER)
    assert len(lines) == 1 + wrong + len(small_city().of_source(HOTLINE))


@pytest.mark.parametrize(
    ("origin", "key"),
    [
        (Origin("a", "1", HOTLINE, START, ticket="YT100001"), "YT100001"),
        (Origin("a", "1", FORUM, START, url="http://127.0.0.1:9/thread/t100002.html"), "t100002"),
        (Origin("a", "1", FORUM, START), ""),
    ],
    ids=["ticket", "address", "neither"],
)
def test_a_record_is_known_by_its_number_at_the_source(origin: Origin, key: str) -> None:
    assert key_of(origin) == key
