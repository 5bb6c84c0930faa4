"""What a person types into a search, read: words, and what the posts are narrowed to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.errors import ReadError, Where, one_of
from schemas.taxonomy.labels import load_families
from schemas.times import parse_time
from stores.elastic import Filters

WHERE = Where("检索词")
# The English word of each key, and what may be written for it.
KEYS = {
    "place": ("place", "地点"),
    "label": ("label", "类别"),
    "source": ("source", "来源"),
    "event": ("event", "事件"),
    "since": ("since", "自"),
    "until": ("until", "至"),
}
_KEY_OF = {word: key for key, words in KEYS.items() for word in words}
_NARROWING = re.compile(r'(?P<key>[A-Za-z一-鿿]+)[:：](?P<value>"[^"]*"|\S*)')
_AGO = re.compile(r"(?P<number>[1-9]\d{0,4})(?P<unit>[mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Query:
    """`words` is the text whose words a post must all have; empty where only the filters matter."""

    words: str
    filters: Filters


def read_query(text: str, now: datetime) -> Query:
    """Read `停水 place:岳麓区 label:城乡建设 since:3d`; keys may be Chinese, values with spaces in quotes.

    Several `label:` must all hold. Raises ReadError for an unknown key or label, a key given twice or without
    a value, or a time that is none.
    """
    given: dict[str, list[str]] = {}
    for match in _NARROWING.finditer(text):
        key, value = _KEY_OF.get(match["key"]), match["value"].strip('"')
        if key is None:
            raise ReadError(WHERE, "条件", match["key"], one_of(_KEY_OF))
        if not value:
            raise ReadError(WHERE, match["key"], "", "冒号后面写明要找什么，中间不空格")
        given.setdefault(key, []).append(value)
    words = " ".join(_NARROWING.sub(" ", text).split())
    return Query(words, _narrow(given, now))


def _narrow(given: dict[str, list[str]], now: datetime) -> Filters:
    for key, values in given.items():
        if len(values) > 1 and key != "label":
            raise ReadError(WHERE, key, values, "只写一次")
    single = {key: values[0] for key, values in given.items()}
    times = {
        key: _read_moment(key, single[key], now) if key in single else None for key in ("since", "until")
    }
    return Filters(
        place=single.get("place"),
        labels=tuple(_find_labels(value) for value in given.get("label", ())),
        source=single.get("source"),
        event_id=single.get("event"),
        since=times["since"],
        until=times["until"],
    )


def _read_moment(key: str, value: str, now: datetime) -> datetime:
    """So long before now (`3d`), or a date."""
    if ago := _AGO.fullmatch(value):
        return now - timedelta(**{_UNITS[ago["unit"]]: int(ago["number"])})
    try:
        return parse_time(value, WHERE, key)
    except ReadError as error:
        raise ReadError(WHERE, key, value, "30m、12h、3d、2w，或 2026-01-31 一类的日期") from error


def _find_labels(value: str) -> tuple[str, ...]:
    """The full labels that a name stands for: English, Chinese or with its family (`incident.fire`)."""
    found = tuple(full for full, names in _label_names() if value in names)
    if not found:
        raise ReadError(WHERE, "label", value, one_of(names[0] for _, names in _label_names()))
    return found


def _label_names() -> Iterator[tuple[str, tuple[str, ...]]]:
    for family in load_families().values():
        for name, label in family.labels.items():
            full = f"{family.name}.{name}"
            yield full, (label.zh, name, full)
