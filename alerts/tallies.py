"""The posts that single rules count, by place, for as long as their windows are."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from alerts.phrases import WordsFinder
from alerts.terms import Lexicon, TermBook
from alerts.watch import Brief
from schemas.records import ClassifiedPost, SeriesKey
from schemas.rules.firms import FirmKinds
from schemas.rules.parts import ANY_WORDS, Words
from schemas.rules.when_counts import Count, Counted, NewTerm, Shortage

Touched = Sequence[tuple[SeriesKey, str]]
# Level, path of the place and word.
Fresh = Sequence[tuple[str, str, str]]

# No ladder asks for more; beyond it the work per post would grow with the crowd.
MOST_KEPT = 400


class Tally:
    """What one rule counts: the posts of each place, in order of time."""

    def __init__(self, when: Count | Shortage, number: int) -> None:
        self.when, self.number = when, number
        self._hours = timedelta(hours=when.window_hours)
        self._at: defaultdict[str, list[Brief]] = defaultdict(list)

    def add(self, brief: Brief, paths: Iterable[str]) -> bool:
        """Count a post at its places; False where it names none that is counted."""
        counted = False
        for path in paths:
            entries = self._at[path]
            insort(entries, brief, key=_time)
            del entries[:-MOST_KEPT]
            counted = True
        return counted

    def window(self, path: str, end: datetime) -> list[Brief]:
        """The posts at a place in the window that ends at `end`, in order of time."""
        entries = self._at.get(path, [])
        after = timedelta(microseconds=1)
        start = bisect_left(entries, end - self._hours + after, key=_time)
        return entries[start : bisect_left(entries, end + after, key=_time)]

    def forget(self, now: datetime) -> None:
        """Drop what lies before the window."""
        for path, entries in list(self._at.items()):
            del entries[: bisect_left(entries, now - self._hours, key=_time)]
            if not entries:
                del self._at[path]


class Tallies:
    """The tallies and term books of all rules. A post is shown only to those that its labels can concern."""

    def __init__(self, asked: Iterable[Counted], firms: FirmKinds) -> None:
        whens = tuple(dict.fromkeys(asked))
        lists = tuple(dict.fromkeys(_words(when) for when in whens))
        self._finder = WordsFinder(lists)
        self._firms = firms
        self._tallies = {
            when: Tally(when, lists.index(_words(when))) for when in whens if not isinstance(when, NewTerm)
        }
        self._terms = {
            when: TermBook(when, lists.index(_words(when))) for when in whens if isinstance(when, NewTerm)
        }
        self._lexicons = _open_lexicons(self._terms)
        self._asking: dict[tuple[str, tuple[str, ...]], tuple[Tally | TermBook, ...]] = {}

    def alias(self, scaled: Counted, base: Counted) -> None:
        """Let a condition whose thresholds a mode has changed count with the one it was made of."""
        if isinstance(scaled, NewTerm) and isinstance(base, NewTerm):
            self._terms[scaled] = self._terms[base]
        elif not isinstance(scaled, NewTerm) and not isinstance(base, NewTerm):
            self._tallies[scaled] = self._tallies[base]

    def tally(self, when: Count | Shortage) -> Tally:
        """The posts that a condition counts."""
        return self._tallies[when]

    def terms(self, when: NewTerm) -> TermBook:
        """The words that a condition has heard."""
        return self._terms[when]

    def take(self, post: ClassifiedPost, brief: Brief, touched: Touched) -> tuple[Tally | TermBook, ...]:
        """Count a post wherever it is asked for. Returns the books that took it."""
        fresh = self._hear(post, brief, touched)
        asking = self._asked_by(brief)
        if not asking:
            return ()
        said = self._finder.find(f"{post.clean.title}\n{post.clean.text}")
        books = (book for book in asking if book.number in said)
        return tuple(book for book in books if self._enter(book, post, brief, touched, fresh))

    def forget(self, now: datetime) -> None:
        """Drop what lies before the windows."""
        for tally in dict.fromkeys(self._tallies.values()):
            tally.forget(now)
        for book in dict.fromkeys(self._terms.values()):
            book.forget(now)

    def _asked_by(self, brief: Brief) -> tuple[Tally | TermBook, ...]:
        key = (brief.label, brief.needs)
        if key not in self._asking:
            labels = {brief.label, *brief.needs}
            every: list[Tally | TermBook] = [*self._tallies.values(), *self._terms.values()]
            books = dict.fromkeys(every)
            self._asking[key] = tuple(book for book in books if not labels.isdisjoint(book.when.labels))
        return self._asking[key]

    def _hear(self, post: ClassifiedPost, brief: Brief, touched: Touched) -> Fresh:
        """The words of a post that are new, each with the level and the path of the place."""
        if not self._lexicons:
            return []
        words = frozenset(post.words)
        heard = [(level, key.place) for key, level in touched if level in self._lexicons]
        return [
            (level, path, word)
            for level, path in heard
            for word in self._lexicons[level].hear(path, words, brief.at)
        ]

    def _enter(
        self, book: Tally | TermBook, post: ClassifiedPost, brief: Brief, touched: Touched, fresh: Fresh
    ) -> bool:
        when = book.when
        if isinstance(book, TermBook):
            return book.note(post, brief, self._lexicons, [one for one in fresh if one[0] in book.when.by])
        if isinstance(when, Count):
            if when.urgency and brief.urgency not in when.urgency:
                return False
            if when.kinds:
                return book.add(brief, self._firm_paths(touched, when.kinds))
        return book.add(brief, _paths(touched, when.by))

    def _firm_paths(self, touched: Touched, kinds: Collection[str]) -> list[str]:
        return [path for path in _paths(touched, ("firm",)) if self._firms.kind(path) in kinds]


def _open_lexicons(whens: Iterable[NewTerm]) -> dict[str, Lexicon]:
    """One for each place level that is asked about, as long as the longest asks."""
    levels = {level for when in whens for level in when.by}
    asking = {level: [when for when in whens if level in when.by] for level in sorted(levels)}
    return {
        level: Lexicon(max(when.new_days for when in ours), max(when.window_hours for when in ours))
        for level, ours in asking.items()
    }


def _paths(touched: Touched, by: Collection[str]) -> list[str]:
    return [key.place for key, level in touched if level in by]


def _words(when: Counted) -> Words:
    return ANY_WORDS if isinstance(when, Shortage) else when.words


def _time(brief: Brief) -> datetime:
    return brief.at
