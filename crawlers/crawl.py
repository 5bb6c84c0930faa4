"""One crawl of one source in this process: `python -m crawlers.crawl NAME --out FILE --state DIR`."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess

from crawlers.cache import prune_cache
from crawlers.discovery import find_source
from crawlers.keys import require_keys
from crawlers.output import CrawlStats, read_stats, stats_path
from crawlers.redact import RedactingFormatter
from crawlers.rsshub import is_route, start_address
from crawlers.source import Source
from schemas.errors import ReadError

log = logging.getLogger(__name__)

# What these say of a failed download, our own line says shorter.
_QUIET = ("scrapy.downloadermiddlewares.", "scrapy.core.downloader", "scrapy.core.scraper")
# What is under way when the time is up is waited for, so it must not take long.
_LAST_SHARE = 1 / 6
OK, FAILED, WRONG_USE, QUARANTINE = 0, 1, 2, 3
# Files, data: and ftp are no public pages.
_HANDLERS: dict[str, str | None] = {
    **dict.fromkeys(("http", "https"), "crawlers.download.DownloadHandler"),
    **dict.fromkeys(("file", "data", "ftp", "s3")),
}
_MIDDLEWARES: dict[str, int | None] = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawlers.robots.StrictRobots": 100,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "crawlers.retry.BackoffRetry": 550,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "crawlers.download.Unpacking": 590,
    "crawlers.network.PublicNetworkOnly": 760,
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
    "crawlers.cache.RevalidatingCache": 900,
}


def crawl_source(
    name: str, out: Path, state: Path, sources: Path | None, time_limit: float, limit: int = 0
) -> CrawlStats:
    """Crawl one source to its end and return its counts. Starts the reactor: only once in a process.

    Writes records to `out`, and `out` with `.quarantine.jsonl`, `.done.jsonl` and `.stats.json`; `state`
    keeps the HTTP cache and the journal. With a `limit` it stops after so many records. Raises ReadError
    for a source that is not there or whose file is not right.
    """
    found = find_source(name, sources)
    require_keys(found.source)
    start_address(found.source)  # a route without a mirror is wrong use, said before anything is fetched
    out.parent.mkdir(parents=True, exist_ok=True)
    stats_path(out).unlink(missing_ok=True)
    prune_cache(state / "httpcache")
    settings = crawl_settings(found.source, out, state, time_limit)
    process = AsyncCrawlerProcess({**settings, **(_limited(limit) if limit else {})})
    process.crawl(found.spider)
    process.start()
    return read_stats(stats_path(out))


def crawl_settings(source: Source, out: Path, state: Path, time_limit: float) -> dict[str, Any]:
    """Scrapy's settings for a source: polite, bounded, conditional, and closed to private networks."""
    return {
        **_identity(),
        **_limits(source, time_limit),
        **_cache(state),
        "QIANSHAO_OUT": str(out.resolve()),
        "QIANSHAO_STATE": str(state.resolve()),
        "QIANSHAO_TRUSTED": start_address(source) if source.allow_private or is_route(source) else None,
        "ITEM_PIPELINES": {"crawlers.output.RecordWriter": 100},
        "DOWNLOADER_MIDDLEWARES": _MIDDLEWARES,
        "DOWNLOAD_HANDLERS": _HANDLERS,
        "TWISTED_DNS_RESOLVER": "crawlers.network.PublicResolver",
        "COOKIES_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "LOG_LEVEL": "WARNING",
        "LOG_INSTALL_ROOT_HANDLER": False,
        "RETRY_GIVE_UP_LOG_LEVEL": "DEBUG",
    }


def _identity() -> dict[str, Any]:
    contact = os.environ.get("QIANSHAO_CONTACT", "").strip()
    told = f"; {contact}" if contact.isascii() and contact.isprintable() and contact else ""
    return {
        "USER_AGENT": f"Qianshao/{version('qianshao')} (public opinion early warning{told})",
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": "Qianshao",
        "DEFAULT_REQUEST_HEADERS": {"Accept": "*/*;q=0.8", "Accept-Language": "zh-CN,zh;q=0.9"},
    }


def _limits(source: Source, time_limit: float) -> dict[str, Any]:
    return {
        "DOWNLOAD_DELAY": source.delay,
        "AUTOTHROTTLE_ENABLED": source.delay > 0,
        "AUTOTHROTTLE_START_DELAY": source.delay,
        "AUTOTHROTTLE_MAX_DELAY": 60.0,
        "DOWNLOAD_TIMEOUT": min(source.timeout, time_limit * _LAST_SHARE),
        "DOWNLOAD_MAXSIZE": source.max_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DNS_TIMEOUT": source.timeout,
        "RETRY_TIMES": source.retries,
        "RETRY_WAIT": source.retry_wait,
        "RETRY_LONGEST": min(60.0, time_limit * _LAST_SHARE),
        "REDIRECT_MAX_TIMES": 5,
        # Both: on asyncio, Scrapy 2.19 lets more through where only the bound a domain is set.
        "CONCURRENT_REQUESTS": 4,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 4,
        # Our pipeline waits for nothing: more workers would be made for every page, and do nothing.
        "CONCURRENT_ITEMS": 1,
        # In the order of the lists, newest first: a crawl that is cut short has what matters most.
        "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
        "CLOSESPIDER_TIMEOUT": time_limit,
    }


def _limited(limit: int) -> dict[str, Any]:
    # What is under way when the crawl stops is waited for, so there must be little of it.
    return {"CLOSESPIDER_ITEMCOUNT": limit, "CONCURRENT_REQUESTS": 2}


def _cache(state: Path) -> dict[str, Any]:
    return {
        "HTTPCACHE_ENABLED": True,
        "HTTPCACHE_DIR": str((state / "httpcache").resolve()),
        "HTTPCACHE_POLICY": "crawlers.cache.RevalidatePolicy",
    }


def exit_code(stats: CrawlStats) -> int:
    """1 for a crawl that failed or saw too few, 3 for one that put something aside, else 0."""
    if stats.status in {"failed", "too_few"}:
        return FAILED
    return QUARANTINE if stats.quarantined else OK


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, handlers=[_log_handler()])
    try:
        stats = crawl_source(
            options.name, options.out, options.state, options.sources, options.time_limit, options.limit
        )
    except ReadError as error:
        log.error("%s", error)  # noqa: TRY400 - the line says all; a traceback would bury it
        return WRONG_USE
    report = log.info if stats.status == "ok" else log.warning
    report(
        "%s %s：%s 条，隔离 %s 条 %s", stats.source, stats.status, stats.records, stats.quarantined, stats.why
    )
    return exit_code(stats)


def _log_handler() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    # Scrapy sets the levels of its own loggers, so they are held back here.
    handler.addFilter(_is_news)
    return handler


def _is_news(record: logging.LogRecord) -> bool:
    return record.name == log.name or (
        record.levelno >= logging.WARNING and not record.name.startswith(_QUIET)
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m crawlers.crawl", description="抓取一个来源一次")
    parser.add_argument("name", help="来源名称，即文件名")
    parser.add_argument("--out", type=Path, required=True, help="写入记录的 JSONL 文件")
    parser.add_argument("--state", type=Path, required=True, help="HTTP 缓存和已读网页所在的文件夹")
    parser.add_argument("--sources", type=Path, help="另有来源文件的文件夹")
    parser.add_argument("--limit", type=int, default=0, help="取够这么多条就停；0 为不限")
    parser.add_argument("--time-limit", type=float, default=3600.0, help="到时收尾，秒")
    return parser


if __name__ == "__main__":
    sys.exit(main())
