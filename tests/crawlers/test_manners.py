"""How a crawl behaves towards a real server: who it says it is, how fast it asks, what it keeps of people."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from crawlers.run import CrawlResult, crawl_in_subprocess
from pipeline.settings import load_settings
from tests.parts.web import WebServer

MakeSource = Callable[..., Path]
SELECTORS = "    items_css, body_css, author_css = 'li', '#b', '.who'\n"
PAGE = "<h1>停水 {}</h1><i class='who'>{}</i><div id='b'>河口街道今晚停水。</div>"
NAME, PHONE, KEY = "王小明", "13800001234", b"a key of authors"


def fill(web: WebServer, count: int, delay: float = 0.0) -> str:
    """A list of pages; its address."""
    hrefs = "".join(f"<li><a href='/{number}'>停水</a></li>" for number in range(count))
    web.serve("/list", f"<ul>{hrefs}</ul>")
    for number in range(count):
        web.serve(f"/{number}", PAGE.format(number, NAME), delay=delay)
    return web.url("/list")


@pytest.fixture
def crawl(tmp_path: Path) -> Callable[..., CrawlResult]:
    """Crawls `demo_site`, with what earlier crawls have done."""

    def run(folder: Path, key: bytes | None = None, **variables: str) -> CrawlResult:
        out, state = tmp_path / "out", tmp_path / "state"
        return crawl_in_subprocess("demo_site", out, state, folder, 60, key, variables)

    return run


def gaps(web: WebServer, prefix: str = "/") -> list[float]:
    asked = zip(web.requests, web.times, strict=True)
    times = [at for (path, _), at in asked if path.startswith(prefix) and path != "/robots.txt"]
    return [later - sooner for sooner, later in pairwise(times)]


def test_it_says_who_it_is_and_whom_to_ask(
    web_server: WebServer, make_source: MakeSource, crawl: Callable[..., CrawlResult]
) -> None:
    settings = load_settings(contact="https://duty.example/crawler")
    crawl(make_source("demo_site", "pages", fill(web_server, 2), SELECTORS), **settings.crawl_variables())
    agents = {headers["User-Agent"] for _, headers in web_server.requests}
    (agent,) = agents
    assert agent.startswith("Qianshao/")
    assert agent.endswith("; https://duty.example/crawler)")
    assert {path for path, _ in web_server.requests} >= {"/robots.txt", "/list", "/0"}
    assert not [headers for _, headers in web_server.requests if {"Cookie", "From"} & headers.keys()]


def test_it_asks_a_site_no_more_than_four_things_at_once(
    web_server: WebServer, make_source: MakeSource, crawl: Callable[..., CrawlResult]
) -> None:
    crawl(make_source("demo_site", "pages", fill(web_server, 16, delay=0.3), SELECTORS))
    assert 2 <= web_server.busiest <= 4


def test_it_waits_between_pages(
    web_server: WebServer, make_source: MakeSource, crawl: Callable[..., CrawlResult]
) -> None:
    crawl(make_source("demo_site", "pages", fill(web_server, 5), SELECTORS, delay=0.6))
    # The pause is drawn between a half and one and a half of it.
    assert min(gaps(web_server)) >= 0.28
    assert web_server.busiest == 1


def test_it_slows_down_for_a_slow_server(
    web_server: WebServer, make_source: MakeSource, crawl: Callable[..., CrawlResult]
) -> None:
    crawl(make_source("demo_site", "pages", fill(web_server, 8, delay=0.8), SELECTORS, delay=0.05))
    assert median(gaps(web_server)[3:]) >= 0.4


def test_it_tries_again_with_growing_pauses_and_comes_back_in_the_next_crawl(
    web_server: WebServer, make_source: MakeSource, crawl: Callable[..., CrawlResult]
) -> None:
    url = fill(web_server, 2)
    web_server.serve("/1", "出错", status=503)
    folder = make_source("demo_site", "pages", url, SELECTORS, retries=2, retry_wait=0.4)
    first = crawl(folder)
    assert web_server.count("/1") == 3
    once, twice = gaps(web_server, "/1")
    assert once >= 0.38
    assert twice >= 0.78
    assert first.stats is not None
    assert first.stats.failed == {"服务器出错": 1}
    first.commit()

    web_server.reset()
    fill(web_server, 2)
    second = crawl(folder)
    assert second.stats is not None
    assert (web_server.count("/0"), web_server.count("/1")) == (0, 1)
    assert (second.stats.records, second.stats.known, second.stats.failed) == (1, 1, {})


@pytest.mark.parametrize("key", [KEY, None], ids=["with a key", "without"])
def test_of_people_only_a_keyed_hash_is_kept(
    web_server: WebServer, make_source: MakeSource, crawl: Callable[..., CrawlResult], key: bytes | None
) -> None:
    user = {"name": NAME, "phone": PHONE, "avatar": "http://h.example/face.jpg", "followers": 3}
    item = {"id": 1, "title": "停水", "text": "河口街道今晚停水。", "user": user}
    url = web_server.serve("/api", json.dumps([item]), "application/json")
    paths = "    text_path, author_path = 'text', 'user.name'\n"
    result = crawl(make_source("demo_site", "api", url, paths), key)
    assert result.records is not None
    kept = result.records.read_text("utf-8")
    assert not [told for told in (NAME, PHONE, "face.jpg", "followers") if told in kept]
    (record,) = map(json.loads, kept.splitlines())
    author = record["origin"]["author_hash"]
    assert author is None if key is None else len(author) >= 16
