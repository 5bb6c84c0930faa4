"""What is detected at an address: the kind of page, the selectors, and what could not be seen."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from crawlers.discovery import load_file
from crawlers.drafting import draft_from
from crawlers.drafts.draft import Draft
from crawlers.drafts.files import name_source, render_draft, write_draft
from crawlers.drafts.kinds import add_details, add_paging, draft_source, find_feed, look_into
from crawlers.goldens import check_goldens, golden_files, golden_folder, read_golden, read_page, save_golden
from crawlers.page import Page
from schemas.errors import ReadError
from tests.parts.articles import write_articles

MakePage = Callable[..., Page]
SHAPES = Path(__file__).parent / "shapes"
SITE = "http://demo.example"
NAV = "".join(f"<li><a href='/{word}'>{word}公开平台首页</a></li>" for word in ("政务", "信箱", "办事"))


def listing(row: str, count: int = 6, after: str = "") -> str:
    rows = "".join(
        row.format(n=n, day=f"2026-01-0{n + 1}", title=f"河口街道第{n}次积水巡查通报") for n in range(count)
    )
    return f"<title>动态_云汀市政府网</title><ul class='nav'>{NAV}</ul><div class='main'>{rows}</div>{after}"


def article(number: int, meta: str = "", line: str = "") -> str:
    title = f"河口街道第{number}次积水巡查通报"
    told = "".join(
        f"<p>第{number}次巡查发现积水点{k}处，排水队已到场抽水，请居民绕行。</p>" for k in range(4)
    )
    return (
        f"<html><head><title>{title}_云汀市政府网</title>{meta}</head><body><div class='crumb'>首页</div>"
        f"<h2 class='tit'>{title}</h2>{line}<div id='zoom'>{told}</div>"
        "<footer>版权所有 2020-01-01</footer></body></html>"
    )


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        (
            "<div class='item'><a href='/p'></a><h3><a href='/a/{n}'>{title}</a></h3><em>{day}</em></div>",
            {"items_css": "div.main > div.item", "link_css": "h3 a", "item_time_css": "em"},
        ),
        (
            "<li class='row'><a href='/t'>新闻</a><a title='' href='/a/{n}'>{title}</a><b>{day}</b></li>",
            {"items_css": "div.main > li.row", "link_css": "a[title]", "item_time_css": "b"},
        ),
        ("<p><a href='/a/{n}.html'>{title}</a></p>", {"items_css": "div.main > p > a"}),
    ],
    ids=["pictures", "categories", "links only"],
)
def test_tells_the_entries_of_a_list_from_its_menu(
    make_page: MakePage, row: str, fields: dict[str, str]
) -> None:
    draft = draft_source(make_page(listing(row, after="<a href='?p=2'>下一页</a>"), f"{SITE}/list"))
    assert draft.fields == {**fields, "next_css": 'a:contains("下一页")::attr(href)'}
    assert (draft.kind, draft.count, draft.publisher, draft.missing) == ("pages", 6, "云汀市政府网", [])
    assert [link.rpartition("/")[2].removesuffix(".html") for link in draft.links] == ["0", "1"]


def test_the_title_in_a_heading_goes_before_the_link_to_the_rest(make_page: MakePage) -> None:
    row = (
        "<article class='post'><header><h2><a href='/a/{n}'>{title}</a></h2></header><div class='text'><p>…"
        "<a href='/a/{n}'>继续阅读 {title}</a></p></div><time>{day}</time></article>"
    )
    older = "<div class='nav-previous'><a href='/page/2'>早些时候的</a></div>" * 2
    draft = draft_source(make_page(listing(row, after=older), f"{SITE}/list"))
    assert draft.fields == {
        "items_css": "div.main > article.post",
        "item_time_css": "time",
        "next_css": ".nav-previous > a::attr(href)",
    }


def test_a_login_page_is_told_as_one(make_page: MakePage) -> None:
    with pytest.raises(ReadError, match="登录页"):
        draft_source(make_page("<title>登录</title><form><input type='password'></form>"))


@pytest.mark.parametrize("url", ["", "demo.example/list", "ftp://demo.example/"])
def test_what_is_no_web_address_is_refused_before_anything_is_fetched(url: str) -> None:
    with pytest.raises(ReadError, match="http:// 或 https://"):
        draft_from(url, allow_private=False)


def test_an_address_of_the_inner_network_is_refused_with_the_way_out() -> None:
    with pytest.raises(ReadError, match="加 --private"):
        draft_from("http://127.0.0.1:9/list", allow_private=False)


def test_says_what_it_could_not_see(make_page: MakePage) -> None:
    draft = draft_source(make_page(listing("<li><a href='/a/{n}'>{title}</a></li>"), f"{SITE}/list"))
    add_details(draft, [make_page("<title>甲</title><p>短</p>"), make_page("<title>乙</title><p>短</p>")])
    assert [line.partition("（")[0] for line in draft.missing] == ["下一页", "标题", "正文", "发布时间"]


@pytest.mark.parametrize(
    "body", ["<p>维护中</p>", "<a href='/a'>一二三四五六</a>", "", "[]", '{"a": []}', "[1, 2]"]
)
def test_a_page_that_shows_no_list_is_refused(make_page: MakePage, body: str) -> None:
    with pytest.raises(ReadError):
        draft_source(make_page(body))


@pytest.mark.parametrize(
    ("meta", "line", "time"),
    [
        ("<meta name='PubDate' content='2026-01-0{n} 08:00'>", "", 'meta[name="PubDate"]::attr(content)'),
        ("", "<span class='time'>发布时间：2026-01-0{n} 08:00</span>", "span.time"),
        ("", "<div class='info'>来源：云汀发布 2026-01-0{n} 08:00 浏览 3</div>", "find_time"),
    ],
    ids=["meta", "element", "within a line"],
)
def test_finds_title_body_and_time_that_hold_on_every_page(
    make_page: MakePage, meta: str, line: str, time: str
) -> None:
    draft = Draft("pages", "PagesSpider", "pages", SITE)
    add_details(draft, [make_page(article(n, meta.format(n=n), line.format(n=n))) for n in (1, 2)])
    told = draft.methods[0] if draft.methods else draft.fields.pop("time_css")
    assert draft.fields == {"title_css": "h2.tit", "body_css": "div#zoom"}
    assert time in str(told)
    assert draft.missing == []


def test_the_body_is_found_where_the_main_text_holds_title_and_neighbours(make_page: MakePage) -> None:
    def short(number: int) -> str:
        title = f"河口街道第{number}次积水巡查通报"
        return (
            f"<html><head><title>{title} – 云汀发布</title></head><body><header>云汀市政务新闻网</header>"
            f"<article><h1>{title}</h1><div class='text'><p>第{number}处积水已经排空，请居民绕行。</p>"
            f"<p>值班电话全天有人接听。</p></div><nav><a href='/x'>上一篇：石桥停水检修通报第{number}期</a>"
            "</nav></article></body></html>"
        )

    draft = Draft("pages", "PagesSpider", "pages", SITE)
    add_details(draft, [make_page(short(n)) for n in (1, 2)])
    assert draft.fields == {"title_css": "h1", "body_css": "div.text"}


def test_an_index_is_looked_into_and_news_told_by_the_dates_in_addresses(make_page: MakePage) -> None:
    space = "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"
    names = ("/tags.xml", "/posts-1.xml", "/posts-2.xml", "/users.xml")
    index = "".join(f"<sitemap><loc>{SITE}{name}</loc></sitemap>" for name in names)
    draft = draft_source(make_page(f"<sitemapindex {space}>{index}</sitemapindex>", f"{SITE}/sitemap.xml"))
    assert (draft.maps[0], draft.links) == (f"{SITE}/posts-1.xml", [])
    urls = "".join(f"<url><loc>{SITE}/2026/01/{n}</loc></url>" for n in range(10))
    look_into(draft, make_page(f"<urlset {space}>{urls}</urlset>", draft.maps[0]))
    assert draft.fields == {"maps": "posts", "include": r"/20\d\d[-/]?\d\d"}
    assert (draft.count, draft.links) == (10, [f"{SITE}/2026/01/0", f"{SITE}/2026/01/1"])
    assert "索引里有 4 张" in draft.missing[-1]
    assert 'include = r"/20\\d\\d[-/]?\\d\\d"' in render_draft(draft, "yunting_map", allow_private=False)


def test_a_feed_of_whole_texts_is_not_followed_and_its_older_pages_are_tried(make_page: MakePage) -> None:
    def feed(numbers: range) -> str:
        text = "<description>短</description><content:encoded>今晚停水</content:encoded>"
        item = f"<item><title>停水{{n}}</title><link>/{{n}}</link>{text}</item>"
        items = "".join(item.format(n=n) for n in numbers)
        return (
            "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>云汀</title>"
            f"<generator>https://wordpress.org/?v=6.1</generator>{items}</channel></rss>"
        )

    draft = draft_source(make_page(feed(range(3)), f"{SITE}/feed/"))
    assert (draft.fields, draft.older) == ({}, f"{SITE}/feed/?paged=2")
    for nothing in ("<html>没有</html>", feed(range(0))):
        add_paging(draft, make_page(nothing, draft.older))
        assert draft.fields == {}
    add_paging(draft, make_page(feed(range(3, 6)), draft.older))
    assert draft.fields == {"paging": "?paged={page}"}


def test_the_feed_of_a_page_is_found(make_page: MakePage) -> None:
    html = "<link rel='alternate' type='application/atom+xml' href='/feed.atom'><p>x</p>"
    assert find_feed(make_page(html)) == f"{SITE}/feed.atom"
    assert find_feed(make_page("<p>x</p>")) is None
    assert find_feed(make_page("<rss><channel/></rss>")) is None


def test_a_feed_of_summaries_asks_for_the_pages(make_page: MakePage) -> None:
    item = "<item><title>停水</title><link>/{n}</link><pubDate>2026-01-31</pubDate>"
    item += "<description>{text}</description></item>"
    for text, detail in (("短讯", True), ("全文" * 100, None)):
        items = "".join(item.format(n=n, text=text) for n in range(3))
        page = make_page(f"<rss version='2.0'><channel><title>云汀发布</title>{items}</channel></rss>")
        draft = draft_source(page)
        assert (draft.kind, draft.publisher, draft.count, draft.fields.get("detail")) == (
            "feed",
            "云汀发布",
            3,
            detail,
        )


def test_finds_the_list_and_fields_of_an_answer(make_page: MakePage) -> None:
    row = {"docTitle": "停电公示", "docContent": "市民反映夜间施工噪声扰民", "pubTime": "2026-01-05"}
    rows = [{"docId": n, **row, "url": f"/{n}", "likeCount": n} for n in (1, 2, 3)]
    answer = json.dumps(
        {"code": 0, "data": {"rows": rows, "tags": [{"id": 1}], "hasMore": True}}, ensure_ascii=False
    )
    draft = draft_source(make_page(answer, f"{SITE}/api?pageNo=1"))
    assert draft.fields == {
        "items": "data.rows",
        "key_path": "docId",
        "title_path": "docTitle",
        "text_path": "docContent",
        "time_path": "pubTime",
        "link_path": "url",
        "extra": {"likes": "likeCount"},
        "page_param": "pageNo",
        "more": "data.hasMore",
    }
    assert draft.missing == []


@pytest.mark.parametrize(
    ("file", "base"),
    [
        ("discuz_list.html", "DiscuzSpider"),
        ("phpbb_list.html", "PhpbbSpider"),
        ("nodebb_category.json", "NodebbSpider"),
    ],
)
def test_knows_the_software_of_a_forum(make_page: MakePage, file: str, base: str) -> None:
    text = (SHAPES / file).read_text("utf-8")
    named = text if file.endswith("json") else f"<p>Powered by {base.removesuffix('Spider')}!</p>{text}"
    draft = draft_source(make_page(named))
    assert (draft.kind, draft.base) == ("forum", base)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.yunting.gov.cn/xw/", "cn_yunting"),
        ("http://bbs.he-kou.example:8080/", "cn_example"),
        ("http://127.0.0.1:9/", "cn_site"),
    ],
)
def test_a_name_comes_from_the_host(url: str, name: str) -> None:
    assert name_source(url) == name


def test_a_draft_is_a_source_file_that_loads_and_is_never_overwritten(
    make_page: MakePage, tmp_path: Path
) -> None:
    draft = draft_source(make_page(listing("<li><a href='/a/{n}'>{title}</a></li>"), f"{SITE}/list"))
    add_details(
        draft, [make_page(article(n, line=f"<p class=i>来源 2026-01-0{n} 08:00</p>")) for n in (1, 2)]
    )
    draft.publisher = '云汀"市" \\ 网'
    path = write_draft(draft, "yunting_news", tmp_path, allow_private=True)
    found = load_file(path)
    assert (found.source.publisher, found.source.allow_private) == (draft.publisher, True)
    page = replace(make_page(article(3, line="<p class=i>来源 2026-01-03 08:00</p>")), source=found.source)
    (record,) = read_page(found, page, "post")["records"]
    assert (record["title"], record["published_at"]) == (
        "河口街道第3次积水巡查通报",
        "2026-01-03T08:00:00+08:00",
    )
    for name, told in (("yunting_news", "没有用过的名称"), ("news", "<地方>_<名称>")):
        with pytest.raises(ReadError, match=told):
            write_draft(draft, name, tmp_path, allow_private=False)
    assert "allow_private" not in render_draft(draft, "yunting_news", allow_private=False)


def test_a_golden_is_kept_once_and_tells_the_first_difference(
    make_page: MakePage, make_source: Callable[..., Path]
) -> None:
    folder = make_source("demo_site", "pages", f"{SITE}/list", "    items_css, body_css = 'li', 'p'\n")
    found = load_file(folder / "demo_site.py")
    first = save_golden(found, make_page("<h1>停水</h1><p>今晚停水</p>", f"{SITE}/1"), "post")
    again = save_golden(found, make_page("<h1>停水了</h1><p>今晚停水</p>", f"{SITE}/1"), "post")
    other = save_golden(found, make_page("<h1>来水</h1><p>恢复供水</p>", f"{SITE}/2"), "post")
    assert first == again != other
    assert first.parent == golden_folder(found)
    assert golden_files(found) == ("post.html", "post2.html")
    assert list(check_goldens(found)) == []

    other.write_text("<h1>来水</h1><p>恢复供水了</p>", encoding="utf-8")
    first.write_text("<p>改版</p>", encoding="utf-8")
    assert [line.partition("：")[2][:40] for line in check_goldens(found)] == [
        f"{SITE}/1: title = ''：应为 非空标题"[:40],
        "读出的与存下的不同：records 第 1 项 body：原为 '恢复供水'，现",
    ]


def test_no_key_is_kept_in_a_golden(make_page: MakePage, make_source: Callable[..., Path]) -> None:
    found = load_file(
        make_source("demo_site", "pages", f"{SITE}/list", "    body_css = 'p'\n") / "demo_site.py"
    )
    kept = save_golden(found, make_page("<h1>停水</h1><p>今晚停水</p>", f"{SITE}/1?key=hush&n=2"), "post")
    assert read_golden(found, kept.name).page.url == f"{SITE}/1?key=***&n=2"
    assert "hush" not in (kept.parent / "expected.json").read_text("utf-8")
    assert list(check_goldens(found)) == []


def test_a_page_that_cannot_be_read_is_not_kept(
    make_page: MakePage, make_source: Callable[..., Path]
) -> None:
    found = load_file(make_source("demo_site", "pages", f"{SITE}/list") / "demo_site.py")
    with pytest.raises(ReadError, match="title"):
        save_golden(found, make_page("<p>改版</p>"), "post")
    with pytest.raises(ReadError, match="reader = 'thread'：应为 start、post 之一"):
        save_golden(found, make_page("<p>改版</p>"), "thread")
    assert golden_files(found) == ()


def test_a_ghost_is_drafted_and_read_with_nothing_to_add(make_page: MakePage, tmp_path: Path) -> None:
    """The pages are those of a Ghost 5.130.6 with articles of tests/parts, without its scripts."""
    posts = {108: "ghost_post.html", 107: "ghost_post2.html"}
    listed = make_page((SHAPES / "ghost_list.html").read_bytes(), f"{SITE}/page/2/")
    pages = [make_page((SHAPES / file).read_bytes(), f"{SITE}/{number}/") for number, file in posts.items()]
    draft = draft_source(listed)
    assert (draft.kind, draft.count, len(draft.links)) == ("pages", 24, 2)
    add_details(draft, pages)
    assert draft.missing == []
    found = load_file(write_draft(draft, "yunting_ghost", tmp_path, allow_private=False))
    articles = write_articles(max(posts))
    for number, page in zip(posts, pages, strict=True):
        (record,) = read_page(found, replace(page, source=found.source), "post")["records"]
        article = articles[number - 1]
        assert record["title"] == article.title
        assert datetime.fromisoformat(record["published_at"]) == article.published_at
        assert all(told in record["body"] for told in article.told)
