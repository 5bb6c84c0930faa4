"""Search for people without Kibana: posts by word, place, label and time, what was found marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.jobs.index import need_elastic
from pipeline.queries import read_query
from pipeline.rooms import Rooms
from schemas.times import SHANGHAI
from stores.elastic import Hit

# Characters before the first word found, and in all.
_LEAD, _LENGTH = 24, 80


@dataclass(frozen=True, slots=True)
class Found:
    """One post found. `excerpt` is the part of its text around the first word found; `marks` are where the
    words stand in it, as [start, end)."""

    id: str
    time: datetime
    source: str
    place: str
    labels: tuple[str, ...]
    excerpt: str
    marks: tuple[tuple[int, int], ...]
    url: str | None
    event_id: str | None


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """How many posts there are in all, and the first of them."""

    total: int
    posts: tuple[Found, ...]


def search_posts(rooms: Rooms, text: str, size: int) -> SearchAnswer:
    """The posts that have every word of the query, cut as the posts are, and all that it narrows to.

    Raises ReadError for a query that cannot be read (see pipeline.queries).
    """
    query = read_query(text, datetime.now(SHANGHAI))
    words = [word for word in rooms.core.segment(query.words) if word.strip()]
    found = need_elastic(rooms).search_words(words, size=size, filters=query.filters)
    return SearchAnswer(found.total, tuple(_found(hit, words) for hit in found.hits))


def _found(hit: Hit, words: Sequence[str]) -> Found:
    document = hit.document
    text = " ".join(str(document.get("text", "")).split())
    first = min((at for word in words if (at := text.find(word)) >= 0), default=0)
    start = max(0, first - _LEAD)
    excerpt = text[start : start + _LENGTH]
    named = (document.get(family, {}) for family in ("incident", "complaint", "urgency"))
    return Found(
        id=hit.id,
        time=datetime.fromisoformat(document["time"]).astimezone(SHANGHAI),
        source=document["source"],
        place=document.get("place", {}).get("path") or document.get("place", {}).get("name", ""),
        labels=tuple(one["zh"] for one in named if one.get("zh") and one["name"] != "none"),
        excerpt=excerpt,
        marks=_find_marks(excerpt, words),
        url=document.get("url"),
        event_id=document.get("event_id"),
    )


def _find_marks(text: str, words: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Where the words stand, in order and not into each other."""
    found = sorted(
        (at, at + len(word)) for word in set(words) for at in range(len(text)) if text.startswith(word, at)
    )
    marks: list[tuple[int, int]] = []
    for start, end in found:
        if not marks or start >= marks[-1][1]:
            marks.append((start, end))
    return tuple(marks)
