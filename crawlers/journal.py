"""Which pages of a source are done: read before, their records stored, and left alone until they change."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from crawlers.page import Link
from schemas.errors import ReadError, Where

# A page that no list named for so long is forgotten; should it come back, it is read once more.
KEEP = timedelta(days=180)
# Over a gap a crawl reads so many times the lists it reads otherwise.
DEEPER = 10


@dataclass(frozen=True, slots=True)
class Done:
    """One page whose records are all out, with the mark its list gave it; `at` is when it was read.

    An entry that is a record without a page of its own stands under the record's id, marked by its revision.
    """

    url: str
    mark: str
    at: datetime


class Journal:
    """The pages that are done. `complete`: the last crawl saw its lists to the end without a failure.

    A crawl that makes good a gap goes `back` to what was read by that time, through more lists than usual.
    It counts in `older` the pages it found again there, and in `cut` the lists that named more than it
    followed, or failed.
    """

    def __init__(
        self, done: Iterable[Done] = (), *, complete: bool = False, back: datetime | None = None
    ) -> None:
        self._done = {page.url: page for page in done}
        self.complete, self._back = complete, back
        self.older = self.cut = 0

    def goes_on(self, lists: int, most: int, *, news: bool) -> bool:
        """Whether a crawl that has read so many lists asks for the next. `most` bounds it, ten times as many
        over a gap; the crawl is cut short where that bound comes while lists still bring `news`."""
        if lists < (most if self._back is None else most * DEEPER):
            return not (self._back is not None and self.older and not news)
        self.cut += news or self._back is not None
        return False

    def holds(self, link: Link, *, now: datetime, recheck: timedelta) -> bool:
        """Whether a page needs no reading: its list says nothing new, and it was read not long ago."""
        page = self._done.get(link.url)
        self.older += page is not None and self._back is not None and page.at <= self._back
        return page is not None and page.mark == link.mark and now - page.at < recheck


def read_journal(state: Path) -> Journal:
    """The journal a source's state folder keeps; an empty one where there is none."""
    path, back = _path(state), _back(state)
    if not path.exists():
        return Journal()
    moment = datetime.fromisoformat(back.read_text("ascii")) if back.exists() else None
    return Journal(read_done(path), complete=_complete(state).exists(), back=moment)


def go_back(state: Path, moment: datetime | None) -> None:
    """Let the crawls of a source go back to what was read by a moment; None: no further than usual."""
    state.mkdir(parents=True, exist_ok=True)
    if moment is None:
        _back(state).unlink(missing_ok=True)
    else:
        _back(state).write_text(moment.isoformat(), "ascii")


def read_done(path: Path) -> Iterator[Done]:
    """The entries of a journal, or of what one crawl adds to it. Raises ReadError for a broken line."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = orjson.loads(line)
                yield Done(row["url"], row["mark"], datetime.fromisoformat(row["at"]))
            except (KeyError, TypeError, ValueError) as error:
                where = Where(str(path), number)
                raise ReadError(where, "已读网页", line[:80], "一行 url、mark、at") from error


def encode_done(page: Done) -> bytes:
    """One line of a journal without its line end."""
    return orjson.dumps(asdict(page))


def grow_journal(state: Path, added: Path, *, now: datetime, complete: bool) -> None:
    """Add what a crawl has done. To be called when its records are stored, never before."""
    path = _path(state)
    pages = {page.url: page for source in (path, added) if source.exists() for page in read_done(source)}
    state.mkdir(parents=True, exist_ok=True)
    _complete(state).unlink(missing_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(b"".join(encode_done(page) + b"\n" for page in pages.values() if now - page.at < KEEP))
    part.replace(path)
    if complete:
        _complete(state).touch()


def done_path(out: Path) -> Path:
    """Where a crawl into `out` lists the pages it has done."""
    return out.with_name(f"{out.name}.done.jsonl")


def _path(state: Path) -> Path:
    return state / "done.jsonl"


def _back(state: Path) -> Path:
    return state / "back"


def _complete(state: Path) -> Path:
    return state / "done.complete"
