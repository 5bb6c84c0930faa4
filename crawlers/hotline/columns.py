"""Blocks of rows to encoded records, a column at a time: what RowReader and encode make of the same rows."""

import re
from calendar import isleap
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import repeat
from typing import cast

import orjson

from crawlers.authors import hash_of_author
from crawlers.hotline.mapping import COUNTS, TIMES
from crawlers.hotline.reader import OWN, Column, RowReader
from crawlers.revisions import REVISED
from schemas.encoded import EncodedPosts
from schemas.errors import ReadError
from schemas.posts import digest_pairs, revise_digests

_DAY = (
    r"[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|[12][0-9]))"
)
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_LEAP = "-02-29"
# Lines of plain times by their length, and what is missing at their end.
_PLAIN = {
    16: (re.compile(rf"(?:{_DAY} {_CLOCK}\n)*"), ":00"),
    19: (re.compile(rf"(?:{_DAY} {_CLOCK}:[0-5][0-9]\n)*"), ""),
}
# How many values of one column are remembered.
_MOST = 100_000
_NULL = "null"

Cells = Sequence[Sequence[str]]
# The texts of a column to what they mean, as text: "" for a blank one, None for one that only RowReader
# can tell about.
Reading = Callable[[list[str]], list[str | None]]
Columns = dict[str, list[str]]


class _Memo(dict[str, str | None]):
    """What a function makes of each text, remembered; None where it raises ReadError."""

    def __init__(self, read: Callable[[str], str]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, text: str) -> str | None:
        if len(self) >= _MOST:
            self.clear()
        try:
            found: str | None = self.read(text) if text else ""
        except ReadError:
            found = None
        self[text] = found
        return found


class _PlainTimes:
    """Whole columns of plain times such as 2026-01-31 08:00:00, as long as the zone's offset has not changed
    since the first of them."""

    def __init__(self, reader: RowReader) -> None:
        self.first, self.offset = reader.steady_times()
        self.latest = reader.latest.isoformat(" ")

    def write(self, texts: list[str]) -> list[str] | None:
        """The times as ISO 8601 with the offset; None where one is of another form or beyond the bounds."""
        if min(texts) < self.first or max(texts) >= self.latest or len(texts[0]) not in _PLAIN:
            return None
        form, missing = _PLAIN[len(texts[0])]
        joined = "\n".join([*texts, ""])
        if form.fullmatch(joined) is None:
            return None
        if not all(isleap(int(before[-4:])) for before in joined.split(_LEAP)[:-1]):
            return None
        return joined.replace(" ", "T").replace("\n", f"{missing}{self.offset}\n").split("\n")[:-1]


class ColumnReader:
    """Reads blocks of rows by a RowReader's columns and its reading of single values, which stays the only
    one; rows that are not plainly right are left to it, so that it alone refuses and says why."""

    def __init__(self, reader: RowReader) -> None:
        self.reader, self.width = reader, len(reader.names)
        self._plain_times = _PlainTimes(reader)
        self._readings = [(column, self._reading(column)) for column in reader.columns]
        self._author = _Memo(self._hash)
        source, fetched = orjson.dumps(reader.mapping.source), orjson.dumps(reader.fetched_at)
        self._head = f'"source":{source.decode()},"fetched_at":{fetched.decode()}'
        district = reader.mapping.district
        self._district = orjson.dumps(district or None).decode()

    def read(self, cells: Cells) -> tuple[EncodedPosts, list[int]]:
        """The records of the rows that are plainly right, and the places of these rows."""
        places = [at for at, row in enumerate(cells) if len(row) == self.width]
        if len(places) != len(cells):
            places = [at for at, row in enumerate(cells) if self._is_whole(row)]
            cells = [cells[at] for at in places]
        read = {
            column: reading([row[column.at].strip() for row in cells]) for column, reading in self._readings
        }
        wrong = _wrong_rows(read, len(cells))
        right = [at for at in range(len(cells)) if at not in wrong] if wrong else range(len(cells))
        found: Columns = {
            column.field: [texts[at] or "" for at in right] if wrong else cast("list[str]", texts)
            for column, texts in read.items()
        }
        places = [places[at] for at in right] if wrong else places
        return self._encode(found, len(places)) if places else EncodedPosts(), places

    def _is_whole(self, row: Sequence[str]) -> bool:
        return len(row) == self.width or (len(row) > self.width and not "".join(row[self.width :]).strip())

    def _reading(self, column: Column) -> Reading:
        if column.field in TIMES:
            is_own = column.field in OWN
            others = _Memo(lambda text: _write_time(self._exact(column, text), is_own=is_own))
            return lambda texts: self._read_times(texts, others)
        if column.field in self.reader.mapping.values:
            # An unknown value is counted where it is refused.
            codes: dict[str, str] = {"": "", **self.reader.mapping.values[column.field]}
            return lambda texts: list(map(codes.get, texts))
        if self._is_count(column):
            counts = _Memo(lambda text: str(self._exact(column, text)))
            return lambda texts: [counts[text] for text in texts]
        return list

    def _is_count(self, column: Column) -> bool:
        return column.field in COUNTS and column.field not in self.reader.mapping.values

    def _exact(self, column: Column, text: str) -> object:
        return None if column.read is None else column.read(0, text, text)

    def _read_times(self, texts: list[str], others: _Memo) -> list[str | None]:
        told = [text for text in texts if text] if "" in texts else texts
        plain = self._plain_times.write(told) if told else []
        if plain is None:
            return [one[0] if (one := self._plain_times.write([text])) else others[text] for text in texts]
        if told is texts:
            return list(plain)
        times = iter(plain)
        return [next(times) if text else "" for text in texts]

    def _hash(self, caller: str) -> str:
        return orjson.dumps(hash_of_author(caller, self.reader.author_key)).decode()

    def _encode(self, found: Columns, number: int) -> EncodedPosts:
        blank = [""] * number
        titles, bodies = found.get("title", blank), found.get("body", blank)
        contents = digest_pairs(titles, bodies)
        named = zip(found.get("ticket", blank), found.get("url", blank), contents, strict=True)
        keys = [ticket or url or content for ticket, url, content in named]
        ids = digest_pairs(repeat(self.reader.mapping.source), keys)
        revised = [
            [f"{name}={text}" if text else "" for text in found[name]] for name in REVISED if name in found
        ]
        revisions = revise_digests(contents, *revised)
        lines = self._lines(ids, revisions, found, blank)
        return EncodedPosts(ids, revisions, [self.reader.fetched_at] * number, lines)

    def _lines(self, ids: list[str], revisions: list[str], found: Columns, blank: list[str]) -> list[bytes]:
        authors = map(self._author.__getitem__, found["caller"]) if "caller" in found else repeat(_NULL)
        return [
            (
                f'{{"origin":{{"id":"{key}","revision":"{revision}",{self._head},"published_at":{time},'
                f'"url":{url},"ticket":{ticket},"author_hash":{author or _NULL},"district":{district}}},'
                f'"title":"{title}","body":"{body}","extra":{{{extra}}}}}'
            ).encode()
            for key, revision, time, url, ticket, author, district, title, body, extra in zip(
                ids,
                revisions,
                _quote(found.get("time", blank), _NULL),
                _values(found.get("url"), _NULL),
                _values(found.get("ticket"), _NULL),
                authors,
                _values(found.get("district"), self._district),
                _bare(found.get("title", blank)),
                _bare(found.get("body", blank)),
                self._extras(found, blank),
                strict=False,
            )
        ]

    def _extras(self, found: Columns, blank: list[str]) -> Iterable[str]:
        """What stands between the braces of `extra`."""
        pieces: list[Iterable[str]] = [blank]
        for column in self.reader.columns:
            if column.field not in OWN:
                quote = "" if self._is_count(column) else '"'
                start, texts = f',"{column.field}":{quote}', _bare(found[column.field])
                pieces.append([f"{start}{text}{quote}" if text else "" for text in texts])
        return (piece[1:] for piece in map("".join, zip(*pieces, strict=True)))


def _wrong_rows(read: dict[Column, list[str | None]], number: int) -> set[int]:
    """The rows with a value that is not plainly right, without a needed one, or without any text."""
    wrong: set[int] = set()
    for column, texts in read.items():
        if (column.read is not None and None in texts) or (column.needed and "" in texts):
            wrong.update(at for at, text in enumerate(texts) if text is None or (column.needed and not text))
    told = [texts for column, texts in read.items() if column.field in {"title", "body"}]
    if all("" in texts for texts in told):
        wrong.update(at for at in range(number) if not any(texts[at] for texts in told))
    return wrong


def _write_time(found: object, *, is_own: bool) -> str:
    """A time as the record's own is encoded, or as one of its extra fields."""
    if not isinstance(found, datetime):
        return ""
    return orjson.dumps(found).decode()[1:-1] if is_own else found.isoformat()


def _values(texts: list[str] | None, missing: str) -> Iterable[str]:
    """Texts as JSON values; `missing` for a blank one, and without end where there is no column."""
    return repeat(missing) if texts is None else _quote(_bare(texts), missing)


def _quote(texts: list[str], missing: str) -> list[str]:
    return [f'"{text}"' if text else missing for text in texts]


def _bare(texts: list[str]) -> list[str]:
    """Texts as they stand between the quotes of JSON. Within a text every quote has a backslash before it, so
    that `","` stands between two of them only."""
    return orjson.dumps(texts).decode()[2:-2].split('","')
