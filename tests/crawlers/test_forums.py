"""What the forum and message board spiders read from pages of their software, without a network."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import Request

from crawlers.journal import Done
from crawlers.page import Link, Page
from crawlers.spiders.base import SourceSpider
from crawlers.spiders.board import BoardSpider
from crawlers.spiders.forums import DiscuzSpider, PhpbbSpider
from crawlers.spiders.nodebb import NodebbSpider
from schemas.errors import ReadError
from schemas.posts import hash_author
from schemas.records import Quarantined, RawPost
from tests.crawlers.conftest import SOURCE

SHAPES = Path(__file__).parent / "shapes"
MakePage = Callable[..., Page]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def urls(found: list[Any]) -> list[str]:
    return [item.url for item in found if isinstance(item, Request)]


def posts(found: list[Any]) -> list[RawPost]:
    return [item for item in found if isinstance(item, RawPost)]


class Discuz(DiscuzSpider):
    source = replace(SOURCE, kind="forum")


class Phpbb(PhpbbSpider):
    source = replace(SOURCE, kind="forum")


class Nodebb(NodebbSpider):
    source = replace(SOURCE, kind="forum")


DISCUZ_LIST = (SHAPES / "discuz_list.html").read_text("utf-8")
DISCUZ_THREAD = (SHAPES / "discuz_thread.html").read_text("utf-8")


def test_reads_the_threads_of_a_discuz_board(make_page: MakePage) -> None:
    found = list(Discuz().read_start(make_page(DISCUZ_LIST, "http://demo.example/forum-2-1.html")))
    assert urls(found) == [
        f"http://demo.example/{path}"
        for path in ("thread-9-1-1.html", "thread-12-1-1.html", "forum-2-2.html")
    ]
    assert isinstance(found[1], Request)
    assert (found[1].meta["reader"], found[1].meta["link"].mark) == ("thread", "2")


def test_every_post_of_a_discuz_thread_is_a_record(
    make_page: MakePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIANSHAO_AUTHOR_KEY", "k")
    url = "http://demo.example/thread-12-1-1.html"
    page = replace(make_page(DISCUZ_THREAD, url), link=Link(url, mark="2"))
    found = list(Discuz().read_thread(page))
    opening, reply = posts(found)
    assert (opening.title, opening.body, opening.extra) == (
        "河口路又停水了",
        "从昨晚开始没水\n有人知道吗",
        {"thread": "12"},
    )
    assert (opening.origin.published_at, opening.origin.url) == (at("2026-01-31T08:00:11"), f"{url}#post_101")
    assert opening.origin.author_hash == hash_author("街坊甲", b"k")
    assert (reply.title, reply.body) == ("", "我家也没水")
    assert reply.extra == {"thread": "12", "thread_title": "河口路又停水了"}
    (aside,) = (item for item in found if isinstance(item, Quarantined))
    assert aside.reason.startswith(f"{url}: published_at = ")
    assert urls(found) == ["http://demo.example/thread-12-2-1.html"]
    assert isinstance(found[-1], Request)
    assert found[-1].meta["link"] is page.link


def test_the_second_page_of_a_thread_has_no_opening_post(make_page: MakePage) -> None:
    page = make_page(DISCUZ_THREAD, "http://demo.example/thread-12-2-1.html")
    page = replace(page, link=Link("http://demo.example/thread-12-1-1.html"))
    assert [post.title for post in posts(list(Discuz().read_thread(page)))] == ["", ""]


def test_a_thread_is_done_with_its_last_page_and_not_where_a_post_was_put_aside(make_page: MakePage) -> None:
    spider, link = Discuz(), Link("http://demo.example/thread-12-1-1.html", mark="2")
    good = DISCUZ_THREAD.replace("昨天吧", "2026-1-31 10:00")
    last = good.replace('class="nxt"', "")
    for html, done in (
        (good, []),
        (last, [(link.url, "2")]),
        (DISCUZ_THREAD.replace('class="nxt"', ""), []),
    ):
        page = replace(make_page(html, link.url), link=link)
        found = spider.reading(page, spider.read_thread)
        assert [(item.url, item.mark) for item in found if isinstance(item, Done)] == done


PHPBB_LIST = (SHAPES / "phpbb_list.html").read_text("utf-8")
PHPBB_THREAD = (SHAPES / "phpbb_thread.html").read_text("utf-8")


def test_reads_a_phpbb_board_without_its_session_numbers(make_page: MakePage) -> None:
    found = list(Phpbb().read_start(make_page(PHPBB_LIST, "http://demo.example/viewforum.php?f=2")))
    assert urls(found) == [
        "http://demo.example/viewtopic.php?f=2&t=12",
        "http://demo.example/viewforum.php?f=2&start=25",
    ]
    assert isinstance(found[0], Request)
    assert found[0].meta["link"].mark == "3"
    (post,) = posts(list(Phpbb().read_thread(make_page(PHPBB_THREAD, found[0].url))))
    assert (post.title, post.body, post.extra) == ("煤气味", "三号楼楼道里有煤气味", {"thread": "12"})
    assert post.origin.published_at == at("2026-01-31T08:05:00")


NODEBB_LIST = (SHAPES / "nodebb_category.json").read_text("utf-8")
NODEBB_TOPIC = (SHAPES / "nodebb_topic.json").read_text("utf-8")


def test_reads_a_nodebb_category_and_its_topics(make_page: MakePage) -> None:
    page = make_page(NODEBB_LIST, "http://demo.example/api/category/2/city")
    found = list(Nodebb().read_start(page))
    assert urls(found) == [
        "http://demo.example/api/topic/5/%E5%A4%9C%E9%87%8C%E6%96%BD%E5%B7%A5",
        "http://demo.example/api/category/2/city?page=2",
    ]
    read = list(Nodebb().read_thread(make_page(NODEBB_TOPIC, urls(found)[0])))
    opening, reply = posts(read)
    assert (opening.title, opening.body, opening.extra) == (
        "夜里施工 & 噪声",
        "天天到两点",
        {"thread": "5", "likes": 3},
    )
    assert opening.origin.url == "http://demo.example/post/50"
    assert (reply.title, reply.extra) == (
        "",
        {"thread": "5", "reply_to": "50", "thread_title": "夜里施工 & 噪声"},
    )
    assert len(read) == 3


@pytest.mark.parametrize(
    ("spider", "read", "body"),
    [
        (Discuz, "thread", "<p>您需要登录</p>"),
        (Phpbb, "thread", "<h2 class='topic-title'>无帖</h2>"),
        (Nodebb, "thread", "{}"),
        (Nodebb, "start", '{"topics": [{}]}'),
        (Nodebb, "start", "<html>"),
    ],
)
def test_a_page_that_is_no_thread_is_refused(
    make_page: MakePage, spider: type[SourceSpider], read: str, body: str
) -> None:
    with pytest.raises(ReadError):
        list(getattr(spider(), f"read_{read}")(make_page(body, "http://demo.example/x?t=1&tid=1")))


class Board(BoardSpider):
    source = replace(SOURCE, kind="board")
    title_css, body_css, time_css = "h1", ".ask", ".asked"
    ticket_css, unit_css, state_css = ".no", ".unit", ".state"
    reply_css, reply_time_css = ".reply", ".replied"


ASKED = (
    "<h1>路灯不亮</h1><p class=no>编号：YT0131</p><p class=state>处理状态：{state}</p>"
    "<p class=asked>2026-01-30 19:00</p><p class=ask>西苑路口三盏路灯不亮。</p>"
)
REPLIED = (
    "<p class=unit>办理单位：城管局</p><p class=reply>已派人维修。</p><p class=replied>2026-01-31 10:00</p>"
)


def test_a_reply_that_comes_later_is_a_new_revision_of_the_same_question(make_page: MakePage) -> None:
    asked = Board().parse_post(make_page(ASKED.format(state="办理中")))
    answered = Board().parse_post(make_page(ASKED.format(state="已回复") + REPLIED))
    assert asked.origin.id == answered.origin.id
    assert asked.origin.revision != answered.origin.revision
    assert asked.origin.ticket == answered.origin.ticket == "YT0131"
    assert asked.extra == {"state": "working"}
    assert (
        (asked.title, asked.body) == (answered.title, answered.body) == ("路灯不亮", "西苑路口三盏路灯不亮。")
    )
    assert answered.extra == {
        "unit": "城管局",
        "state": "answered",
        "reply": "已派人维修。",
        "reply_time": "2026-01-31T10:00:00+08:00",
    }


def test_a_state_nobody_listed_is_refused(make_page: MakePage) -> None:
    with pytest.raises(ReadError, match="state = '挂起'"):
        Board().parse_post(make_page(ASKED.format(state="挂起")))
