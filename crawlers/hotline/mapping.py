"""Mapping files: which column of a table is which field, and which coded value means what."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.errors import ReadError, Where, one_of
from schemas.reading import Section, read_yaml

SHIPPED = Path(__file__).parent / "mappings"
# What a table may say about a record. `caller` is kept as a keyed hash only.
FIELDS = (
    "ticket", "title", "body", "time", "url", "caller", "district", "street", "community", "category",
    "state", "unit", "reply", "reply_time", "close_time", "likes", "reposts", "comments", "against",
    "address", "lat", "lng", "due_time",
)  # fmt: skip
TIMES = frozenset(["time", "reply_time", "close_time", "due_time"])
COUNTS = frozenset(["likes", "reposts", "comments", "against"])
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_BLANK = re.compile(r"[\s*＊:：\ufeff]+")


@dataclass(frozen=True, slots=True)
class Mapping:
    """How one kind of table is read. `columns` gives each field the names its column may have.

    `needed` fields must have a column and a value in every row; `ignore` lists columns that are left out on
    purpose (telephone numbers); `values` translates coded values, and a value it does not list is an error.
    `times` are strptime formats; without them any time of crawlers/dates.py is read. `header` is the
    row of the column names, counted from 1; `district` is the place of rows that name none; `publisher`
    is the name people know the source by; `file` is the name or path the mapping was loaded by. `since` is
    the column of a query's result from whose greatest value the next import goes on, beginning at `start`.
    """

    file: str
    source: str
    publisher: str
    columns: dict[str, tuple[str, ...]]
    needed: tuple[str, ...]
    ignore: tuple[str, ...]
    values: dict[str, dict[str, str]]
    times: tuple[str, ...]
    zone: ZoneInfo
    header: int
    delimiter: str | None
    sheet: str | None
    district: str | None
    since: str
    start: str

    @property
    def fields(self) -> dict[str, str]:
        """The field of each known column name, names made plain."""
        return {plain_name(name): field for field, names in self.columns.items() for name in names}


def plain_name(name: str) -> str:
    """A column name without the blanks, stars and colons that tables add to it.

    >>> plain_name("＊ 工单 编号：")
    '工单编号'
    """
    return _BLANK.sub("", unicodedata.normalize("NFKC", name)).lower()


def load_mapping(table: str | Path) -> Mapping:
    """A shipped mapping by name (`demo_12345`), or a user's by path. Raises ReadError for a wrong file."""
    path = table if isinstance(table, Path) else SHIPPED / f"{table}.yml"
    if not path.is_file():
        shipped = one_of(sorted(found.stem for found in SHIPPED.glob("*.yml")))
        raise ReadError(Where(str(table)), "映射", str(table), f"已有的文件，或 {shipped}")
    top = read_yaml(path)
    mapping = Mapping(
        file=str(path.resolve()) if isinstance(table, Path) else table,
        source=top.text("source"),
        publisher=top.text("publisher") if top.has("publisher") else "",
        columns=_columns(top.section("columns")),
        needed=top.choices("needed", FIELDS),
        ignore=_texts(top, "ignore"),
        values=_values(top),
        times=_texts(top, "times"),
        zone=_zone(top),
        header=top.whole("header", 1) if top.has("header") else 1,
        delimiter=DELIMITERS[top.choice("delimiter", DELIMITERS)] if top.has("delimiter") else None,
        sheet=top.text("sheet") if top.has("sheet") else None,
        district=top.text("district") if top.has("district") else None,
        since=top.text("since") if top.has("since") else "",
        start=top.text("start") if top.has("since") else "",
    )
    top.close()
    _check(mapping, top)
    return mapping


def _columns(section: Section) -> dict[str, tuple[str, ...]]:
    for name in section.names():
        if name not in FIELDS:
            raise ReadError(section.where, section.key(name), name, one_of(FIELDS))
    return {name: section.texts(name, least=1) for name in section.names()}


def _values(top: Section) -> dict[str, dict[str, str]]:
    if not top.has("values"):
        return {}
    return {field: {code: codes.text(code) for code in codes.names()} for field, codes in top.named("values")}


def _texts(top: Section, name: str) -> tuple[str, ...]:
    return top.texts(name) if top.has(name) else ()


def _zone(top: Section) -> ZoneInfo:
    name = top.text("zone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise top.refuse("zone", "IANA 时区，如 Asia/Shanghai") from error


def _check(mapping: Mapping, top: Section) -> None:
    for field in (*mapping.needed, *mapping.values):
        if field not in mapping.columns:
            raise ReadError(top.where, "needed / values", field, one_of(mapping.columns))
    owners: dict[str, str] = {}
    claims = [(name, field) for field, names in mapping.columns.items() for name in names]
    for name, owner in [*claims, *((name, "ignore") for name in mapping.ignore)]:
        if owners.setdefault(plain_name(name), owner) != owner:
            raise ReadError(
                top.where,
                f"columns.{owner}",
                name,
                f"只属于一个字段的列名（已属于 {owners[plain_name(name)]}）",
            )
