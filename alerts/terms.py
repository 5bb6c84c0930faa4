"""Words never heard before at a place: who used them first, and how many have since."""

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from alerts.watch import Brief
from schemas.records import ClassifiedPost
from schemas.rules.when_counts import NewTerm

# Two Chinese characters or more; a name in Latin letters has three.
_TERM = re.compile(r"[\u4e00-\u9fff]{2,12}|[A-Za-z][A-Za-z0-9]{2,15}")
MOST_KEPT = 50


class Usage:
    """The words in use at one place. Sets do the work: a post has a hundred words and hardly a new one."""

    def __init__(self, at: datetime) -> None:
        self.first = at
        self._known: set[str] = set()
        self._since: dict[str, datetime] = {}
        self._last_day: dict[str, date] = {}
        self._days: deque[tuple[date, set[str]]] = deque()
        self._today: set[str] = set()
        self._day = at.date()

    def hear(self, words: frozenset[str], at: datetime, window: timedelta, rest: timedelta) -> list[str]:
        """Take words down; returns those that came into use within the window."""
        if at.date() > self._day:
            self._turn(at.date(), rest)
        self._today |= words
        fresh: list[str] = []
        for word in words - self._known:
            if at - self._since.setdefault(word, at) <= window:
                fresh.append(word)
            else:
                self._known.add(word)
                del self._since[word]
        return fresh

    def since(self, word: str) -> datetime:
        """When a new word came into use. Raises KeyError for a word that is not new."""
        return self._since[word]

    def _turn(self, day: date, rest: timedelta) -> None:
        """A new day: what nobody has used for so long would be new again."""
        self._last_day |= dict.fromkeys(self._today, self._day)
        self._days.append((self._day, self._today))
        self._today, self._day = set(), day
        rested: list[str] = []
        while self._days and self._days[0][0] < day - rest:
            then, words = self._days.popleft()
            rested += [word for word in words if self._last_day[word] == then]
        for word in rested:
            del self._last_day[word]
            self._since.pop(word, None)
        self._known.difference_update(rested)


class Lexicon:
    """Which words are new at each place: those nobody used for `days`, for `hours` after their first use.

    Every post is heard, whatever its label, as an ordinary word is no news in any class.
    """

    def __init__(self, days: int, hours: int) -> None:
        self._rest, self._window = timedelta(days=days), timedelta(hours=hours)
        self._usage: dict[str, Usage] = {}

    def hear(self, path: str, words: frozenset[str], at: datetime) -> list[str]:
        """Take the words of a post down; returns the new ones.

        A place that has not been listened to for the days has none yet.
        """
        usage = self._usage.get(path)
        if usage is None:
            usage = self._usage[path] = Usage(at)
        fresh = usage.hear(words, at, self._window, self._rest)
        return fresh if at - usage.first >= self._rest else []

    def since(self, path: str, word: str) -> datetime:
        """When a new word came into use at a place. Raises KeyError for one that is not new."""
        return self._usage[path].since(word)


class TermBook:
    """The posts of one condition that use a new word, by place and word."""

    def __init__(self, when: NewTerm, number: int) -> None:
        self.when, self.number = when, number
        self._window = timedelta(hours=when.window_hours)
        self._users: defaultdict[tuple[str, str], list[Brief]] = defaultdict(list)
        # The new words of the post that was taken down last: it is the one that is asked about.
        self._latest: list[tuple[str, str]] = []

    def note(
        self,
        post: ClassifiedPost,
        brief: Brief,
        lexicons: Mapping[str, Lexicon],
        fresh: Iterable[tuple[str, str, str]],
    ) -> bool:
        """Take down the new words of a post, each after the level and the path of its place; True where it
        has any."""
        start = brief.at - self._window
        names = "/".join(place.path or place.name for place in post.places)
        self._latest = [
            (path, word)
            for level, path, word in fresh
            if _TERM.fullmatch(word) and word not in names and lexicons[level].since(path, word) >= start
        ]
        for key in self._latest:
            users = self._users[key]
            users.append(brief)
            del users[:-MOST_KEPT]
        return bool(self._latest)

    def latest(self, path: str, end: datetime) -> list[tuple[str, list[Brief]]]:
        """The new words at a place of the post taken down last, each with the posts that used it within the
        window."""
        start = end - self._window
        words = (word for at, word in self._latest if at == path)
        return [(word, [one for one in self._users[path, word] if one.at > start]) for word in words]

    def forget(self, now: datetime) -> None:
        """Drop what lies before the window."""
        start = now - self._window
        kept = {key: [one for one in users if one.at > start] for key, users in self._users.items()}
        self._users = defaultdict(list, {key: users for key, users in kept.items() if users})
