"""Official rebuttals: a list of titles in a file, and those that the sources of rebuttals have published."""

import gzip
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
from sqlalchemy import Connection

from nlp.rebuttals import Rebuttals
from schemas.errors import ReadError, Where
from schemas.records import ClassifiedPost, Rebuttal
from stores.database.coverage import rebutters
from stores.database.figures import posts_between, posts_of_sources
from stores.database.upsert import in_batches

# A rumour comes back with what it said before; a rebuttal of long ago still answers it.
LISTED = timedelta(days=180)
REACHES = timedelta(days=14)
# A post and the event it is in.
Placed = tuple[ClassifiedPost, str | None]
Segment = Callable[[str], Sequence[str]]


def read_rebuttals(path: Path) -> tuple[str, ...]:
    """The titles in a text or JSONL file, `.gz` compressed or not. Raises ReadError with the line that has no
    title, and for a file that holds none."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    titles = tuple(_read_titles(text, str(path)))
    if not titles:
        raise ReadError(Where(str(path)), "title", None, "至少一条辟谣标题")
    return titles


def tell_rebuttals(db: Connection, segment: Segment, placed: Sequence[Placed]) -> list[Placed]:
    """The posts that are to be kept, each with the official rebuttal that speaks of it, and before them those
    posts of the last two weeks to which a rebuttal among them gives another one.

    Known are the rebuttals of half a year, those among the posts to be kept too. One reaches back to posts of
    two weeks before it: older ones have had their answer.
    """
    sources = rebutters(db)
    times = [post.origin.time for post, _ in placed]
    if not sources or not times:
        return list(placed)
    listed = posts_of_sources(db, sources, min(times) - LISTED, max(times) + REACHES)
    known = {post.origin.id: post for post in listed}
    fresh = {post.origin.id: post for post, _ in placed if post.origin.source in sources}
    finder = _Finder(known | fresh, sources, segment)
    reached: list[Placed] = []
    if fresh:
        kept = {post.origin.id for post, _ in placed}
        start, end = min(one.origin.time for one in fresh.values()) - REACHES, max(times) + REACHES
        before = [(post, event) for event, post in posts_between(db, start, end)]
        older = [pair for pair in before if pair[0].origin.id not in kept]
        reached = [pair for pair, was in zip(finder.tell(older), older, strict=True) if pair != was]
    return [*reached, *finder.tell(placed)]


class _Finder:
    """The known rebuttals by title; of equal titles the first published counts."""

    def __init__(
        self, known: Mapping[str, ClassifiedPost], sources: Collection[str], segment: Segment
    ) -> None:
        ordered = sorted(known.values(), key=lambda post: (post.origin.time, post.origin.id), reverse=True)
        self._by_title = {post.clean.title: post for post in ordered if post.clean.title}
        self._sources = sources
        self._rebuttals = Rebuttals({title: segment(title) for title in sorted(self._by_title)})

    def tell(self, placed: Sequence[Placed]) -> list[Placed]:
        """The posts with the rebuttals that speak of them; rebuttals themselves as they are."""
        told: list[Placed] = []
        for batch in in_batches(placed):
            found = self._rebuttals.match([post.words for post, _ in batch])
            for (post, event), match in zip(batch, found, strict=True):
                told.append((replace(post, rebuttal=self._find(post, match)), event))
        return told

    def _find(self, post: ClassifiedPost, match: tuple[str, float] | None) -> Rebuttal | None:
        if match is None or post.origin.source in self._sources:
            return None
        title, score = match
        found = self._by_title[title].origin
        if found.time - post.origin.time > REACHES:
            return None
        return Rebuttal(found.id, title, found.source, score, found.url)


def _read_titles(text: str, name: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("{"):
            yield _read_title(line, Where(name, number))
        elif line.strip():
            yield line.strip()


def _read_title(line: str, where: Where) -> str:
    try:
        title = orjson.loads(line).get("title")
    except orjson.JSONDecodeError as error:
        raise ReadError(where, "JSON", line[:40], f"一行一个 JSON 对象（{error.msg}）") from error
    if not isinstance(title, str) or not title.strip():
        raise ReadError(where, "title", title, "非空文字")
    return title.strip()
