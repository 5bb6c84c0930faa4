"""Where one crawl writes: records, quarantine and the counts that say whether it went well."""

import logging
import traceback
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Self

import orjson
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.journal import Done, done_path, encode_done
from crawlers.quarantine import encode_quarantined
from crawlers.reasons import reason_of
from crawlers.redact import redact
from crawlers.source import Count, Source
from crawlers.spiders.base import SourceSpider
from schemas.codec import encode
from schemas.errors import ReadError, Where
from schemas.records import Quarantined, RawPost

log = logging.getLogger(__name__)

# Scrapy's word for a crawl that was to stop after so many records.
ENOUGH = "closespider_itemcount"


@dataclass(frozen=True, slots=True)
class CrawlStats:
    """What one crawl did. `records` counts unchanged ones too; `failed` those put aside, by reasons.yml;
    `known` counts the pages that lists named and that earlier crawls have done, `older` those of them that
    were done before the time the crawl was to go back to; `cut` counts the lists that named more than was
    followed, or failed; `ended` is False where a limit stopped the crawl.

    `status` is ok, too_few (fails), too_many (warns) or failed (the crawl did not run to its end).
    """

    source: str
    started: datetime
    finished: datetime
    status: str
    why: str
    requests: int
    fetched: int
    not_modified: int
    records: int
    duplicates: int
    quarantined: int
    expected: Count
    failed: dict[str, int] = field(default_factory=dict)
    known: int = 0
    older: int = 0
    cut: int = 0
    ended: bool = True

    @property
    def complete(self) -> bool:
        """Whether the crawl came to the end of what the source lists, or to what was known."""
        return self.ended and not self.cut

    def encoded(self) -> bytes:
        """The stats as indented JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)


def quarantine_path(out: Path) -> Path:
    """Where the quarantine of a crawl into `out` lies."""
    return out.with_name(f"{out.name}.quarantine.jsonl")


def stats_path(out: Path) -> Path:
    """Where the counts of a crawl into `out` lie."""
    return out.with_name(f"{out.name}.stats.json")


def crawl_files(out: Path) -> tuple[Path, Path, Path]:
    """The files that a crawl into `out` writes line by line: records, quarantine, pages that are done."""
    return out, quarantine_path(out), done_path(out)


def judge_count(seen: int, expected: Count) -> tuple[str, str]:
    """Status and reason for the number of records a crawl has seen."""
    if seen < expected.min:
        return "too_few", f"只有 {seen} 条，应不少于 {expected.min} 条"
    if seen > expected.max:
        return "too_many", f"有 {seen} 条，应不多于 {expected.max} 条"
    return "ok", ""


class RecordWriter:
    """The item pipeline: writes each record once. The files get their names when the crawl is over.

    What stands in `out` is complete records only, whatever the status of the crawl. Every line is out of
    this process when the next comes, so that a kill costs none; a page is noted as done after its records.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.out = Path(crawler.settings["QIANSHAO_OUT"])
        self.seen: set[tuple[str, str]] = set()
        self.duplicates = 0
        self.failed: Counter[str] = Counter()
        self.started = datetime.now(UTC)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The writer, listening for exceptions in spiders."""
        writer = cls(crawler)
        crawler.signals.connect(writer.on_spider_error, signals.spider_error)
        crawler.signals.connect(writer.on_closed, signals.spider_closed)
        return writer

    @property
    def spider(self) -> SourceSpider:
        """The spider of the source that is crawled."""
        spider = self.crawler.spider
        if not isinstance(spider, SourceSpider):
            raise TypeError(type(spider).__name__)
        return spider

    @property
    def source(self) -> Source:
        """The source that is crawled."""
        return self.spider.source

    def open_spider(self) -> None:
        """Open the files under names that say they are not done."""
        self.records: BinaryIO = part_path(self.out).open("wb", buffering=0)
        self.quarantine: BinaryIO = part_path(quarantine_path(self.out)).open("wb", buffering=0)
        self.done: BinaryIO = part_path(done_path(self.out)).open("wb", buffering=0)

    def process_item(self, item: RawPost | Quarantined | Done) -> RawPost | Quarantined | Done:
        """Write a record, or put it aside with one line in the log."""
        if isinstance(item, Quarantined):
            self._put_aside(item)
        elif isinstance(item, Done):
            self.done.write(encode_done(item) + b"\n")
            raise DropItem("page", log_level="DEBUG")  # no record: limits and counts leave it out
        elif (key := (item.origin.id, item.origin.revision)) in self.seen:
            self.duplicates += 1
        else:
            self.seen.add(key)
            self._write(item)
        return item

    def on_spider_error(self, failure: Failure, response: Response) -> None:
        """An exception that a source's own method raised: its page is put aside."""
        reason = f"来源文件出错（{_place(failure)}）{type(failure.value).__name__}: {failure.value}"
        self._put_aside(
            Quarantined(
                self.source.name, redact(response.url), redact(reason), response.body, datetime.now(UTC)
            )
        )

    def close_spider(self) -> None:
        """Give the files their names."""
        for handle, path in zip(
            (self.records, self.quarantine, self.done), crawl_files(self.out), strict=True
        ):
            handle.close()
            part_path(path).replace(path)

    def on_closed(self, reason: str) -> None:
        """Write the counts; they come last, so that who finds them finds all."""
        stats_path(self.out).write_bytes(self._stats(reason).encoded())

    def _status(self, reason: str) -> tuple[str, str]:
        if reason == ENOUGH:
            return "ok", f"只取前 {self.crawler.settings.getint('CLOSESPIDER_ITEMCOUNT')} 条"
        if reason != "finished":
            return "failed", f"抓取没有走完：{reason}"
        seen = len(self.seen) + self._known()
        if self.failed and not seen:
            return "failed", f"没有一条能读：{self.failed.most_common(1)[0][0]}"
        return judge_count(seen, self.source.expect)

    def _known(self) -> int:
        return int(self.crawler.stats.get_value("qianshao/known", 0))

    def _stats(self, reason: str) -> CrawlStats:
        counts = self.crawler.stats
        status, why = self._status(reason)
        return CrawlStats(
            source=self.source.name,
            started=self.started,
            finished=datetime.now(UTC),
            status=status,
            why=why,
            requests=counts.get_value("downloader/request_count", 0),
            fetched=counts.get_value("qianshao/fetched", 0),
            not_modified=counts.get_value("qianshao/not_modified", 0),
            records=len(self.seen),
            duplicates=self.duplicates,
            quarantined=self.failed.total(),
            expected=self.source.expect,
            failed=dict(self.failed.most_common()),
            known=self._known(),
            older=self.spider.journal.older,
            cut=self.spider.journal.cut,
            ended=reason == "finished",
        )

    def _write(self, post: RawPost) -> None:
        try:
            line = encode(post)
        except TypeError as error:  # half a character, from a reference such as &#xD800;
            where, raw = post.origin.url or post.origin.id, post.body.encode("utf-8", "surrogatepass")
            self._put_aside(
                Quarantined(
                    self.source.name, redact(where), f"无法写成 JSON：{error}", raw, datetime.now(UTC)
                )
            )
        else:
            self.records.write(line + b"\n")

    def _put_aside(self, item: Quarantined) -> None:
        self.failed[reason_of(item.reason)] += 1
        self.quarantine.write(encode_quarantined(item) + b"\n")
        told = item.reason if item.reason.startswith(item.where) else f"{item.where}: {item.reason}"
        log.warning("%s %s", item.source, told)


def read_stats(path: Path) -> CrawlStats:
    """The counts that a crawl wrote. Raises ReadError where there are none to read."""
    try:
        row = orjson.loads(path.read_bytes())
        times = {name: datetime.fromisoformat(row[name]) for name in ("started", "finished")}
        return CrawlStats(**{**row, **times, "expected": Count(**row["expected"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ReadError(Where(str(path)), "stats", str(error), "抓取写下的统计") from error


def part_path(path: Path) -> Path:
    """The name a file has while the crawl that writes it is under way."""
    return path.with_name(f"{path.name}.part")


def _place(failure: Failure) -> str:
    """The innermost line of the exception, which is the source's own or one it called."""
    frames = traceback.extract_tb(failure.getTracebackObject())  # type: ignore[no-untyped-call]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
