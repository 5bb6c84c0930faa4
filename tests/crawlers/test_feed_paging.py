"""How a feed is walked back to what is known: by its own links, or by the address of its older pages."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import Request

from crawlers.journal import Done, Journal
from crawlers.page import Page
from crawlers.run import CrawlResult, crawl_in_subprocess
from crawlers.spiders.feed import FeedSpider
from schemas.records import RawPost
from tests.crawlers.conftest import SOURCE
from tests.parts.web import WebServer

MakePage = Callable[..., Page]
MakeSource = Callable[..., Path]


class Walking(FeedSpider):
    source = replace(SOURCE, pages=9)
    paging = "?paged={page}"


class Plain(FeedSpider):
    source = SOURCE


def rss(numbers: Iterable[int], older: str = "") -> str:
    items = "".join(
        f"<item><title>第{n}次积水通报</title><link>http://demo.example/{n}</link><description>积水{n}处"
        "</description></item>"
        for n in numbers
    )
    head = "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>x</title>"
    return f"{head}{older}{items}</channel></rss>"


def asked(found: Iterable[Any]) -> list[str]:
    return [item.url for item in found if isinstance(item, Request)]


@pytest.mark.parametrize("rel", ["next", "prev-archive"])
def test_the_links_of_rfc_5005_lead_to_older_pages(make_page: MakePage, rel: str) -> None:
    found = Plain().read_start(
        make_page(rss([1, 2], f"<atom:link rel='{rel}' href='/feed/2'/>"), "http://demo.example/feed")
    )
    assert asked(found) == ["http://demo.example/feed/2"]


def test_the_next_url_of_a_json_feed_leads_to_older_entries(make_page: MakePage) -> None:
    feed = '{"version": "https://jsonfeed.org/version/1.1", "next_url": "?page=2", "items": [%s]}'
    page = make_page(
        feed % '{"id": "1", "title": "停水", "content_text": "今晚"}', "http://demo.example/feed"
    )
    assert asked(Plain().read_start(page)) == ["http://demo.example/feed?page=2"]


def test_it_walks_on_while_entries_are_new_and_never_past_its_pages(make_page: MakePage) -> None:
    spider = Walking()
    # The server answers the same page for every number: nothing is new to this crawl, so it ends.
    assert asked(spider.read_start(make_page(rss([1, 2])))) == ["http://demo.example/feed?paged=2"]
    assert asked(spider.read_start(make_page(rss([2, 3])))) == ["http://demo.example/feed?paged=3"]
    spider._pages = 8
    assert asked(spider.read_start(make_page(rss([4])))) == []


def test_it_ends_at_entries_that_are_done_where_the_last_crawl_saw_everything(make_page: MakePage) -> None:
    first = [item for item in Walking().read_start(make_page(rss([1, 2]))) if isinstance(item, Done)]
    for complete, following in ((True, []), (False, ["http://demo.example/feed?paged=2"])):
        spider = Counting()
        spider.journal = Journal(first, complete=complete)
        assert asked(spider.read_start(make_page(rss([1, 2])))) == following
        assert spider.counted == ["known", "known"]
    # An entry that was edited is a new revision, and read again.
    spider = Counting()
    spider.journal = Journal(first, complete=True)
    changed = make_page(rss([1, 2]).replace("积水2处", "积水两处"))
    (post,) = [item for item in spider.read_start(changed) if isinstance(item, RawPost)]
    assert post.body == "积水两处"


class Counting(Walking):
    """Counts without a crawl around it."""

    source = Walking.source

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self.counted: list[str] = []

    def _count(self, name: str) -> None:
        self.counted.append(name)


def test_a_detail_page_is_read_again_when_its_entry_says_it_was_updated(make_page: MakePage) -> None:
    atom = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>x</title><entry><title>停水</title><id>1</id>"
        "<link href='/1'/><updated>{}</updated><published>2026-01-30T08:00:00Z</published></entry></feed>"
    )
    spider = type("Detail", (Counting,), {"source": Walking.source, "detail": True, "paging": ""})()
    day = "2026-01-31T08:00:00Z"
    spider.journal = Journal([Done("http://demo.example/1", day, datetime.now(UTC))])
    assert asked(spider.read_start(make_page(atom.format(day)))) == []
    spider._asked.clear()
    assert asked(spider.read_start(make_page(atom.format("2026-01-31T09:00:00Z")))) == [
        "http://demo.example/1"
    ]


def test_a_walk_back_ends_at_the_page_that_is_not_there_and_the_next_at_what_is_known(
    web_server: WebServer, make_source: MakeSource, tmp_path: Path
) -> None:
    url = web_server.serve("/feed/", rss(range(20, 15, -1)), "text/xml")
    for page, last in ((2, 15), (3, 10), (4, 5)):
        web_server.serve(f"/feed/?paged={page}", rss(range(last, last - 5, -1)), "text/xml")
    folder = make_source(
        "demo_feed", "feed", url, "    paging = '?paged={page}'\n", pages=50, expect=(20, 20)
    )

    def crawl() -> CrawlResult:
        result = crawl_in_subprocess("demo_feed", tmp_path / "out", tmp_path / "state", folder, 60)
        assert result.exit_code == 0, result.log_tail
        result.commit()
        return result

    first = crawl()
    assert first.stats is not None
    assert (first.stats.records, first.stats.quarantined, first.stats.known) == (20, 0, 0)
    assert web_server.count("/feed/?paged=5") == 1

    web_server.requests.clear()
    web_server.serve("/feed/", rss(range(22, 17, -1)), "text/xml")
    web_server.serve("/feed/?paged=2", rss(range(17, 12, -1)), "text/xml")
    folder = make_source("demo_feed", "feed", url, "    paging = '?paged={page}'\n", pages=50)
    second = crawl()
    assert second.stats is not None
    assert (second.stats.records, second.stats.known) == (2, 8)
    assert [path for path, _ in web_server.requests if path.startswith("/feed")] == [
        "/feed/",
        "/feed/?paged=2",
    ]
