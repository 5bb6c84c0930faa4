"""Real crawls in processes of their own, against a real and partly hostile server."""

import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crawlers.network import is_public
from crawlers.output import read_stats, stats_path
from crawlers.quarantine import read_quarantine
from crawlers.run import CrawlResult, crawl_in_subprocess
from schemas.codec import decode
from schemas.errors import Where
from schemas.records import RawPost
from tests.parts.web import WebServer

MakeSource = Callable[..., Path]

POST = (
    "<html><head><meta charset='utf-8'></head><body><h1>{title}</h1><span class='t'>{time}</span>"
    "<div id='b'><p>河口街道今晚停水。</p><p>请居民储水。</p></div><i class='n'>1.2万</i></body></html>"
)
SELECTORS = (
    "    items_css, next_css, time_css, body_css = 'li', 'a.next::attr(href)', '.t', '#b'\n"
    "    likes_css = '.n'\n"
    "    def title(self, page):\n"
    "        title = super().title(page)\n"
    "        return [][0] if title == '出错' else title\n"
)
RSS = "<?xml version='1.0'?><rss version='2.0'><channel><title>x</title>{items}</channel></rss>"


def post(title: str = "停水通知", time: str = "2026-01-31 08:00") -> str:
    return POST.format(title=title, time=time)


def listing(*paths: str, following: str = "") -> str:
    items = "".join(f"<li><a href='{path}'>{path}</a></li>" for path in paths)
    return f"<ul>{items}</ul>" + (f"<a class='next' href='{following}'>下一页</a>" if following else "")


def entry(number: int, title: str = "停水通知", date: str = "Sat, 31 Jan 2026 08:00:00 +0800") -> str:
    link = f"http://demo.example/{number}"
    body = (
        f"<title>{title}</title><link>{link}</link><pubDate>{date}</pubDate><description>正文</description>"
    )
    return f"<item>{body}</item>"


def records(result: CrawlResult) -> list[RawPost]:
    assert result.records is not None
    return [decode(RawPost, line, Where("记录")) for line in result.records.read_bytes().splitlines()]


def reasons(result: CrawlResult) -> dict[str, str]:
    """The reason by the path of the address, as quarantine tells it."""
    assert result.quarantine is not None
    found = {}
    for item in read_quarantine(result.quarantine):
        path = "/" + item.where.partition("://")[2].partition("/")[2]
        found[path] = item.reason.removeprefix(f"{item.where}: ")
    return found


@pytest.fixture
def crawl(tmp_path: Path) -> Callable[..., CrawlResult]:
    """Crawls a source of the test's folder; the state is kept between crawls."""

    def run(name: str, folder: Path, timeout: float = 60) -> CrawlResult:
        out = tmp_path / "out"
        return crawl_in_subprocess(name, out, tmp_path / "state", folder, timeout)

    return run


HOSTILE = {
    "/hang": "超时",
    "/reset": "连接中断",
    "/cut": "内容不完整",
    "/500": "HTTP 500",
    "/404": "HTTP 404",
    "/secret/x": "robots.txt 不允许",
    "/big": "超过大小上限",
    "/bomb": "解压后超过大小上限",
    "/loop": "重定向过多（转到 {url}/loop2）",
    "/notitle": "title = ''：应为 非空标题",
    "/nobody": "body = ''：应为 非空正文",
    "/nodate": "published_at = '昨天吧'：应为",
    "/broken": "编码 = b'\\xff\\xfe\\x81\\xe9'：应为 utf-8 编码的文字",
    "/bug": "来源文件出错（demo_site.py:",
}


def fill_hostile_site(web: WebServer) -> None:
    web.serve("/robots.txt", "User-agent: Qianshao\nDisallow: /secret\n", "text/plain", etag='"r"')
    web.serve("/list", listing("/1", *HOSTILE, following="/list2"), etag='"l"')
    web.serve("/list2", listing("/2", "/1", "/gbk", following="/list2"))
    web.serve("/1", post("第一条"), last_modified="Wed, 01 Jan 2020 00:00:00 GMT")
    web.serve("/2", post("第二条"))
    web.serve("/gbk", post("第三条").replace("utf-8", "x").encode("gb18030"), "text/html; charset=utf-8")
    for path, behaviour in (("/hang", "hang"), ("/reset", "reset"), ("/cut", "cut")):
        web.serve(path, post(), behaviour=behaviour)
    web.serve("/500", "出错", status=500, headers={"Cache-Control": "max-age=9999", "ETag": '"e"'})
    web.serve("/secret/x", post())
    web.serve("/big", post() + "x" * 1_000_000)
    web.serve("/bomb", gzip.compress(b"x" * 20_000_000), headers={"Content-Encoding": "gzip"})
    for path, target in (("/loop", "/loop2"), ("/loop2", "/loop")):
        web.serve(path, "", status=302, headers={"Location": target})
    web.serve("/notitle", post(""))
    web.serve("/nobody", post().replace("id='b'", ""))
    web.serve("/nodate", post(time="昨天吧"))
    data = post().encode()
    web.serve("/broken", data.replace("停水".encode(), "停".encode() + b"\xff\xfe\x81"))
    web.serve("/bug", post("出错"))


def test_a_hostile_site_gives_its_good_pages_and_one_line_for_each_bad_one(
    web_server: WebServer, make_source: MakeSource, crawl: Callable[..., CrawlResult]
) -> None:
    fill_hostile_site(web_server)
    folder = make_source(
        "demo_site",
        "pages",
        web_server.url("/list"),
        SELECTORS,
        timeout=1.5,
        max_bytes=500_000,
        pages=4,
        retries=2,
    )
    first = crawl("demo_site", folder)

    assert first.exit_code == 3, first.log_tail
    assert sorted(found.title for found in records(first)) == ["第一条", "第三条", "第二条"]
    assert {found.body for found in records(first)} == {"河口街道今晚停水。\n请居民储水。"}
    assert {found.extra["likes"] for found in records(first)} == {12000}
    told = reasons(first)
    assert told.keys() == HOSTILE.keys()
    for path, reason in HOSTILE.items():
        assert told[path].startswith(reason.format(url=web_server.url("").rstrip("/"))), (path, told[path])
    # A kept connection that the server closed in the meantime costs one of the tries.
    assert web_server.count("/500") in {2, 3}
    assert web_server.count("/secret/x") == 0
    assert web_server.count("/list2") == 2
    assert first.stats is not None
    assert (first.stats.status, first.stats.records, first.stats.quarantined) == ("ok", 3, len(HOSTILE))
    assert sum(first.stats.failed.values()) == len(HOSTILE)
    assert "Traceback" not in first.log_tail

    # The second crawl asks for everything again: with the validators where there are any, without where not.
    web_server.requests.clear()
    second = crawl("demo_site", folder)
    asked = dict(web_server.requests)
    assert asked["/list"]["If-None-Match"] == '"l"'
    assert asked["/1"]["If-Modified-Since"] == "Wed, 01 Jan 2020 00:00:00 GMT"
    assert asked["/robots.txt"]["If-None-Match"] == '"r"'
    assert "If-None-Match" not in asked["/500"]
    assert "If-None-Match" not in asked["/2"]
    assert second.stats is not None
    assert second.stats.not_modified == 2
    assert [found.origin for found in records(second) if found.title == "第一条"] == [
        found.origin for found in records(first) if found.title == "第一条"
    ]
    assert {found.origin.id for found in records(second)} == {found.origin.id for found in records(first)}
    assert reasons(second).keys() == HOSTILE.keys()


def test_a_feed_puts_wrong_entries_aside_and_an_unchanged_one_is_not_too_few(
    web_server: WebServer, make_source: MakeSource, crawl: Callable[..., CrawlResult]
) -> None:
    items = [entry(1), entry(2, title=""), entry(3, date="昨天吧"), entry(1), entry(4)]
    url = web_server.serve("/feed?api_key=hush", RSS.format(items="".join(items)), "text/xml", etag='"f"')
    folder = make_source("demo_feed", "feed", url, expect=(2, 2))

    first = crawl("demo_feed", folder)
    assert first.exit_code == 3, first.log_tail
    assert [found.origin.url for found in records(first)] == [
        "http://demo.example/1",
        "http://demo.example/4",
    ]
    assert first.stats is not None
    assert (first.stats.duplicates, first.stats.quarantined) == (1, 2)
    assert "第 2 条" in first.log_tail
    assert "第 3 条" in first.log_tail
    assert "hush" not in first.log_tail
    assert first.quarantine is not None
    assert b"hush" not in first.quarantine.read_bytes()
    agent = dict(web_server.requests)["/feed?api_key=hush"]["User-Agent"]
    assert agent.startswith("Qianshao/")

    second = crawl("demo_feed", folder)
    assert second.stats is not None
    assert (second.stats.status, second.stats.not_modified, second.stats.records) == ("ok", 1, 2)
    assert records(second) == records(first)

    # A page in place of the feed: nothing can be read, and the crawl fails.
    web_server.serve("/feed?api_key=hush", "<html><body>维护中</body></html>")
    third = crawl("demo_feed", folder)
    assert third.exit_code == 1
    assert third.stats is not None
    assert third.stats.status == "failed"
    assert (
        "feed = '<html><body>维护中</body></html>'：应为 RSS 2.0、RSS 1.0、Atom 或 JSON Feed"
        in third.log_tail
    )


@pytest.mark.parametrize(
    ("expect", "exit_code", "status"), [((3, 9), 1, "too_few"), ((0, 1), 0, "too_many")], ids=["few", "many"]
)
def test_too_few_records_fail_and_too_many_warn(
    web_server: WebServer,
    make_source: MakeSource,
    crawl: Callable[..., CrawlResult],
    expect: tuple[int, int],
    exit_code: int,
    status: str,
) -> None:
    url = web_server.serve("/feed", RSS.format(items=entry(1) + entry(2)), "text/xml")
    result = crawl("demo_feed", make_source("demo_feed", "feed", url, expect=expect))
    assert result.exit_code == exit_code, result.log_tail
    assert result.stats is not None
    assert (result.stats.status, result.stats.records) == (status, 2)
    assert status in result.log_tail


def test_private_addresses_are_refused_and_redirects_to_them_too(
    web_server: WebServer,
    make_source: MakeSource,
    crawl: Callable[..., CrawlResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The server stands in for the internet as the crawl's proxy: it is asked for full addresses.
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, web_server.url("/"))
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    private = ["http://127.0.0.1:1/a", "http://127.1:1/b", "http://2130706433:1/c", "http://[::1]:1/d"]
    site = "http://news.example"
    web_server.serve(f"{site}/list", listing("/1", "/turn", *private, "http://localhost:1/e"))
    web_server.serve(f"{site}/1", post())
    web_server.serve(f"{site}/turn", "", status=302, headers={"Location": "http://10.0.0.1/admin"})
    result = crawl(
        "demo_site", make_source("demo_site", "pages", f"{site}/list", SELECTORS, allow_private=False)
    )
    assert [found.title for found in records(result)] == ["停水通知"], result.log_tail
    told = reasons(result)
    assert told.pop("/turn") == "地址在内部网络，来源未获准（转到 http://10.0.0.1/admin）"
    assert told == dict.fromkeys(["/a", "/b", "/c", "/d", "/e"], "地址在内部网络，来源未获准")


def test_a_name_that_leads_to_a_private_address_is_refused(
    web_server: WebServer,
    make_source: MakeSource,
    crawl: Callable[..., CrawlResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    try:
        address = socket.gethostbyname(socket.gethostname())
    except OSError:
        pytest.skip("这台机器的名称解析不到地址 (this machine's own name does not resolve)")
    assert not is_public(address)
    url = f"http://{socket.gethostname()}:{web_server.port}/list"
    result = crawl("demo_site", make_source("demo_site", "pages", url, allow_private=False))
    assert result.exit_code == 1
    assert reasons(result) == {"/list": "地址在内部网络，来源未获准"}
    assert web_server.requests == []


def test_a_crawl_that_outlasts_its_time_ends_in_order_with_what_it_has(
    web_server: WebServer, make_source: MakeSource, tmp_path: Path
) -> None:
    paths = [f"/{number}" for number in range(120)]
    web_server.serve("/list", listing(*paths))
    for path in paths:
        web_server.serve(path, post(path), delay=0.4)
    folder = make_source("demo_site", "pages", web_server.url("/list"), SELECTORS)
    out = tmp_path / "demo_site.jsonl"
    command = [
        sys.executable,
        "-m",
        "crawlers.crawl",
        "demo_site",
        "--out",
        str(out),
        "--state",
        str(tmp_path),
    ]
    done = subprocess.run([*command, "--sources", str(folder), "--time-limit", "3"], timeout=60, check=False)
    assert done.returncode == 1
    stats = read_stats(stats_path(out))
    assert stats.why == "抓取没有走完：closespider_timeout"
    assert 1 <= len(out.read_bytes().splitlines()) == stats.records < len(paths)


def test_a_crawl_that_hangs_is_killed_and_says_so(
    web_server: WebServer, make_source: MakeSource, crawl: Callable[..., CrawlResult]
) -> None:
    result = crawl("demo_site", make_source("demo_site", "pages", web_server.url("/list")), 0.3)
    assert (result.exit_code, result.records, result.failed) == (124, None, True)
    assert "超过 0.3 秒，已终止" in result.log_tail


def test_a_source_that_is_not_there_is_wrong_use(tmp_path: Path, crawl: Callable[..., CrawlResult]) -> None:
    result = crawl("no_such", tmp_path)
    assert result.exit_code == 2
    assert (result.records, result.quarantine, result.stats) == (None, None, None)
    assert "来源 = 'no_such'：应为" in result.log_tail


def test_the_child_gets_no_connections_of_the_caller() -> None:
    from crawlers.run import _environment

    given = {"AIRFLOW_CONN_X": "s", "QIANSHAO_SMTP_PASSWORD": "s", "QIANSHAO_AUTHOR_KEY": "k", "PATH": "/bin"}
    kept = _environment(given)
    assert {"AIRFLOW_CONN_X", "QIANSHAO_SMTP_PASSWORD"}.isdisjoint(kept)
    assert kept["QIANSHAO_AUTHOR_KEY"] == "k"
    assert json.dumps(kept)
