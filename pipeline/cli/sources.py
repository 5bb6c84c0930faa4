"""`qianshao sources new|try|save|status`: a source from an address, what it would collect, what it missed."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import typer

from pipeline.cli.screen import Exit, fail, print_json, print_table, say
from schemas.times import SHANGHAI

if TYPE_CHECKING:
    from crawlers.run import CrawlResult

_SHOWN, _ROWS = 40, 5


def register_sources(sources: typer.Typer) -> None:
    """Add the commands to the group."""
    sources.command("new")(new)
    sources.command("try")(try_source)
    sources.command("save")(save)
    sources.command("status")(status)


def new(
    url: str = typer.Argument(..., help="feed、列表页、sitemap、JSON 接口或论坛版块的网址"),
    name: str | None = typer.Option(None, "--name", "-n", help="<地方>_<名称>；不给则按网址取"),
    folder: Path | None = typer.Option(
        None, "--folder", help="写到哪里；不给则为设置里的采集源目录，再无则随包目录"
    ),
    feed: bool = typer.Option(True, "--feed/--no-feed", help="网页声明了 feed 就用 feed"),
    private: bool = typer.Option(False, "--private", help="允许内网地址"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """看一个网址，起草一个采集源文件，并说明哪些没有认出来。"""
    from crawlers.discovery import SHIPPED
    from crawlers.drafting import draft_from, new_source
    from pipeline.settings import load_settings

    draft = draft_from(url, allow_private=private, use_feed=feed)
    path = new_source(draft, folder or load_settings().sources or SHIPPED, name=name, allow_private=private)
    if as_json:
        found = {"kind": draft.kind, "fields": draft.fields, "entries": draft.count}
        print_json({"path": str(path), **found, "missing": draft.missing})
        return
    say(f"写好了 {path}")
    say(f"类型 {draft.kind}，首页 {draft.count} 条，认出 {'、'.join(draft.fields) or '（此类不需要选择器）'}")
    for line in draft.missing:
        say(f"没有认出：{line}")
    say(f"下一步：qianshao sources try {path.stem}")


def try_source(
    name: str = typer.Argument(..., help="采集源的名称"),
    size: int = typer.Option(5, "--size", "-n", min=1, help="取多少条"),
    timeout: float = typer.Option(120.0, min=10, help="最长多少秒"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """真的去取一次，显示会采到什么；什么都不写。"""
    from tempfile import TemporaryDirectory

    from crawlers.run import crawl_in_subprocess
    from pipeline.settings import load_settings

    settings = load_settings()
    with TemporaryDirectory() as folder:
        out, state = Path(folder) / "out", Path(folder) / "state"
        result = crawl_in_subprocess(
            name, out, state, settings.sources, timeout, variables=settings.crawl_variables(), limit=size
        )
        if result.exit_code == Exit.WRONG_USE:
            fail(_last_line(result.log_tail), Exit.WRONG_USE)
        _show(result, size, as_json=as_json)
    raise typer.Exit(_exit_code(result))


def save(
    name: str = typer.Argument(..., help="采集源的名称"),
    url: str = typer.Argument(..., help="要存下的网页"),
    reader: str | None = typer.Option(None, "--as", help="start（列表、feed）、post 或 thread"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """把一个网页和从中读出的记录存为样例，`sources check` 和测试从此核对它。"""
    from dataclasses import replace

    from crawlers.discovery import find_source
    from crawlers.fetch import fetch_pages
    from crawlers.goldens import find_link, read_page, save_golden
    from crawlers.rsshub import start_address
    from pipeline.settings import load_settings

    settings = load_settings()
    found = find_source(name, settings.sources)
    first = start_address(found.source)
    asked = first if url == found.source.url else url
    (page,) = fetch_pages(found.source, [asked], settings.crawl_variables())
    kind = reader or ("start" if asked == first else found.spider.readers[-1])
    page = replace(page, link=None if kind == "start" else find_link(found, url))
    path, read = save_golden(found, page, kind), read_page(found, page, kind)
    if as_json:
        print_json({"path": str(path), "reader": kind, **read})
        return
    say(f"存好了 {path}：按 {kind} 读出 {len(read['records'])} 条，后续网址 {len(read['requests'])} 个")
    if read["records"]:
        print_table("读出的记录（前几条）", [_row(post) for post in read["records"][:_ROWS]])


def status(
    days: int = typer.Option(7, "--days", "-d", min=1, max=366, help="看最近多少天"),
    source: str | None = typer.Option(None, "--source", "-s", help="只看这个来源"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """没有采到什么、为什么、怎么办；再是每个来源每天应有、取得、失败、隔离和断档。"""
    from datetime import datetime

    from pipeline.coverage import cover_sources
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings
    from schemas.times import SHANGHAI

    with open_rooms(load_settings()) as rooms:
        coverage = cover_sources(rooms, datetime.now(SHANGHAI), days=days, source=source)
    if as_json:
        print_json(coverage.documents())
        return
    if coverage.missing:
        print_table("没有采到的，最要紧的在前", [one.row() for one in coverage.missing])
    else:
        say("没有缺的：每个来源都按时采到，没有断档，没有待处理的隔离。")
    print_table(f"最近 {days} 天", coverage.day_rows())


def _show(result: "CrawlResult", size: int, *, as_json: bool) -> None:
    from crawlers.goldens import show_post
    from crawlers.quarantine import read_quarantine
    from pipeline.jobs.collect import read_records

    posts = [show_post(post) for post in read_records(result.records)][:size] if result.records else []
    aside = [item.reason for item in read_quarantine(result.quarantine)] if result.quarantine else []
    stats = result.stats
    status, why = (stats.status, stats.why) if stats else ("failed", _last_line(result.log_tail))
    if as_json:
        print_json(
            {"source": result.source, "status": status, "why": why, "records": posts, "quarantined": aside}
        )
        return
    print_table(f"{result.source} 会采到", [_row(post) for post in posts])
    for line in aside:
        say(f"会进隔离区：{line}")
    say(f"{status} {why}（没有写下任何东西）")
    for url in _worth_saving(result.source, posts) if stats is not None else ():
        say(f"存样例：qianshao sources save {result.source} {url}")


def _worth_saving(name: str, posts: list[dict[str, object]]) -> list[object]:
    """The first page of the source, and a post's own where its text is read from there."""
    from crawlers.discovery import find_source
    from pipeline.settings import load_settings

    found = find_source(name, load_settings().sources)
    has_pages = getattr(found.spider, "detail", True)
    return [found.source.url, *(post["url"] for post in posts[:1] if has_pages)] if posts else []


def _row(post: dict[str, object]) -> dict[str, object]:
    body = str(post["body"]).replace("\n", " ")
    extra = post["extra"] if isinstance(post["extra"], dict) else {}
    return {
        "时间": _told_time(post["published_at"]),
        "标题": post["title"] or "（无）",
        "正文": body[:_SHOWN] + ("…" if len(body) > _SHOWN else ""),
        "另有": "，".join(f"{key}={str(value)[:20]}" for key, value in extra.items()),
        "网址": unquote(str(post["url"] or "（无）")),
    }


def _told_time(told: object) -> str:
    """A time as people here read it, whatever zone the source states it in."""
    if not told:
        return "（无）"
    return datetime.fromisoformat(str(told)).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _last_line(text: str) -> str:
    """What the crawl said last, without the time and place of a line of a log."""
    lines = text.strip().splitlines()
    return lines[-1].partition("__main__: ")[2] or lines[-1] if lines else "没有输出"


def _exit_code(result: "CrawlResult") -> Exit:
    if result.failed:
        return Exit.FAILED
    return Exit.QUARANTINED if result.exit_code == Exit.QUARANTINED else Exit.OK
