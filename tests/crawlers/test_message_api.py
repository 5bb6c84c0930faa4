"""Message boards that answer in JSON to POST: paging in the body, states, replies as new revisions."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from scrapy.http import Request

from crawlers.discovery import find_source
from crawlers.page import Page
from crawlers.run import crawl_in_subprocess
from crawlers.spiders.board import ApiBoardSpider
from schemas.codec import decode
from schemas.errors import Where
from schemas.records import Quarantined, RawPost
from tests.crawlers.conftest import NOW, SOURCE
from tests.tickets import ticket_of

MakePage = Callable[..., Page]
ASKED = 1_769_821_260
QUESTION = {"no": 7, "t": "停水", "c": "河口小区停水三天", "at": ASKED, "s": "待回复"}
ANSWERED = {**QUESTION, "s": "已办理", "r": "已抢修", "ra": "2026-01-31 15:00", "u": "水务局"}


class Board(ApiBoardSpider):
    source = replace(SOURCE, kind="api", pages=9)
    payload = {"fid": 3, "after": ""}  # noqa: RUF012 - as a source writes it
    items, cursor_param, cursor = "list", "after", "list[-1].no"
    key_path, title_path, text_path, time_path = "no", "t", "c", "at"
    state_path, unit_path, reply_path, reply_time_path = "s", "u", "r", "ra"


class Counted(Board):
    payload = {"page": 0, "kind": "全部"}  # noqa: RUF012
    as_form, page_param, more = True, "page", "more"


def read(spider: ApiBoardSpider, make_page: MakePage, *items: Any, **told: Any) -> list[Any]:
    page = make_page(json.dumps({"list": items, **told}), "http://demo.example/api")
    return list(spider.read_start(page))


def sent(found: list[Any]) -> list[Any]:
    return [
        (
            item.method,
            json.loads(item.body) if item.body.startswith(b"{") else dict(parse_qsl(item.body.decode())),
        )
        for item in found
        if isinstance(item, Request)
    ]


def test_asks_with_its_payload_and_goes_on_with_the_cursor_in_it(make_page: MakePage) -> None:
    spider = Board()
    first = spider.ask("http://demo.example/api", "start")
    assert sent([first]) == [("POST", {"fid": 3, "after": ""})]
    assert first.headers["Content-Type"] == b"application/json"
    assert sent(read(spider, make_page, QUESTION)) == [("POST", {"fid": 3, "after": 7})]
    assert sent(read(spider, make_page, QUESTION)) == [], "nothing new: the end"


def test_counts_pages_up_in_a_form(make_page: MakePage) -> None:
    spider = Counted()
    assert sent(read(spider, make_page, QUESTION, more=True)) == [("POST", {"page": "1", "kind": "全部"})]
    assert sent(read(spider, make_page, {**QUESTION, "no": 8}, more=True)) == [
        ("POST", {"page": "2", "kind": "全部"})
    ]
    assert sent(read(spider, make_page, {**QUESTION, "no": 9}, more=False)) == []


def test_a_reply_is_a_new_revision_with_the_fields_of_the_hotline_tables(make_page: MakePage) -> None:
    asked, answered = (read(Board(), make_page, item)[0] for item in (QUESTION, ANSWERED))
    assert (asked.origin.id, asked.origin.ticket) == (answered.origin.id, "7")
    assert asked.origin.revision != answered.origin.revision
    assert asked.extra == {"state": "accepted"}
    assert answered.extra == {
        "unit": "水务局",
        "state": "closed",
        "reply": "已抢修",
        "reply_time": "2026-01-31T15:00:00+08:00",
    }
    assert str(ticket_of(asked, answered).replied_at) == "2026-01-31 15:00:00+08:00"


def test_a_state_that_is_not_listed_puts_its_question_aside(make_page: MakePage) -> None:
    odd, post = read(Board(), make_page, {**QUESTION, "s": "挂起"}, {**QUESTION, "no": 8})[:2]
    assert isinstance(odd, Quarantined)
    assert "state = '挂起'" in odd.reason
    assert isinstance(post, RawPost)


def test_the_shipped_board_asks_with_a_form_and_ends_with_an_empty_answer(make_page: MakePage) -> None:
    spider = find_source("cn_liuyan").spider()
    first = spider.ask(spider.source.url, "start")
    assert sent([first]) == [("POST", {"fid": "0", "state": "1", "lastItem": "0"})]
    empty = json.dumps({"result": "success", "responseData": []})
    assert list(spider.read_start(replace(make_page(empty), now=NOW))) == []


@pytest.fixture
def board() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a board of 25 questions that tells ten at once, and what it was asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(told)
            last = int(told["after"] or 26)
            rows = [{**QUESTION, "no": number, "t": f"停水{number}"} for number in range(last - 1, 0, -1)][
                :10
            ]
            self._answer(200, json.dumps({"list": rows}).encode())

        def do_GET(self) -> None:
            self._answer(404, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/api", asked
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_crawl_posts_its_way_to_the_last_question(
    board: tuple[str, list[dict[str, Any]]], make_source: Callable[..., Path], tmp_path: Path
) -> None:
    url, asked = board
    spider = (
        "    payload = {'fid': 3, 'after': ''}\n"
        "    items, cursor_param, cursor, key_path = 'list', 'after', 'list[-1].no', 'no'\n"
        "    title_path, text_path, time_path, state_path = 't', 'c', 'at', 's'\n"
    )
    folder = make_source("demo_board", "board", url, spider, "ApiBoardSpider", pages=9)
    path = folder / "demo_board.py"
    path.write_text(path.read_text("utf-8").replace("kind='board'", "kind='api'"), "utf-8")
    result = crawl_in_subprocess("demo_board", tmp_path / "out", tmp_path / "state", folder, 60)
    assert result.records is not None
    lines = result.records.read_bytes().splitlines()
    assert len({decode(RawPost, line, Where("记录")).origin.ticket for line in lines}) == 25
    assert [told["after"] for told in asked] == ["", 16, 6, 1]
