"""Fetches single pages, as politely as a crawl: for the drafting of a source and its golden pages."""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.crawl import crawl_settings
from crawlers.keys import require_keys
from crawlers.page import Page
from crawlers.redact import redact
from crawlers.source import Count, Key, Source
from crawlers.spiders.base import SourceSpider
from schemas.errors import ReadError, Where

TIME_LIMIT = 120.0
_INDEX = "pages.jsonl"


def probe_source(url: str, *, allow_private: bool) -> Source:
    """A source that stands for an address nobody has written a file for."""
    return Source("probe_page", "-", "feed", url, "1h", Count(0, 1), delay=0.5, allow_private=allow_private)


def fetch_pages(
    source: Source, urls: Sequence[str], variables: Mapping[str, str] | None = None
) -> list[Page]:
    """The pages of these addresses, in a process of their own, under the source's limits and zone.

    `variables` are settings it needs, its keys among them.

    Raises ReadError for the first that cannot be had, with the reason.
    """
    with tempfile.TemporaryDirectory() as folder:
        _run(source, urls, Path(folder), variables or {})
        rows = _read_rows(Path(folder))
        return [_page(source, url, rows.get(url), Path(folder)) for url in urls]


def _run(source: Source, urls: Sequence[str], folder: Path, variables: Mapping[str, str]) -> None:
    fields = ("url", "allow_private", "timeout", "delay", "max_bytes")
    options = {name: getattr(source, name) for name in fields}
    asked = json.dumps(
        {"urls": list(urls), "source": options, "needs": [asdict(key) for key in source.needs]}
    )
    command = [sys.executable, "-m", "crawlers.fetch", str(folder), asked]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, timeout=TIME_LIMIT * 2, env={**os.environ, **variables}, check=False
    )
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ReadError(Where(redact(urls[0])), "取网页", redact(told[-1] if told else ""), "可以取到的网页")


def _read_rows(folder: Path) -> dict[str, dict[str, Any]]:
    index = folder / _INDEX
    lines = index.read_bytes().splitlines() if index.exists() else []
    return {row["asked"]: row for row in map(orjson.loads, lines)}


def _page(source: Source, url: str, row: dict[str, Any] | None, folder: Path) -> Page:
    reason = "没有回应" if row is None else row.get("reason", "")
    if row is None or reason:
        raise ReadError(Where(redact(url)), "取网页", reason, "可以取到的网页")
    now = datetime.fromisoformat(row["at"])
    return Page(source, row["url"], (folder / row["file"]).read_bytes(), now, row["content_type"])


class Probe(SourceSpider):
    """Writes every page it is given into a folder, and a line for each into the index there."""

    name = "probe_page"
    source = probe_source("http://probe.invalid/", allow_private=False)
    folder = Path()
    urls: tuple[str, ...] = ()

    async def start(self) -> AsyncIterator[Any]:
        """A request for every address."""
        for url in self.urls:
            yield self.ask(url, "start").replace(
                callback=self.on_probe, meta={"asked": url, "reader": "start"}
            )

    def on_probe(self, response: Response) -> None:
        """Keep one page."""
        page, asked = self.page(response), response.meta["asked"]
        file = f"{self.urls.index(asked)}.page"
        (self.folder / file).write_bytes(page.body)
        told = {"url": page.url, "file": file, "content_type": page.content_type, "at": page.now}
        self._note({"asked": asked, **told})

    def on_failure(self, failure: Failure) -> Iterator[Any]:
        """Keep the reason why there is none."""
        asked = failure.request.meta["asked"]  # type: ignore[attr-defined]
        for item in super().on_failure(failure):
            self._note({"asked": asked, "reason": item.reason})
        yield from ()

    def _note(self, row: dict[str, Any]) -> None:
        with (self.folder / _INDEX).open("ab") as index:
            index.write(orjson.dumps(row) + b"\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line that `fetch_pages` starts; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m crawlers.fetch", description="取几个网页")
    parser.add_argument("folder", type=Path)
    parser.add_argument("asked", help="JSON：urls 和 source 的设置")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.ERROR)
    asked = json.loads(options.asked)
    needs = tuple(Key(**key) for key in asked["needs"])
    source = replace(Probe.source, needs=needs, **asked["source"])
    require_keys(source)
    settings = crawl_settings(source, options.folder / "out", options.folder / "state", TIME_LIMIT)
    process = AsyncCrawlerProcess({**settings, "ITEM_PIPELINES": {}, "HTTPCACHE_ENABLED": False})
    spider = type(
        "Probing", (Probe,), {"source": source, "folder": options.folder, "urls": tuple(asked["urls"])}
    )
    process.crawl(spider)
    process.start()
    return 0


if __name__ == "__main__":
    sys.exit(main())
