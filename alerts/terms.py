"""Words never heard before at a place: who used them first, and how many have since."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.watch import Brief
from schemas.records import ClassifiedPost
from schemas.rules.when_counts import NewTerm

# Two Chinese characters or more; a name in Latin letters has three.
_TERM = re.compile(r"[\u4e00-\u9fff]{2,12}|[A-Za-z][A-Za-z0-9]{2,15}")
MOST_KEPT = 50


@dataclass(slots=True)
class Heard:
    """One word at one place: when it was last said as a known one, or who has said it since it was new."""

    known_at: datetime | None = None
    fresh: list[Brief] = field(default_factory=list)


class TermBook:
    """The words that one condition has heard, each place apart. Work per post depends on its words alone."""

    def __init__(self, when: NewTerm, number: int) -> None:
        self.when, self.number = when, number
        self._new = timedelta(days=when.new_days)
        self._window = timedelta(hours=when.window_hours)
        self._heard: dict[tuple[str, str], Heard] = {}
        self._since: dict[str, datetime] = {}

    def hear(self, post: ClassifiedPost, brief: Brief, paths: Iterable[str]) -> bool:
        """Take down the words of a post at its places; False where it names none that is asked about."""
        names = "/".join(place.path or place.name for place in post.places)
        terms = [word for word in dict.fromkeys(post.words) if _TERM.fullmatch(word) and word not in names]
        heard = False
        for path in paths:
            heard = True
            self._since.setdefault(path, brief.at)
            for term in terms:
                self._note(self._heard.setdefault((path, term), Heard()), brief)
        return heard

    def fresh(self, post: ClassifiedPost, path: str) -> list[tuple[str, list[Brief]]]:
        """The words of a post that are new at a place, with the posts that used them within the window.

        Before a place has been listened to for the condition's days, nothing is new there.
        """
        at = post.origin.time
        since = self._since.get(path)
        if since is None or at - since < self._new:
            return []
        found = []
        for term in dict.fromkeys(post.words):
            heard = self._heard.get((path, term))
            if heard is not None and heard.known_at is None and heard.fresh:
                found.append((term, heard.fresh))
        return found

    def forget(self, now: datetime) -> None:
        """Drop the words that nobody has used for so long that they would be new again."""
        self._heard = {
            key: heard
            for key, heard in self._heard.items()
            if (heard.known_at or heard.fresh[-1].at) > now - self._new
        }

    def _note(self, heard: Heard, brief: Brief) -> None:
        """A word stays new for one window after it was first said, then it is known."""
        if heard.known_at is not None:
            if brief.at - heard.known_at <= self._new:
                heard.known_at = max(heard.known_at, brief.at)
                return
            heard.known_at = None
            heard.fresh.clear()
        if heard.fresh and brief.at - heard.fresh[0].at > self._window:
            last = heard.fresh[-1].at
            heard.fresh.clear()
            if brief.at - last <= self._new:
                heard.known_at = brief.at
                return
        if len(heard.fresh) < MOST_KEPT:
            heard.fresh.append(brief)
