"""Coverage: what was not collected, why and what to do; then what each source brought on each day."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from crawlers.discovery import read_sources
from crawlers.reasons import reason_of
from crawlers.source import Source
from pipeline.remedies import is_unfetched, remedy_of
from pipeline.rooms import Rooms
from schemas.times import SHANGHAI
from stores.database.coverage import (
    CLOSED,
    LOST,
    OPEN,
    Gap,
    SourceDay,
    SourceRun,
    last_runs,
    last_successes,
    list_gaps,
    publishers,
    runs_since,
    split_by_day,
)
from stores.database.quarantine import waiting_reasons
from stores.documents import RUN_ZH, coverage_document

Row = Mapping[str, object]
# A source is late when nothing has succeeded for so many of its intervals.
LATE = 2
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that was not collected: of which source, since when, why, and what an operator does about it.
    `what` is one of the Chinese words that `missing_of` gives; the gravest come first."""

    source: str
    publisher: str
    what: str
    since: datetime | None
    why: str
    remedy: str
    rank: int

    def row(self) -> Row:
        """For the terminal."""
        return {
            "来源": _named(self.source, self.publisher),
            "缺什么": self.what,
            "从何时": _shown(self.since) if self.since else "—",
            "为什么": self.why,
            "怎么办": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was not collected, and the days of every source, newest first."""

    missing: tuple[Missing, ...]
    days: tuple[SourceDay, ...]
    sources: Mapping[str, Source]
    publishers: Mapping[str, str]
    now: datetime

    def day_rows(self) -> list[Row]:
        """The days for the terminal."""
        return [self._day_row(day) for day in self.days]

    def documents(self) -> dict[str, object]:
        """The same for machines; the days as the coverage index has them."""
        told = [
            {
                "source": one.source,
                "publisher": one.publisher,
                "what": one.what,
                "since": one.since,
                "why": one.why,
                "remedy": one.remedy,
            }
            for one in self.missing
        ]
        return {"missing": told, "days": [coverage_document(day) for day in self.days]}

    def _day_row(self, day: SourceDay) -> Row:
        source = self.sources.get(day.source)
        last = day.last_success
        return {
            "日期": f"{day.day:%m-%d}",
            "来源": _named(day.source, self.publishers.get(day.source, "")),
            "状态": RUN_ZH[day.status],
            "次数": f"{len(day.runs)}{_due(source, day.day, self.now)}",
            "每次应有": f"{source.expect.min}–{source.expect.max}" if source else "",
            "取得": day.total("fetched"),
            "新": day.total("new"),
            "重复": day.total("seen"),
            "没取到": _counted(day.reasons("failures")) or day.total("failed") or "",
            "读不懂": _counted(day.reasons("refusals")) or day.total("quarantined") or "",
            "最后成功": f"{last.astimezone(SHANGHAI):%H:%M}" if last else "没有",
            "断档": "；".join(tell_gap(gap) for gap in day.gaps),
        }


def cover_sources(rooms: Rooms, now: datetime, *, days: int = 7, source: str | None = None) -> Coverage:
    """The coverage of the last days, of all sources that are switched on or have run, or of one."""
    found, errors = read_sources(rooms.settings.sources)
    sources = {one.name: one for one in found if one.enabled and source in (None, one.name)}
    start = datetime.combine(
        (now - (days - 1) * _DAY).astimezone(SHANGHAI).date(), datetime.min.time(), SHANGHAI
    )
    with rooms.database.read() as db:
        names = publishers(db) | {one.name: one.publisher for one in found}
        runs = [run for run in runs_since(db, start) if source in (None, run.source)]
        gaps = [gap for gap in list_gaps(db, source) if gap.until >= start]
        latest, successes = last_runs(db), last_successes(db)
        waiting = [one for one in waiting_reasons(db) if source in (None, one[0])]
    missing = [
        *(
            Missing("", "", "源文件写错", None, str(error), "改好源文件，qianshao sources check", 0)
            for error in errors
        ),
        *(late for one in sources.values() for late in _late(one, latest, successes, now)),
        *_gaps(gaps, names),
        *_unsound(runs, latest, sources, names),
        *_waiting(waiting, names),
    ]
    missing.sort(key=lambda one: (one.rank, one.source))
    return Coverage(
        tuple(missing), tuple(_days(runs, gaps, sources, latest, start, now)), sources, names, now
    )


def tell_gap(gap: Gap) -> str:
    """A gap in a few words: 07-08 14:00 至 07-10 09:00 待补（试过 2 次）."""
    words = {OPEN: f"待补（试过 {gap.tries} 次）", CLOSED: "已补回", LOST: "补不回"}
    return f"{_shown(gap.since)} 至 {_shown(gap.until)} {words[gap.state]}"


def is_late(source: Source, last_success: datetime | None, now: datetime) -> bool:
    """Whether a source has not succeeded for longer than its schedule lets expect."""
    return last_success is None or now - last_success > LATE * source.interval


def _late(
    source: Source, latest: Mapping[str, SourceRun], successes: Mapping[str, datetime], now: datetime
) -> Iterator[Missing]:
    """A source that is switched on and has not succeeded in its time, or never."""
    run, success = latest.get(source.name), successes.get(source.name)
    name = source.name
    if run is None:
        remedy = f"看定时任务是否在跑；qianshao run --source {name}"
        yield Missing(name, source.publisher, "从未采集", None, "没有运行过", remedy, 1)
    elif is_late(source, success, now):
        reason = next(iter(run.failures), "")
        why = f"最近一次（{_shown(run.started)}）：{run.note or reason or RUN_ZH[run.status]}"
        if run.succeeded:
            why, remedy = "没有再运行过", f"看定时任务是否在跑；qianshao run --source {name}"
        else:
            remedy = remedy_of(reason or _main(run.refusals), name)
        yield Missing(name, source.publisher, "没有采到", success, why, remedy, 1)


def _gaps(gaps: Iterable[Gap], names: Mapping[str, str]) -> Iterator[Missing]:
    for gap in gaps:
        name, publisher = gap.source, names.get(gap.source, "")
        if gap.state == LOST:
            remedy = "到来源网页上查这段时间，重要的人工补录；以后让这个源采得勤些（every、pages）"
            yield Missing(
                name, publisher, "断档，补不回", gap.since, f"{tell_gap(gap)}：{gap.note}", remedy, 2
            )
        elif gap.state == OPEN:
            remedy = f"下次采集会往回补；等不及就 qianshao run --source {name}"
            yield Missing(
                name, publisher, "断档，待补", gap.since, f"{tell_gap(gap)}：{gap.reason}", remedy, 3
            )


def _unsound(
    runs: Iterable[SourceRun],
    latest: Mapping[str, SourceRun],
    sources: Mapping[str, Source],
    names: Mapping[str, str],
) -> Iterator[Missing]:
    """Pages that the last run could not fetch, by source and reason, with what failed so in these days; last
    runs that were too small."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    first: dict[tuple[str, str], datetime] = {}
    for run in runs:
        counts[run.source].update(run.failures)
        for reason in run.failures:
            first.setdefault((run.source, reason), run.started)
    for source, reasons in counts.items():
        for reason, count in reasons.most_common():
            since, what = first[source, reason], f"没取到 {count} 页"
            if reason not in latest[source].failures:  # the page came with a later run
                continue
            yield Missing(source, names.get(source, ""), what, since, reason, remedy_of(reason, source), 4)
    for source, run in latest.items():
        if source in sources and run.status == "too_few":
            remedy = f"qianshao sources try {source}，看是网站改版还是真的没有"
            yield Missing(source, names.get(source, ""), "条数偏少", run.started, run.note, remedy, 4)


def _waiting(waiting: Iterable[tuple[str, str, datetime]], names: Mapping[str, str]) -> Iterator[Missing]:
    """What waits in quarantine because it could not be read, by source and reason."""
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], datetime] = {}
    for source, reason, at in waiting:
        key = source, reason_of(reason)
        if not is_unfetched(key[1]):
            counts[key] += 1
            first[key] = min(at, first.get(key, at))
    for (source, reason), count in counts.most_common():
        what, remedy = f"隔离待处理 {count} 条", remedy_of(reason, source)
        yield Missing(source, names.get(source, ""), what, first[source, reason], reason, remedy, 5)


def _days(
    runs: Sequence[SourceRun],
    gaps: Iterable[Gap],
    sources: Mapping[str, Source],
    latest: Mapping[str, SourceRun],
    start: datetime,
    now: datetime,
) -> list[SourceDay]:
    """Every day of every source; of those switched on also the days without a run since they first ran."""
    known = {(day.source, day.day): day for day in split_by_day(runs, gaps) if day.day >= start.date()}
    for name in sources.keys() & latest.keys():
        seen = min((day for source, day in known if source == name), default=now.astimezone(SHANGHAI).date())
        while seen <= now.astimezone(SHANGHAI).date():
            known.setdefault((name, seen), SourceDay(name, seen, ()))
            seen += _DAY
    return sorted(known.values(), key=lambda day: (-day.day.toordinal(), day.source))


def _due(source: Source | None, day: date, now: datetime) -> str:
    """Of how many runs that were due on a day, as `/24`; nothing for what has no schedule."""
    if source is None:
        return ""
    begin = datetime.combine(day, datetime.min.time(), SHANGHAI)
    return f"/{max(1, int(min(now - begin, _DAY) / source.interval))}"


def _counted(reasons: Mapping[str, int]) -> str:
    return "、".join(f"{reason} {count}" for reason, count in reasons.items())


def _main(reasons: Mapping[str, int]) -> str:
    return max(reasons, key=lambda reason: reasons[reason], default="")


def _named(source: str, publisher: str) -> str:
    return f"{publisher}（{source}）" if publisher and publisher != source else source


def _shown(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%m-%d %H:%M}"
