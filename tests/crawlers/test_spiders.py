"""What the base spiders read from a page, without a network."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scrapy.http import Request

from crawlers.journal import Done
from crawlers.page import Link, Page, html_text, read_count
from crawlers.spiders.feed import FeedSpider
from crawlers.spiders.pages import PagesSpider
from schemas.errors import ReadError
from schemas.posts import hash_author
from schemas.records import Quarantined, RawPost
from tests.crawlers.conftest import SOURCE

MakePage = Callable[..., Page]


class DemoFeed(FeedSpider):
    source = SOURCE


class DemoPages(PagesSpider):
    source = replace(SOURCE, kind="pages", pages=2)
    items_css, next_css, item_time_css = "li", ".next::attr(href)", "em"


def read_feed(page: Page) -> list[Any]:
    return [found for found in DemoFeed().read_start(page) if not isinstance(found, Done)]


ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0">
<title>云汀</title><entry><title type="html">积水 &lt;b&gt;求助&lt;/b&gt;</title><id>tag:demo,1</id>
<link rel="alternate" href="/1"/><updated>2026-01-31T08:00:00+08:00</updated>
<author><name>小云</name></author>
<category term="积水"/><category term="求助"/><thr:total>12</thr:total>
<summary>短</summary>
<content type="html">&lt;p&gt;河口路&lt;/p&gt;&lt;p&gt;积水半米&lt;/p&gt;</content>
</entry></feed>"""

RDF = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:slash="http://purl.org/rss/1.0/modules/slash/"><channel rdf:about="http://demo.example/"><title>x</title></channel>
<item rdf:about="http://demo.example/1"><title>停水</title><link>http://demo.example/1</link>
<dc:date>2026-01-31T08:00:00+08:00</dc:date>
<slash:comments>7</slash:comments><description>气温 &lt;5 度</description></item>
</rdf:RDF>"""


def test_reads_atom_with_content_author_and_counts(
    make_page: MakePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIANSHAO_AUTHOR_KEY", "k")
    (post,) = read_feed(make_page(ATOM, "http://demo.example/feed"))
    assert (post.title, post.body) == ("积水 求助", "河口路\n积水半米")
    assert post.origin.url == "http://demo.example/1"
    assert post.origin.published_at == datetime.fromisoformat("2026-01-31T08:00:00+08:00")
    assert post.origin.author_hash == hash_author("小云", b"k")
    assert post.extra == {"comments": 12, "category": "积水、求助"}


def test_takes_the_content_where_the_summary_is_longer_by_its_link(make_page: MakePage) -> None:
    led = "今晚停水。 … <a href='/1'>继续阅读“停水通知”的全文</a>"
    feed = (
        "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>x</title>"
        f"<item><title>停水</title><link>/1</link><description><![CDATA[{led}]]></description>"
        "<content:encoded><![CDATA[<p>今晚停水。请储水。</p>]]></content:encoded></item></channel></rss>"
    )
    (post,) = read_feed(make_page(feed))
    assert post.body == "今晚停水。请储水。"


def test_keeps_no_author_without_a_key(make_page: MakePage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QIANSHAO_AUTHOR_KEY", raising=False)
    (post,) = read_feed(make_page(ATOM))
    assert post.origin.author_hash is None


def test_reads_rdf_and_leaves_a_less_than_sign_alone(make_page: MakePage) -> None:
    (post,) = read_feed(make_page(RDF))
    assert (post.title, post.body, post.extra) == ("停水", "气温 <5 度", {"comments": 7})
    assert post.origin.published_at == datetime.fromisoformat("2026-01-31T08:00:00+08:00")


def test_reads_a_feed_whose_declaration_lies(make_page: MakePage) -> None:
    lying = RDF.replace('version="1.0"?', 'version="1.0" encoding="UTF-8"?', 1).encode("gb18030")
    (post,) = read_feed(make_page(lying, content_type="text/xml; charset=utf-8"))
    assert post.title == "停水"


def test_a_feed_that_breaks_off_gives_its_entries_and_one_line(make_page: MakePage) -> None:
    rss = "<rss version='2.0'><channel><item><title>甲</title><link>http://x/1</link></item><item><title>乙"
    found = read_feed(make_page(rss))
    assert [post.title for post in found if isinstance(post, RawPost)] == ["甲"]
    assert isinstance(found[-1], Quarantined)
    assert "不是完整的 XML" in found[-1].reason


@pytest.mark.parametrize("body", ["", "<html><body>维护</body></html>", "{}", "\0\0", "您访问的页面不存在"])
def test_what_is_no_feed_is_refused(make_page: MakePage, body: str) -> None:
    with pytest.raises(ReadError, match=r"feed = .*RSS"):
        read_feed(make_page(body))


def test_follows_a_list_until_nothing_new_comes(make_page: MakePage) -> None:
    spider = DemoPages()
    html = "<li><a href='/1'>甲</a><em>昨天 08:00</em></li><li><a href='javascript:x'>乙</a></li><li>无</li>"
    first = list(spider.read_start(make_page(html + "<a class=next href='?p=2'>", "http://demo.example/l")))
    assert [request.url for request in first] == ["http://demo.example/1", "http://demo.example/l?p=2"]
    assert first[0].meta["link"] == Link("http://demo.example/1", "甲", "昨天 08:00")
    assert (
        list(spider.read_start(make_page(html + "<a class=next href='?p=3'>", "http://demo.example/l"))) == []
    )


def test_reads_no_more_list_pages_than_the_source_allows(make_page: MakePage) -> None:
    spider = DemoPages()
    asked: list[Request] = []
    for number in range(4):
        html = f"<li><a href='/{number}'>甲</a></li><a class=next href='/l{number}'>"
        asked += [found for found in spider.read_start(make_page(html)) if isinstance(found, Request)]
    assert [request.url.rpartition("/")[2] for request in asked] == ["0", "l0", "1", "2", "3"]


def test_a_first_list_without_links_says_that_the_site_changed(make_page: MakePage) -> None:
    with pytest.raises(ReadError, match="网站可能改版了"):
        list(DemoPages().read_start(make_page("<p>新版</p>")))


def test_a_post_takes_the_time_of_its_list_and_trafilaturas_text(make_page: MakePage) -> None:
    text = "河口路一处老旧水管爆裂，沿线三千户停水，抢修队凌晨四点接通管道，供水已经恢复正常。" * 3
    page = make_page(
        f"<html><body><nav>首页</nav><h1>水管\n爆裂</h1><article><p>{text}</p></article></body></html>"
    )
    post = DemoPages().parse_post(replace(page, link=Link(page.url, "水管", "昨天 08:00")))
    assert (post.title, post.body) == ("水管 爆裂", text)
    assert post.origin.published_at == datetime.fromisoformat("2026-01-30T08:00:00+08:00")


@pytest.mark.parametrize(
    ("html", "field"),
    [("<p>x</p>", "title"), ("<h1>标题</h1>", "body"), ("<h1></h1><p>x</p>", "title")],
    ids=["no title", "no body", "empty title"],
)
def test_a_page_that_lacks_a_field_is_refused(make_page: MakePage, html: str, field: str) -> None:
    with pytest.raises(ReadError, match=f"http://demo.example/a/1.html: {field} = ''"):
        DemoPages().parse_post(make_page(html))


def test_text_keeps_blocks_apart_and_leaves_scripts_out() -> None:
    html = "<div>一<b>二</b>三<script>var x</script>四<!-- 注 -->五<p>六\n七</p>八<br>九</div>"
    assert html_text(html) == "一二三四五\n六 七\n八\n九"


def test_a_page_nested_without_end_is_no_crash(make_page: MakePage) -> None:
    page = make_page("<h1>标题</h1>" + "<div>" * 50_000 + "正文")
    with pytest.raises(ReadError, match="嵌套"):
        DemoPages().parse_post(page)


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("3,051", 3051), ("1.2万", 12000), ("1亿+", 100_000_000)]
)
def test_reads_counts_as_sites_shorten_them(text: str, number: int) -> None:
    assert read_count(text) == number


@pytest.mark.parametrize("text", ["", "赞", "-1", "nan", "1e9", "万", "1.2.3"])
def test_refuses_what_is_no_count(text: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        read_count(text)


PIECES = (
    "<item>", "</item>", "<title>", "</title>", "<link>http://x/1</link>", "<pubDate>2026-01-31</pubDate>",
    "停水", "<![CDATA[", "]]>", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "&b;", "&#xD800;", "&#0;", "\0",
    "&#x110000;", "<entry>", "\xff", "<a href=", "<!--", "<![x", "</", "<?x",
)  # fmt: skip
STARTS = ("", "<rss version='2.0'><channel>", "<feed>")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from(STARTS))
def test_any_feed_is_read_or_refused(make_page: MakePage, pieces: list[str], start: str) -> None:
    try:
        found = read_feed(make_page((start + "".join(pieces)).encode("utf-8")))
    except ReadError:
        return
    assert all(isinstance(item, RawPost | Quarantined) for item in found)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_post_or_refused(make_page: MakePage, data: bytes) -> None:
    page = make_page("<h1>标题</h1>".encode() + data)
    with contextlib.suppress(ReadError):
        assert isinstance(DemoPages().parse_post(page), RawPost)


def test_the_same_page_gives_the_same_record(make_page: MakePage) -> None:
    first, second = (next(iter(read_feed(make_page(ATOM)))) for _ in range(2))
    assert isinstance(first, RawPost)
    assert first == second
