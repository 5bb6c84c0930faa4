"""Quarantine: what waits and why; a record put right goes back through its own reader into the raw zone."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from cssselect import SelectorError
from sqlalchemy import Connection

from crawlers.discovery import SourceFile, find_source
from crawlers.hotline.mails import MAIL, reread_mail
from crawlers.hotline.refused import read_row, reread_row, set_cells, set_line, write_row
from crawlers.page import Page
from crawlers.reasons import reason_of
from crawlers.sensors.tables import fields_of_row, reread_readings
from pipeline.jobs.measured import store_readings
from pipeline.jobs.store import store_posts
from pipeline.rejected import WAITS, is_rejected, let_wait
from pipeline.remedies import is_unfetched
from pipeline.rooms import Rooms
from schemas.codec import decode
from schemas.errors import ReadError, Where
from schemas.records import Quarantined, RawPost
from schemas.times import SHANGHAI
from stores.database.quarantine import (
    DROPPED,
    OPEN,
    REPLAYED,
    Kept,
    find_quarantined,
    fix_quarantined,
    list_quarantine,
    settle_quarantined,
)

COLLECTING, FETCHED = "采集", "后来取到了"
STATES_ZH = {OPEN: "待处理", REPLAYED: "已重放", DROPPED: "已放弃"}
Row = Mapping[str, object]
_PLACE = Where("隔离区")
# A line of a part file in the raw zone.
_PART = re.compile(r".+/\d{4}-\d\d-\d\d/[0-9a-f]{12}\.jsonl\.gz:(?P<line>\d+)")
# What follows says which value it was; the kind of a reason leaves that out.
_VALUE = re.compile(r" = .*?(?=：应为)", re.DOTALL)
_LONGEST_KIND = 60
_BY_ZH = {"source": "来源", "reason": "原因"}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records are meant; None leaves a condition out. `reason` is a part of the reason's text."""

    state: str | None = OPEN
    source: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay did: records read, how many of them were new, and why the others go on waiting."""

    replayed: int
    new: int
    waiting: Mapping[str, str]

    def line(self) -> str:
        """One line for the terminal."""
        return f"重放：读懂 {self.replayed} 条，新 {self.new} 条，仍读不懂 {len(self.waiting)} 条"


def kind_of_reason(record: Quarantined) -> str:
    """The reason without place and value, so that equal mistakes count together.

    >>> from datetime import UTC
    >>> at = datetime(2026, 2, 1, tzinfo=UTC)
    >>> kind_of_reason(Quarantined("热线", "a.csv:3", "a.csv:3: 状态 = '转办'：应为 办结 之一", b"", at))
    '状态：应为 办结 之一'
    """
    kind = _VALUE.sub("", record.reason.removeprefix(f"{record.where}: "), count=1)
    return kind if len(kind) <= _LONGEST_KIND else f"{kind[: _LONGEST_KIND - 1]}…"


def count_by(rooms: Rooms, wanted: Filter, by: str) -> list[Row]:
    """How many records there are by `source` or by the word for the `reason`, since when the oldest and until
    when the newest, the most frequent first."""
    times: dict[str, list[datetime]] = {}
    with rooms.database.read() as db:
        for kept in _listed(db, wanted):
            key = kept.record.source if by == "source" else reason_of(kept.record.reason)
            times.setdefault(key, []).append(kept.record.at)
    ranked = sorted(times.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        {_BY_ZH[by]: key, "条数": len(at), "最早": _shown(min(at)), "最近": _shown(max(at))}
        for key, at in ranked
    ]


def count_rows(rooms: Rooms, wanted: Filter) -> list[Row]:
    """How many records there are by source and kind of reason, the most frequent first."""
    with rooms.database.read() as db:
        counts = Counter((kept.record.source, kind_of_reason(kept.record)) for kept in _listed(db, wanted))
    return [{"来源": source, "原因": kind, "条数": number} for (source, kind), number in counts.most_common()]


def list_rows(rooms: Rooms, wanted: Filter, size: int) -> list[Row]:
    """The newest `size` records."""
    with rooms.database.read() as db:
        found = list(_listed(db, wanted))[-size:]
    return [
        {
            "编号": kept.id,
            "来源": kept.record.source,
            "位置": kept.record.where,
            "原因": kept.record.reason,
            "时间": _shown(kept.record.at),
            "状态": f"{STATES_ZH[kept.state]}{'（已改）' if kept.fixed and kept.state == OPEN else ''}",
        }
        for kept in found
    ]


def show_record(rooms: Rooms, key: str) -> Row:
    """All that is kept of one record; bytes that are no UTF-8 escaped. Raises ReadError for an unknown id."""
    kept = _find(rooms, key)
    record = kept.record
    shown: dict[str, object] = {
        "编号": kept.id,
        "来源": record.source,
        "位置": record.where,
        "原因": record.reason,
        "时间": _shown(record.at),
        "状态": STATES_ZH[kept.state],
    }
    if kept.settled is not None:
        shown |= {"经手": kept.who, "经手时间": _shown(kept.settled), "说明": kept.note}
    if _is_row(record):
        shown["单元格"] = _cells(record.reader)
    if kept.fixed is not None:
        shown["改为"] = _cells(kept.fixed.decode()) if _is_row(record) else _text(kept.fixed)
    return {**shown, "原文": _text(record.raw)}


def fix_record(
    rooms: Rooms, key: str, changes: Mapping[str, str], raw: bytes | None, *, who: str, now: datetime
) -> None:
    """Change fields of a record or replace its bytes; it goes on waiting until it is replayed.

    A table's row is changed by column or field, a JSON record by key (`origin.url`); `raw` is one line of a
    row's table in UTF-8, or the whole record or page. Raises ReadError for what does not fit.
    """
    kept = _find(rooms, key)
    fixed = _fixed_row(kept, changes, raw) if _is_row(kept.record) else _fixed_bytes(kept, changes, raw)
    with rooms.database.begin() as db:
        if not fix_quarantined(db, key, fixed, who, now):
            raise ReadError(_PLACE, "状态", STATES_ZH[kept.state], STATES_ZH[OPEN])


def drop_record(rooms: Rooms, key: str, *, who: str, why: str, now: datetime) -> None:
    """Give a record up; it stays with the name and the reason. Raises ReadError where it no longer waits."""
    kept = _find(rooms, key)
    with rooms.database.begin() as db:
        if not settle_quarantined(db, key, DROPPED, who, now, why):
            raise ReadError(_PLACE, "状态", STATES_ZH[kept.state], STATES_ZH[OPEN])


def settle_fetched(rooms: Rooms, source: str, urls: Collection[str], now: datetime) -> int:
    """Close the records that only say that a page of a source was not fetched, where it now was: `urls` as
    quarantine shows them. Returns how many."""
    with rooms.database.begin() as db:
        waiting = [
            kept.id
            for kept in list_quarantine(db, state=OPEN, source=source)
            if kept.record.where in urls and is_unfetched(reason_of(kept.record.reason))
        ]
        return sum(settle_quarantined(db, key, REPLAYED, COLLECTING, now, FETCHED) for key in waiting)


def replay_records(rooms: Rooms, wanted: Filter | str, *, who: str, now: datetime) -> ReplayReport:
    """Read records again, one by its id or all that a filter names. What is read goes into the raw zone and
    is closed; what is still wrong goes on waiting. Raises ReadError for an unknown id.

    A record is stored before it is closed: a crash between the two stores nothing twice.
    """
    if isinstance(wanted, str):
        chosen = [_find(rooms, wanted)]
    else:
        with rooms.database.read() as db:
            chosen = list(_listed(db, replace(wanted, state=OPEN)))
    read, new, waiting = 0, 0, dict[str, str]()
    for kept in chosen:
        try:
            new += _take_again(rooms, kept, who=who, now=now)
        except ReadError as error:
            waiting[kept.id] = str(error)
        else:
            read += 1
    return ReplayReport(read, new, waiting)


def _take_again(rooms: Rooms, kept: Kept, *, who: str, now: datetime) -> int:
    """Read one record again and close it; how many posts of it were new. Raises ReadError."""
    if is_rejected(kept.record):
        with rooms.database.begin() as db:
            if settle_quarantined(db, kept.id, REPLAYED, who, now, WAITS):
                let_wait(db, kept.record)
        return 0
    new = _store_again(rooms, kept, now)
    with rooms.database.begin() as db:
        settle_quarantined(db, kept.id, REPLAYED, who, now)
    return new


def _store_again(rooms: Rooms, kept: Kept, now: datetime) -> int:
    record = kept.record
    if kept.state == OPEN and _is_row(record):
        told = record.reader if kept.fixed is None else kept.fixed.decode()
        readings = reread_readings(replace(record, reader=told), rooms.knowledge.stations, now)
        if readings is not None:
            stored = store_readings(rooms, readings, now)
            return stored.new + stored.corrected
    return store_posts(rooms, read_again(rooms, kept, now)).new


def read_again(rooms: Rooms, kept: Kept, now: datetime) -> list[RawPost]:
    """What the record's own reader makes of it, as fetched at `now`.

    Raises ReadError where it is still wrong, and for a record that has no reader.
    """
    record = kept.record
    if kept.state != OPEN:
        raise ReadError(_PLACE, "状态", STATES_ZH[kept.state], STATES_ZH[OPEN])
    if _is_row(record):
        told = record.reader if kept.fixed is None else kept.fixed.decode()
        key = rooms.settings.author_secret()
        return [reread_row(replace(record, reader=told), now=now, author_key=key)]
    body = record.raw if kept.fixed is None else kept.fixed
    if record.reader:
        return [reread_mail(record, body, now=now, author_key=rooms.settings.author_secret())]
    if match := _PART.fullmatch(record.where):
        path = record.where.rpartition(":")[0]
        return [decode(RawPost, body, Where(path, int(match["line"])))]
    return _read_page(find_source(record.source, rooms.settings.sources), record, body)


def _is_row(record: Quarantined) -> bool:
    """Whether it is a row of a table; the other records with a reader are mails."""
    return bool(record.reader) and not record.reader.startswith(MAIL)


def _read_page(found: SourceFile, record: Quarantined, body: bytes) -> list[RawPost]:
    """The records of a page, by the first of the source's readers that finds any."""
    page, spider = Page(found.source, record.where, body, record.at, "", None), found.spider()
    refused = ReadError(page.where, "网页", body[:40], "读得出记录的网页")
    for reader in spider.readers:
        try:
            items = list(getattr(spider, f"read_{reader}")(page))
        except ReadError as error:
            refused = error
            continue
        except SelectorError:  # the source has no pages of this kind, and so no selectors for them
            continue
        posts = [item for item in items if isinstance(item, RawPost)]
        if posts and not any(isinstance(item, Quarantined) for item in items):
            return posts
    raise refused


def _fixed_row(kept: Kept, changes: Mapping[str, str], raw: bytes | None) -> bytes:
    context = read_row(kept.record.reader if kept.fixed is None else kept.fixed.decode())
    if raw is not None:
        context = set_line(context, _utf8(raw))
    if changes:
        context = set_cells(context, dict(changes), fields_of_row(context))
    return write_row(context).encode()


def _fixed_bytes(kept: Kept, changes: Mapping[str, str], raw: bytes | None) -> bytes:
    body = next(one for one in (raw, kept.fixed, kept.record.raw) if one is not None)
    if not changes:
        return body
    try:
        found = orjson.loads(body)
        for name, value in changes.items():
            _set_key(found, name, value)
    except (ValueError, TypeError, KeyError) as error:
        raise ReadError(_PLACE, "--set", "、".join(changes), "JSON 记录已有的键；网页用 --raw") from error
    return orjson.dumps(found)


def _set_key(found: dict[str, Any], name: str, value: str) -> None:
    *above, last = name.split(".")
    for key in above:
        found = found[key]
    found[last] = value


def _find(rooms: Rooms, key: str) -> Kept:
    with rooms.database.read() as db:
        kept = find_quarantined(db, key)
    if kept is None:
        raise ReadError(_PLACE, "编号", key, "quarantine list 列出的一个编号")
    return kept


def _listed(db: Connection, wanted: Filter) -> Iterator[Kept]:
    return list_quarantine(db, state=wanted.state, source=wanted.source, reason=wanted.reason)


def _cells(told: str) -> object:
    context = read_row(told)
    return None if context.cells is None else dict(zip(context.names, context.cells, strict=False))


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadError(_PLACE, "--raw", raw[:16], "UTF-8") from error


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="backslashreplace")


def _shown(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(sep=" ", timespec="seconds")
