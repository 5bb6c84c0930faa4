"""One whole run of the real command over a server that does everything a server must not."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crawlers.reasons import OTHER, reason_of
from pipeline.rooms import open_rooms
from pipeline.settings import load_settings
from stores.database.coverage import SourceRun, last_runs
from stores.database.quarantine import list_quarantine
from tests.parts.hostile import TRAPS, HostileServer, Writer, listing, send, start_hostile
from tests.parts.traps import packed

pytestmark = pytest.mark.slow
# What coverage adds for a crawl that a limit of time stopped.
CUT_SHORT = "采集没有走完"
LARGEST_MB, TIMEOUT = 300, 30
# Seconds for what follows the crawls of a run.
ANALYSIS = 120
SELECTORS = "    items_css, next_css, time_css, body_css = 'li', 'a.next::attr(href)', '.t', '#b'\n"
# A name server that tells of an inside address: the crawl's own process asks it.
NAMES = (
    "import socket\n_ask = socket.gethostbyname\n"
    "socket.gethostbyname = lambda name: '127.0.0.1' if name == 'inside.example' else _ask(name)\n"
)

# What each trap must be called in quarantine; None: the page is read.
PAGES: dict[str, str | None] = {
    "/drip": "超时", "/drip-head": "超时", "/hang": "超时",
    "/reset": "连接中断", "/reset-body": "内容不完整", "/short": "内容不完整", "/broken-chunk": "内容不完整",
    "/long": "缺标题或正文", "/no-number": "响应不合规范", "/two-lengths": "响应不合规范",
    "/no-http": "响应不合规范", "/endless": "超过大小上限",
    "/large-head": "响应头过大", "/many-heads": "响应头过大", "/cookie-flood": "响应头过大", "/cookies": None,
    "/gzip-bomb": "解压后超过大小上限", "/nested-bomb": "解压后超过大小上限",
    "/brotli-bomb": "解压后超过大小上限", "/zstd-bomb": "解压后超过大小上限",
    "/broken-gzip": "解压失败", "/cut-gzip": "解压失败", "/unknown-packing": "解压失败",
    "/charset": None, "/broken-text": "编码不对", "/type": None, "/pdf": "不是文字", "/nulls": None,
    "/deep": "结构不正常", "/wide": "结构不正常", "/attributes": "结构不正常",
    "/hop": "重定向过多", "/loop": "重定向过多",
    "/to-loopback": "地址在内部网络", "/to-hex": "地址在内部网络", "/to-localhost": "地址在内部网络",
    "/to-six": "地址在内部网络", "/to-mapped": "地址在内部网络", "/to-metadata": "地址在内部网络",
    "/to-intranet": "地址在内部网络", "/to-name": "地址在内部网络", "/to-file": "网址不能用",
    "/to-login": "要登录", "/401": "要登录", "/403": "要登录", "/404": "网页不存在", "/410": "网页不存在",
    "/418": "别的 HTTP 状态", "/429": "限流", "/429-huge": "限流", "/429-date": "限流", "/429-soon": None,
    "/503": "服务器出错", "/forbidden/1": "robots.txt 不允许", "/good": None,
}  # fmt: skip
# Links that a list may hold: those of other schemes lead to no page, the others are told.
LINKS: dict[str, str | None] = {
    "http://[::1": "网址不能用", "http://h:99999/x": "网址不能用", "http://0/": "地址在内部网络",
    "http://exa mple.invalid/": "网址不能用", f"http://{'a' * 300}.invalid/": "找不到主机",
    "javascript:void(0)": None, "data:text/html,x": None, "mailto:a@b.example": None, "ftp://h/x": None,
    "/ok": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """A source over one trap: what its coverage must say, the words it must count, the records it gives."""

    kind: str
    path: str
    status: str
    counted: tuple[str, ...] = ()
    records: int = 0
    why: str = ""
    spider: str = ""


SITES = {
    "trap_calendar": Site("pages", "/calendar", "ok", records=5),
    "trap_links": Site("pages", "/many-links", "failed", ("链接过多",), -1, "closespider_timeout"),
    "trap_million": Site("pages", "/million-links", "failed", ("超过大小上限",)),
    "trap_laughs": Site("feed", "/laughing.rss", "ok", ("feed 不完整",), 1),
    "trap_blowup": Site("feed", "/blowup.rss", "ok", ("feed 不完整",), 1),
    "trap_feed": Site("feed", "/large.rss", "failed", ("链接过多",)),
    "trap_map": Site("sitemap", "/laughing.xml", "failed", ("不是 sitemap",)),
    "trap_index": Site("sitemap", "/index.xml", "too_few", why="只有 0 条"),
    "trap_packed": Site("sitemap", "/bomb.xml.gz", "failed", ("解压后超过大小上限",)),
    "trap_json": Site("api", "/deep.json", "failed", ("不是 JSON",)),
    "trap_cursor": Site("api", "/endless.json", "ok", records=5, spider="    page_param = 'page'\n"),
}
# The kinds of robots.txt, and what they leave of the one page behind each.
ROBOTS_SITES = {
    "broken": ("failed", "robots.txt 取不到"), "slow": ("failed", "robots.txt 取不到"),
    "huge": ("failed", "robots.txt 取不到"), "closed": ("failed", "robots.txt 不允许"),
    "forbidden": ("ok", ""), "html": ("ok", ""), "loop": ("ok", ""), "inside": ("ok", ""),
}  # fmt: skip


@dataclass(slots=True)
class Outcome:
    """The run: its exit code and output, its seconds, the largest memory of each crawl (MiB), coverage,
    and the quarantine by source and address."""

    code: int
    output: str
    seconds: float
    peaks: dict[str, int]
    runs: dict[str, SourceRun]
    aside: dict[str, dict[str, str]]
    server: HostileServer
    home: Path = field(default_factory=Path)


async def _list(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, listing(*PAGES))


async def _links(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, listing(*LINKS))


def write_source(folder: Path, name: str, kind: str, url: str, spider: str) -> None:
    base = f"{kind.capitalize()}Spider"
    (folder / f"{name}.py").write_text(
        f'"""A trap."""\nfrom crawlers.source import Count, Source\n'
        f"from crawlers.spiders.{kind} import {base}\n{NAMES}"
        f"SOURCE = Source({name!r}, '陷阱', {kind!r}, {url!r}, '1h', Count(1, 999), delay=0, retries=1,\n"
        "    timeout=2.0, retry_wait=0.05, allow_private=True)\n"
        f"class Demo({base}):\n    source = SOURCE\n{spider}",
        encoding="utf-8",
    )


def write_sources(folder: Path, server: HostileServer) -> None:
    folder.mkdir()
    write_source(folder, "trap_pages", "pages", server.url("/list"), SELECTORS)
    write_source(folder, "trap_bad", "pages", server.url("/links"), SELECTORS)
    for name, site in SITES.items():
        spider = SELECTORS if site.kind == "pages" else site.spider
        write_source(folder, name, site.kind, server.url(site.path), spider)
    for kind in ROBOTS_SITES:
        write_source(folder, f"robots_{kind}", "pages", server.robots_url(kind), SELECTORS)


def watch_memory(folder: Path, peaks: dict[str, int], done: threading.Event) -> None:
    """The high-water mark of every crawl process, asked for again and again: it only grows."""
    while not done.wait(0.02):
        for entry in Path("/proc").iterdir():
            try:
                command = (entry / "cmdline").read_text().split("\0") if entry.name.isdecimal() else []
                if "crawlers.crawl" in command and str(folder) in command:
                    status = (entry / "status").read_text()
                    mark = int(status.partition("VmHWM:")[2].split()[0]) // 1024
                    name = command[command.index("crawlers.crawl") + 1]
                    peaks[name] = max(peaks.get(name, 0), mark)
            except (OSError, IndexError):
                continue


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """`qianshao run` over all traps, once for the tests of this file."""
    for kind in ("gzip", "nested", "brotli", "zstd"):
        packed(kind)
    TRAPS.update({"/list": _list, "/links": _links})
    server, stop = start_hostile()
    home = tmp_path_factory.mktemp("hostile")
    write_sources(home / "sources", server)
    variables = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "QIANSHAO_HOME": str(home / "var"),
        "QIANSHAO_SOURCES": str(home / "sources"),
        "QIANSHAO_CRAWL_TIMEOUT": str(TIMEOUT),
    }
    peaks: dict[str, int] = {}
    done = threading.Event()
    watch = threading.Thread(target=watch_memory, args=(home / "sources", peaks, done))
    watch.start()
    begun = time.monotonic()
    command = [sys.executable, "-m", "pipeline.cli.main", "run", "--json"]
    found = subprocess.run(command, env=variables, capture_output=True, timeout=1200, check=False)
    seconds = time.monotonic() - begun
    done.set()
    watch.join()
    stop()
    output = (found.stdout + found.stderr).decode("utf-8", "replace")
    with open_rooms(load_settings(home=home / "var")) as rooms, rooms.database.read() as db:
        runs = last_runs(db)
        aside: dict[str, dict[str, str]] = {}
        for kept in list_quarantine(db):
            path = kept.record.where.removeprefix(server.url("/").rstrip("/"))
            aside.setdefault(kept.record.source, {})[path] = kept.record.reason
        yield Outcome(found.returncode, output, seconds, peaks, runs, aside, server, home)


def test_the_run_ends_by_itself_in_bounded_time_and_memory(outcome: Outcome) -> None:
    sys.stdout.write(f"{outcome.seconds:.0f} s, largest crawl {max(outcome.peaks.values())} MiB\n")
    assert outcome.seconds < TIMEOUT * len(outcome.runs) + ANALYSIS
    assert outcome.peaks.keys() >= {"trap_pages", *SITES}
    assert max(outcome.peaks.values()) <= LARGEST_MB, outcome.peaks


def words(outcome: Outcome, source: str) -> dict[str, str]:
    return {path: reason_of(reason) for path, reason in outcome.aside.get(source, {}).items()}


def counted(run: SourceRun) -> set[str]:
    return {*run.failures, *run.refusals}


def test_every_trap_is_put_aside_under_its_own_reason_and_the_sound_pages_are_read(outcome: Outcome) -> None:
    expected = {path: word for path, word in PAGES.items() if word is not None}
    found = words(outcome, "trap_pages")
    assert found == expected, {
        path: (outcome.aside["trap_pages"].get(path), expected.get(path))
        for path in {*found, *expected}
        if found.get(path) != expected.get(path)
    }
    run = outcome.runs["trap_pages"]
    assert (run.fetched, counted(run)) == (len(PAGES) - len(expected), set(expected.values()))
    assert (run.failed + run.quarantined) == len(expected)


def test_links_that_lead_nowhere_are_told_one_by_one(outcome: Outcome) -> None:
    expected = {path: word for path, word in LINKS.items() if word is not None}
    found = {path.replace("%20", " "): word for path, word in words(outcome, "trap_bad").items()}
    assert found == expected
    assert outcome.runs["trap_bad"].fetched == 1


@pytest.mark.parametrize("name", SITES)
def test_a_site_that_never_ends_or_blows_up_is_told_in_coverage(outcome: Outcome, name: str) -> None:
    site, run = SITES[name], outcome.runs[name]
    assert run.status == site.status, run
    assert counted(run) - {CUT_SHORT} == set(site.counted), (run, outcome.aside.get(name))
    assert site.records in (run.fetched, -1)
    assert site.why in run.note
    assert run.status == "ok" or run.note


@pytest.mark.parametrize("kind", ROBOTS_SITES)
def test_robots_txt_that_cannot_be_had_forbids_and_one_that_is_not_there_does_not(
    outcome: Outcome, kind: str
) -> None:
    status, word = ROBOTS_SITES[kind]
    run = outcome.runs[f"robots_{kind}"]
    assert (run.status, counted(run)) == (status, {word} if word else set())
    assert outcome.server.asked[f"{kind}/list"] == (0 if word else 1)


def test_nothing_inside_was_asked_for(outcome: Outcome) -> None:
    assert not [path for path in outcome.server.asked if path.endswith("/secret")]


def test_every_reason_is_one_that_coverage_knows(outcome: Outcome) -> None:
    told = {reason for reasons in outcome.aside.values() for reason in reasons.values()}
    assert not [reason for reason in told if reason_of(reason) == OTHER]
    assert all(run.finished is not None for run in outcome.runs.values())


def test_a_server_that_asks_for_a_pause_gets_it(outcome: Outcome) -> None:
    assert outcome.server.asked["/429-soon"] == 2
    assert outcome.server.asked["/429-huge"] == outcome.server.asked["/429-date"] == 1
    assert outcome.server.asked["/429"] == 2
