"""Import the reports in a mailbox: each mail a record, each table in it imported through the mapping."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from crawlers.hotline.mails import MailReader, write_mail
from crawlers.hotline.mapping import Mapping
from crawlers.reasons import reason_of
from pipeline.imap import Folder, Letter, open_folder
from pipeline.jobs.imports import ImportReport, UnknownValuesError, import_hotline, mapping_of, note_run
from pipeline.jobs.store import store_posts
from pipeline.rooms import Rooms
from schemas.errors import ReadError, Where
from schemas.records import Quarantined, RawPost
from schemas.times import SHANGHAI
from stores.database.meta import get_meta, set_meta

LONGEST = 25_000_000
# Of a mail that is longer than that, this much goes into quarantine.
_HEAD = 65_536
# Mails whose records are stored at once.
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class MailboxReport:
    """What a mailbox brought: the mails as if they were a table, each table in them, and why the mails in
    `left` wait for the next import."""

    imported: tuple[ImportReport, ...]
    left: tuple[str, ...]


@dataclass(slots=True)
class _Batch:
    """Mails that were read and are not stored yet. `tables` are files, each with its mail's number."""

    uids: list[int] = field(default_factory=list)
    posts: list[RawPost] = field(default_factory=list)
    aside: list[Quarantined] = field(default_factory=list)
    tables: list[tuple[int, Path]] = field(default_factory=list)


@dataclass(slots=True)
class _Mark:
    """How far a folder was read: the last number under a validity, and earlier mails that were left."""

    validity: int = 0
    uid: int = 0
    left: list[int] = field(default_factory=list)


def import_mailbox(rooms: Rooms, mapping: str | Path, *, allow_unknown: bool = False) -> MailboxReport:
    """Import what came into the folder that the settings name since the last import. Nothing in it is
    changed, unless the settings say that mails are marked as read.

    A mail is done when its record and its tables are stored; a crash before that reads it again, which
    changes nothing. One with a table that cannot be imported as a whole is left, with the reason, and tried
    again.
    Raises ReadError for wrong settings and where the server refuses or breaks off.
    """
    loaded, now = mapping_of(mapping), datetime.now(SHANGHAI)
    reports, left, totals = list[ImportReport](), list[str](), _Totals()
    with open_folder(rooms.settings) as folder:
        key = f"mailbox/{loaded.source}/{folder.where}"
        mark = _read_mark(rooms, key, folder)
        waiting, mark.left = mark.left, []
        for uids in _in_batches(chain(waiting, folder.numbers(mark.uid))):
            with TemporaryDirectory(dir=rooms.settings.home, prefix="mailbox-") as place:
                batch = _read_batch(rooms, folder, uids, loaded, Path(place))
                totals.add(batch, store_posts(rooms, batch.posts).new)
                rooms.quarantine(batch.aside)
                for uid, path in batch.tables:
                    try:
                        reports.append(import_hotline(rooms, path, mapping, allow_unknown=allow_unknown))
                    except (UnknownValuesError, ReadError) as error:
                        left.append(f"邮件 {uid} 的附件 {error}")
                        mark.left = sorted({*mark.left, uid})
            mark.uid = max(mark.uid, *uids)
            _save_mark(rooms, key, mark)
            if rooms.settings.mailbox_mark_read:
                folder.mark_read([uid for uid in batch.uids if uid not in mark.left])
    report = totals.report(rooms.settings.mailbox_folder)
    note_run(rooms, loaded, report, now)
    return MailboxReport((report, *reports), tuple(left))


@dataclass(slots=True)
class _Totals:
    rows: int = 0
    read: int = 0
    new: int = 0
    reasons: list[str] = field(default_factory=list)

    def add(self, batch: _Batch, new: int) -> None:
        self.rows += len(batch.uids)
        self.read += len(batch.uids) - len(batch.aside)
        self.new += new
        self.reasons += [one.reason for one in batch.aside]

    def report(self, folder: str) -> ImportReport:
        return ImportReport(
            f"邮箱 {folder}",
            self.rows,
            self.read,
            self.new,
            len(self.reasons),
            (),
            tuple(self.reasons[:100]),
            refusals=dict(Counter(map(reason_of, self.reasons))),
        )


def _read_batch(rooms: Rooms, folder: Folder, uids: list[int], mapping: Mapping, place: Path) -> _Batch:
    batch, now = _Batch(), datetime.now(SHANGHAI)
    reader = MailReader(mapping.source, mapping.district, rooms.settings.author_secret())
    for uid in uids:
        letter = folder.read(uid, longest=LONGEST)
        if letter is None:
            continue
        batch.uids.append(uid)
        where = Where(str(folder.where), uid)
        try:
            _check_size(letter, where)
            mail = reader.read(letter.raw, where, received=letter.received, fetched_at=now)
        except ReadError as error:
            batch.aside.append(_put_aside(letter, where, error, mapping))
            continue
        batch.posts += [mail.post] if mail.post is not None else []
        for number, table in enumerate(mail.tables):
            path = place / f"邮件{uid}-{number}" / table.name
            path.parent.mkdir()
            path.write_bytes(table.content)
            batch.tables.append((uid, path))
    return batch


def _check_size(letter: Letter, where: Where) -> None:
    if letter.size > LONGEST:
        raise ReadError(where, "邮件", f"{letter.size} 字节", f"不超过 {LONGEST} 字节")


def _put_aside(letter: Letter, where: Where, error: ReadError, mapping: Mapping) -> Quarantined:
    raw = letter.raw if letter.size <= LONGEST else letter.raw[:_HEAD]
    reader = write_mail(mapping.file, letter.received)
    return Quarantined(mapping.source, str(where), str(error), raw, datetime.now(SHANGHAI), reader)


def _in_batches(uids: Iterator[int]) -> Iterator[list[int]]:
    while batch := list(islice(uids, _AT_ONCE)):
        yield batch


def _read_mark(rooms: Rooms, key: str, folder: Folder) -> _Mark:
    """How far the folder was read; under another validity its numbers say nothing, and all is read again."""
    with rooms.database.read() as db:
        told = get_meta(db, key)
    mark = _Mark(folder.validity) if told is None else _Mark(**orjson.loads(told))
    return mark if mark.validity == folder.validity else _Mark(folder.validity)


def _save_mark(rooms: Rooms, key: str, mark: _Mark) -> None:
    with rooms.database.begin() as db:
        set_meta(db, key, orjson.dumps(mark).decode())
