"""What the spiders of each kind read from a page of its shape, without a network."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import Request

from crawlers.journal import Done, Journal
from crawlers.keys import KeyRing
from crawlers.page import Link, Page
from crawlers.rsshub import is_route, start_address
from crawlers.source import check_source
from crawlers.spiders.api import ApiSpider
from crawlers.spiders.article import Layout
from crawlers.spiders.feed import FeedSpider
from crawlers.spiders.pages import PagesSpider
from crawlers.spiders.sitemap import SitemapSpider
from schemas.errors import ReadError, Where
from schemas.posts import hash_author
from schemas.records import Quarantined, RawPost
from tests.crawlers.conftest import NOW, SOURCE

SHAPES = Path(__file__).parent / "shapes"
SITE = "http://demo.example"
MakePage = Callable[..., Page]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def urls(found: list[Any]) -> list[str]:
    return [item.url for item in found if isinstance(item, Request)]


def posts(found: list[Any]) -> list[RawPost]:
    return [item for item in found if isinstance(item, RawPost)]


class DemoFeed(FeedSpider):
    source = SOURCE


class SummaryFeed(FeedSpider):
    source = SOURCE
    detail = True
    body_css = "#b"


JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "云汀",
    "items": [
        {
            "id": 7,
            "url": "http://demo.example/7",
            "title": "停水",
            "content_html": "<p>河口路<br>停水</p>",
            "summary": "短",
            "date_published": "2026-01-31T08:00:00+08:00",
            "authors": [{"name": "小云"}],
            "tags": ["供水"],
        },
        {"id": "8", "content_text": "没有标题"},
    ],
}


def test_reads_a_json_feed_as_any_other(make_page: MakePage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIANSHAO_AUTHOR_KEY", "k")
    post, done, aside = DemoFeed().read_start(make_page(json.dumps(JSON_FEED)))
    assert isinstance(post, RawPost)
    assert isinstance(done, Done)
    assert (done.url, done.mark) == (post.origin.id, post.origin.revision)
    assert (post.title, post.body, post.extra) == ("停水", "河口路\n停水", {"category": "供水"})
    assert (post.origin.url, post.origin.published_at) == ("http://demo.example/7", at("2026-01-31T08:00:00"))
    assert post.origin.author_hash == hash_author("小云", b"k")
    assert isinstance(aside, Quarantined)
    assert "第 2 条" in aside.reason


@pytest.mark.parametrize("items", ["null", "{}", "[1]"])
def test_a_json_feed_without_items_is_refused(make_page: MakePage, items: str) -> None:
    with pytest.raises(ReadError, match="items = "):
        list(
            DemoFeed().read_start(
                make_page('{"version": "https://jsonfeed.org/version/1", "items": ' + items + "}")
            )
        )


def test_a_feed_of_summaries_leads_to_its_pages(make_page: MakePage) -> None:
    spider = SummaryFeed()
    (request,) = spider.read_start(make_page(
        "<rss version='2.0'><channel><item><title>停水</title><link>/7</link>"
        "<pubDate>2026-01-31 08:00</pubDate></item></channel></rss>"
    ))  # fmt: skip
    assert isinstance(request, Request)
    assert request.meta == {
        "link": Link("http://demo.example/7", "停水", "2026-01-31 08:00"),
        "reader": "post",
    }
    page = replace(make_page("<div id=b>全文</div>"), link=request.meta["link"])
    (post,) = posts(list(spider.read_post(page)))
    assert (post.title, post.body, post.origin.published_at) == ("停水", "全文", at("2026-01-31T08:00:00"))


class MovedSite(PagesSpider):
    source = replace(SOURCE, kind="pages")
    title_css, body_css, time_css = ".new", ".text", "time"
    older = (
        Layout(title_css=".mid", body_css=".text", time_css=".t", until=date(2026, 1, 15)),
        Layout(title_css=".old", body_css=".text", time_css=".t", until=date(2025, 6, 30)),
    )


@pytest.mark.parametrize(
    ("fetched", "html", "title"),
    [
        ("2026-01-31", "<p class=new>新</p><time>2026-01-30</time>", "新"),
        ("2026-01-31", "<p class=old>旧</p><p class=t>2024-01-30</p>", "旧"),
        ("2026-01-10", "<p class=mid>中</p><p class=new>广告</p><p class=t>2026-01-02</p>", "中"),
        ("2025-06-30", "<p class=old>旧</p><p class=mid>广告</p><p class=t>2025-01-02</p>", "旧"),
        ("2025-06-30", "<p class=new>早到的新版</p><time>2025-06-30</time>", "早到的新版"),
    ],
    ids=[
        "present",
        "old page in the archive",
        "kept page",
        "kept page of the first",
        "new layout came early",
    ],
)
def test_a_page_is_read_by_the_layout_of_its_day_or_the_one_that_fits(
    make_page: MakePage, fetched: str, html: str, title: str
) -> None:
    page = replace(make_page(f"{html}<p class=text>正文</p>"), now=at(f"{fetched}T12:00:00"))
    assert MovedSite().parse_post(page).title == title


class DemoMap(SitemapSpider):
    source = replace(SOURCE, kind="sitemap", pages=2, max_bytes=10_000)
    include = r"/news/"
    body_css, time_css = "#b", "time"


def sitemap(kind: str, *entries: tuple[str, str]) -> str:
    tag = "url" if kind == "urlset" else "sitemap"
    body = "".join(
        f"<{tag}><loc> {url} </loc>{f'<lastmod>{mod}</lastmod>' if mod else ''}</{tag}>"
        for url, mod in entries
    )
    return f"<?xml version='1.0'?><{kind} xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{body}</{kind}>"


def test_a_sitemap_leads_to_its_new_pages_newest_first(make_page: MakePage) -> None:
    site = "http://demo.example/news"
    text = sitemap(
        "urlset",
        (f"{site}/1", "2026-01-20"),
        (f"{site}/2", "2026-01-31T08:00:00+08:00"),
        (f"{site}/3", ""),
        (f"{site}/4", "2025-12-01"),
        ("http://demo.example/about", "2026-01-31"),
        ("javascript:x", ""),
    )
    for body in (text, gzip.compress(text.encode())):
        found = list(DemoMap().read_start(replace(make_page(body), source=DemoMap.source)))
        assert urls(found) == [f"{site}/2", f"{site}/1", f"{site}/3"]
        assert isinstance(found[0], Request)
        assert found[0].meta["link"].mark == "2026-01-31T08:00:00+08:00"


def test_an_index_leads_to_the_sitemaps_that_are_asked_for(make_page: MakePage) -> None:
    text = sitemap("sitemapindex", *((f"{SITE}/{name}.xml", "") for name in ("tags", "posts-1", "posts-2")))
    spider = type("Posts", (SitemapSpider,), {"source": replace(DemoMap.source, pages=9), "maps": "posts-"})()
    assert urls(list(spider.read_start(make_page(text)))) == [f"{SITE}/posts-1.xml", f"{SITE}/posts-2.xml"]


def test_an_index_leads_to_no_more_sitemaps_than_the_source_allows(make_page: MakePage) -> None:
    text = sitemap(
        "sitemapindex",
        ("http://demo.example/old.xml", "2020-01-01"),
        ("http://demo.example/1.xml.gz", "2026-01-30"),
        ("http://demo.example/2.xml", "2026-01-31"),
    )
    (request,) = DemoMap().read_start(make_page(text))
    assert isinstance(request, Request)
    assert (request.url, request.meta) == ("http://demo.example/2.xml", {"link": None, "reader": "start"})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<html><body>x</body></html>", "html"),
        (b"<urlset><url>", "XML"),
        (b"", "XML"),
        (gzip.compress(b"<urlset/>")[:-9], "gzip"),
        (b"\x1f\x8b\x08xxxxxxxxxxxxx", "gzip"),
        (gzip.compress(b" " * 1_000_000), "10000"),
    ],
    ids=["html", "cut", "empty", "cut gzip", "no gzip", "bomb"],
)
def test_what_is_no_sitemap_is_refused(make_page: MakePage, body: bytes, told: str) -> None:
    with pytest.raises(ReadError, match=told):
        list(DemoMap().read_start(replace(make_page(body), source=DemoMap.source)))


def test_an_entry_with_a_wrong_lastmod_is_put_aside_alone(make_page: MakePage) -> None:
    site = f"{SITE}/news"
    text = sitemap("urlset", (f"{site}/1", "昨天吧"), (f"{site}/2", "2026-01-31"))
    aside, request = DemoMap().read_start(make_page(text))
    assert isinstance(aside, Quarantined)
    assert "lastmod = '昨天吧'" in aside.reason
    assert urls([request]) == [f"{site}/2"]


def test_a_sitemap_reads_no_file_of_ours(make_page: MakePage) -> None:
    entity = "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/hostname'>]>"
    found = DemoMap().read_start(
        make_page(f"{entity}<urlset><url><loc>http://demo.example/news/&b;</loc></url></urlset>")
    )
    assert urls(list(found)) in ([], ["http://demo.example/news/"])


def test_a_page_that_its_journal_holds_is_not_asked_for_until_its_mark_changes(make_page: MakePage) -> None:
    url = "http://demo.example/news/1"
    now = datetime.now(NOW.tzinfo)
    for mark, asked in ((now.date().isoformat(), []), ("", [url])):
        spider = DemoMap()
        spider.crawler = _Counting()  # type: ignore[assignment]
        spider.journal = Journal([Done(url, mark, now)])
        page = replace(make_page(sitemap("urlset", (url, now.date().isoformat()))), now=now)
        assert urls(list(spider.read_start(page))) == asked


class _Counting:
    """As much of a crawler as a spider asks for when it counts."""

    class stats:  # noqa: N801
        @staticmethod
        def inc_value(_name: str) -> None:
            return None


class DemoApi(ApiSpider):
    source = replace(SOURCE, kind="api", pages=3)
    items, key_path, title_path, text_path, time_path = "data.list", "id", "name", "content", "at"
    link_path, author_path = "url", "user.name"
    extra = {"likes": "stat.like", "unit": "dept", "state": "state"}  # noqa: RUF012 - as a source writes it
    revised = ("unit", "state")
    cursor_param, cursor, more = "after", "data.next", "data.more"


def answer(*items: dict[str, Any], **data: Any) -> str:
    return json.dumps({"data": {"list": items, **data}}, ensure_ascii=False)


ITEM = {
    "id": 7,
    "name": "停水",
    "content": "<p>河口路</p>",
    "at": 1769817600,
    "url": "/7",
    "stat": {"like": "1.2万"},
}


def test_reads_the_items_of_an_answer(make_page: MakePage) -> None:
    (post,) = DemoApi().read_start(make_page(answer(ITEM)))
    assert isinstance(post, RawPost)
    assert (post.title, post.body, post.extra) == ("停水", "河口路", {"likes": 12000})
    assert (post.origin.url, post.origin.published_at) == ("http://demo.example/7", at("2026-01-31T08:00:00"))


def test_a_changed_state_is_a_new_revision_of_the_same_record(make_page: MakePage) -> None:
    plain, working, closed = (
        posts(list(DemoApi().read_start(make_page(answer({**ITEM, **more})))))[0].origin
        for more in ({}, {"state": "办理中"}, {"state": "已办结"})
    )
    assert plain.id == working.id == closed.id
    assert len({plain.revision, working.revision, closed.revision}) == 3


@pytest.mark.parametrize(
    ("data", "following"),
    [
        ({"next": "x9", "more": True}, ["http://demo.example/api?after=x9"]),
        ({"next": "x9", "more": False}, []),
        ({"next": "x9"}, []),
        ({"next": None, "more": True}, []),
    ],
    ids=["more", "no more", "more is missing", "no cursor"],
)
def test_goes_on_while_there_is_more(make_page: MakePage, data: dict[str, Any], following: list[str]) -> None:
    found = list(DemoApi().read_start(make_page(answer(ITEM, **data), "http://demo.example/api")))
    assert urls(found) == following


def test_stops_where_no_item_is_new_and_at_the_sources_pages(make_page: MakePage) -> None:
    spider, data = DemoApi(), {"next": "x", "more": True}
    assert len(urls(list(spider.read_start(make_page(answer(ITEM, **data)))))) == 1
    assert list(spider.read_start(make_page(answer(ITEM, **data)))) == []
    assert urls(list(spider.read_start(make_page(answer({**ITEM, "id": 8}, **data))))) == []


class PagedApi(ApiSpider):
    source = replace(SOURCE, kind="api")
    page_param, title_path, detail, link_path, body_css = "pageNo", "t", True, "u", "#b"
    key_path = "u"


def test_counts_pages_up_and_follows_items_to_their_pages(make_page: MakePage) -> None:
    spider = PagedApi()
    page = make_page('cb([{"t": "停水", "u": "/a/1"}]);', "http://demo.example/list?pageNo=2&x=1")
    found = list(spider.read_start(page))
    assert urls(found) == ["http://demo.example/a/1", "http://demo.example/list?pageNo=3&x=1"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<html>", "JSON"),
        ('{"data": {"list": null}}', "data.list"),
        ('{"data": 3}', "data.list"),
        ("", "JSON"),
    ],
)
def test_an_answer_without_a_list_is_refused(make_page: MakePage, body: str, told: str) -> None:
    with pytest.raises(ReadError, match=f"{told} = "):
        list(DemoApi().read_start(make_page(body)))


def test_a_wrong_item_is_put_aside_alone(make_page: MakePage) -> None:
    found = list(
        DemoApi().read_start(make_page(answer({**ITEM, "at": "昨天吧"}, 3, {"id": 9}, {**ITEM, "id": 10})))
    )  # type: ignore[arg-type]
    assert [type(item) for item in found] == [Quarantined, Quarantined, Quarantined, RawPost]


HUB = replace(SOURCE, url="rsshub:/weibo/search/hot")


def test_a_route_is_asked_of_the_mirror_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIANSHAO_RSSHUB_URL", "http://10.1.2.3:1200/")
    check_source(HUB, Where("x.py"))
    assert start_address(HUB) == "http://10.1.2.3:1200/weibo/search/hot"
    assert (is_route(HUB), is_route(SOURCE)) == (True, False)
    hub = replace(HUB, url="rsshub:/x?limit=3")
    assert start_address(hub) == "http://10.1.2.3:1200/x?limit=3"
    monkeypatch.setenv("QIANSHAO_RSSHUB_KEY", "a b")
    sent = KeyRing(hub).dress(Request(start_address(hub)))
    assert sent.url == "http://10.1.2.3:1200/x?limit=3&key=a+b"


@pytest.mark.parametrize("mirror", ["", "rsshub.example"])
def test_a_route_without_a_mirror_says_what_to_set(monkeypatch: pytest.MonkeyPatch, mirror: str) -> None:
    monkeypatch.setenv("QIANSHAO_RSSHUB_URL", mirror)
    with pytest.raises(ReadError, match="QIANSHAO_RSSHUB_URL"):
        start_address(HUB)
