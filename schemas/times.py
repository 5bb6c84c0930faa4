"""Reading of the times that sources write, always into a moment with a zone."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.errors import ReadError, Where

SHANGHAI = ZoneInfo("Asia/Shanghai")
ALLOWED = "2026-01-31、2026-1-31 08:00、2026-01-31T08:00:00.000+08:00 一类的时间，1970 至 2100 年"
_ISO = len("2026-01-31 08:00:00")
_BEFORE_CLOCK = ("T", " ")
YEARS = range(1970, 2101)

_TIME = re.compile(
    r"(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
    r"(?:[T ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)


def parse_time(text: str, where: Where, field: str) -> datetime:
    """The moment a text names; without a zone it is Shanghai's, without an hour the day's beginning.

    Raises ReadError for anything else, such as 昨天 or 2019-02-30.
    """
    if moment := _read_iso(text):
        return moment
    match = _TIME.fullmatch(text.strip())
    if match is None or int(match["year"]) not in YEARS:
        raise ReadError(where, field, text, ALLOWED)
    zone = match["zone"]
    try:
        moment = datetime.fromisoformat(_write_iso(match))
    except ValueError as error:
        raise ReadError(where, field, text, ALLOWED) from error
    return moment if zone else moment.replace(tzinfo=SHANGHAI)


def _read_iso(text: str) -> datetime | None:
    """`2026-01-31 08:00:00` and the like at once; None for what has another shape or is no such moment."""
    if len(text) != _ISO or text[10:11] not in _BEFORE_CLOCK or text[13] != ":" or text[4] + text[7] != "--":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=SHANGHAI) if moment.year in YEARS else None


def _write_iso(match: re.Match[str]) -> str:
    day = f"{match['year']}-{int(match['month']):02d}-{int(match['day']):02d}"
    if match["hour"] is None:
        return f"{day}T00:00:00"
    clock = f"{int(match['hour']):02d}:{match['minute']}:{match['second'] or '00'}"
    fraction = f".{match['fraction'][:6]:0<6}" if match["fraction"] else ""
    return f"{day}T{clock}{fraction}{match['zone'] or ''}"
