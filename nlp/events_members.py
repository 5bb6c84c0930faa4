"""What an event has gathered from its members, and the Event record made of it."""

import re
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from heapq import nlargest
from math import sqrt

from nlp.events_names import districts, home_names, own_names, roads
from nlp.events_parameters import EventParameters
from nlp.events_titles import TitleCounts, cut_title
from nlp.events_words import Weights
from schemas.records import PLACE_LEVELS, ClassifiedPost, Event, Facts, Place

URGENCIES = ("low", "normal", "urgent", "critical")
_COUNTED = ("deaths", "injured", "missing", "trapped", "affected", "money")
_CENTRAL = 5
_FIRST_SENTENCES = 8
_SENTENCE_ENDS = re.compile(r"[。！？!?\n；;]+\s*")


def make_event_id(post_id: str) -> str:
    """The event's id for good: a hash of its first post's id."""
    return sha256(f"event:{post_id}".encode()).hexdigest()[:24]


def seen_at(post: ClassifiedPost) -> datetime:
    """When the post was made; a date after its fetching is a slip and counts as the time of fetching."""
    return min(post.origin.time, post.origin.fetched_at)


def full_label(post: ClassifiedPost) -> tuple[str, float]:
    """The label an event counts for a post: the incident where there is one, else the complaint."""
    if post.incident.name != "none":
        return f"incident.{post.incident.name}", post.incident.probability
    return f"complaint.{post.complaint.name}", post.complaint.probability


def _headline(post: ClassifiedPost, weights: Weights, length: int) -> str:
    """The post's title, else the first sentence that says most; a call to spread it says little."""
    title = post.clean.title.strip()
    sentences = [title] if title else _SENTENCE_ENDS.split(post.clean.text)[:_FIRST_SENTENCES]
    line = max((one.strip() for one in sentences), key=lambda one: _telling(one, weights))
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _telling(sentence: str, weights: Weights) -> float:
    return sum(weight for word, weight in weights.items() if word in sentence) / sqrt(max(len(sentence), 12))


def _finest(places: Iterable[Place]) -> Place | None:
    return max(places, key=lambda place: (PLACE_LEVELS.index(place.level), place.score), default=None)


class FactTally:
    """Numbers that distinct texts state. Ten times the next one, stated once among several, is a slip."""

    def __init__(self) -> None:
        self.stated: dict[str, Counter[float]] = {name: Counter() for name in _COUNTED}
        self.time: datetime | None = None

    def add(self, facts: Facts, *, distinct: bool) -> None:
        """Count the numbers of one text; a copy counts only where it states what none has stated."""
        for name in _COUNTED:
            value: float | None = getattr(facts, name)
            if value is not None and (distinct or value not in self.stated[name]):
                self.stated[name][value] += 1
        if facts.time is not None and (self.time is None or facts.time < self.time):
            self.time = facts.time

    def absorb(self, other: "FactTally") -> None:
        """Count what another tally has counted."""
        for name, stated in other.stated.items():
            self.stated[name].update(stated)
        times = [time for time in (self.time, other.time) if time is not None]
        self.time = min(times, default=None)

    def _most(self, name: str) -> float | None:
        stated = self.stated[name]
        if not stated:
            return None
        first, *rest = nlargest(2, stated)
        alone = stated[first] == 1 and stated.total() > 2
        slip = alone and bool(rest) and 0 < rest[0] <= first / 10
        return rest[0] if slip else first

    def summarise(self) -> Facts:
        """The largest number of each kind that is no slip; the earliest time."""
        whole = [self._most(name) for name in _COUNTED[:-1]]
        deaths, injured, missing, trapped, affected = (
            None if value is None else int(value) for value in whole
        )
        return Facts(deaths, injured, missing, trapped, affected, self._most("money"), self.time)


class Members:
    """The running state of one event. Adding a post costs the same however many there are."""

    def __init__(self, event_id: str, parameters: EventParameters) -> None:
        self.id = event_id
        self.terms: Weights = {}
        self.titles = TitleCounts()
        self.split_from: str | None = None
        self.names: Counter[str] = Counter()
        self.homes: Counter[str] = Counter()
        self.roads: Counter[str] = Counter()
        self.districts: Counter[str] = Counter()
        self.labels: defaultdict[str, float] = defaultdict(float)
        self.last_seen = datetime.min.replace(tzinfo=UTC)
        self._parameters = parameters
        self.posts: list[tuple[datetime, str]] = []
        self.reports = 0
        self.sources: dict[str, None] = {}
        self.authors: set[str] = set()
        self.places: dict[tuple[str, str], tuple[float, Place]] = {}
        self.facts = FactTally()
        self.rumours = 0.0
        self.urgency = 0
        self.central: list[tuple[str, Weights]] = []
        self.length = 1.0

    def add(self, post: ClassifiedPost, weights: Weights, *, distinct: bool) -> None:
        """Take a post in; `distinct` says that no member had nearly the same text."""
        origin = post.origin
        insort(self.posts, (seen_at(post), origin.id))
        self.last_seen = self.posts[-1][0]
        self.sources[origin.source] = None
        if origin.author_hash is not None:
            self.authors.add(origin.author_hash)
        self.urgency = max(self.urgency, URGENCIES.index(post.urgency))
        name, probability = full_label(post)
        self.labels[name] += probability
        self._add_places(post)
        self.titles.add(TitleCounts(cut_title(post)), self._parameters.terms.an_event)
        self.facts.add(post.facts, distinct=distinct)
        if distinct:
            self.reports += 1
            self.rumours += post.rumour.probability
            self._add_words(post, weights)

    def _add_places(self, post: ClassifiedPost) -> None:
        self.names.update(own_names(post))
        self.homes.update(home_names(post))
        self.roads.update(roads(post.places))
        self.districts.update(districts(post.places))
        for place in post.places:
            key = (place.level, place.code or place.name)
            votes, first = self.places.get(key, (0.0, place))
            weight = 3 * place.score if place.name in post.clean.title else place.score
            self.places[key] = (votes + weight, first)

    def absorb(self, other: "Members") -> None:
        """Take in all that another event has gathered."""
        for post in other.posts:
            insort(self.posts, post)
        self.last_seen = self.posts[-1][0]
        self.sources |= other.sources
        self.authors |= other.authors
        self.urgency = max(self.urgency, other.urgency)
        for name, probability in other.labels.items():
            self.labels[name] += probability
        self._absorb_places(other)
        self.titles.add(other.titles, self._parameters.terms.an_event)
        self.facts.absorb(other.facts)
        self.reports += other.reports
        self.rumours += other.rumours
        self._add_terms(other.terms)
        self.central.extend(other.central)
        self._keep_central()

    def _absorb_places(self, other: "Members") -> None:
        for name in ("names", "homes", "roads", "districts"):
            getattr(self, name).update(getattr(other, name))
        for key, (votes, place) in other.places.items():
            known, first = self.places.get(key, (0.0, place))
            self.places[key] = (known + votes, first)

    def _add_words(self, post: ClassifiedPost, weights: Weights) -> None:
        self._add_terms(weights)
        self.central.append((_headline(post, weights, self._parameters.title_length), weights))
        self._keep_central()

    def _add_terms(self, weights: Weights) -> None:
        for word, weight in weights.items():
            self.terms[word] = self.terms.get(word, 0.0) + weight
        most = self._parameters.terms.an_event
        if len(self.terms) > 2 * most:
            heaviest = nlargest(most, zip(self.terms.values(), self.terms, strict=True))
            self.terms = {word: weight for weight, word in heaviest}
        self.length = sqrt(sum(weight * weight for weight in self.terms.values())) or 1.0

    def _keep_central(self) -> None:
        while len(self.central) > _CENTRAL:
            self.central.remove(min(self.central, key=lambda one: self.cosine(one[1])))

    def cosine(self, weights: Weights) -> float:
        """Cosine of a post's weights, of length one, and the sum of this event's."""
        terms = self.terms
        # A list and not a generator: this is asked for every candidate.
        return sum([weight * terms[word] for word, weight in weights.items() if word in terms]) / self.length

    def alike(self, other: "Members") -> float:
        """Cosine of two events' summed weights."""
        return self.cosine(other.terms) / other.length

    def main_homes(self) -> tuple[str, ...]:
        """The estates and communities that at least half of the members are plainly about."""
        return tuple(name for name, count in self.homes.items() if 2 * count >= len(self.posts))

    def main_label(self) -> str:
        """What most members say it is."""
        return max(self.labels, key=lambda name: (self.labels[name], name))

    def rank(self) -> tuple[int, datetime, str]:
        """Of two events that are one the one with more reports goes on, else the earlier."""
        return -self.reports, self.posts[0][0], self.id

    def post_ids(self) -> tuple[str, ...]:
        """Its members in order of time."""
        return tuple(post_id for _, post_id in self.posts)

    def _vote_place(self) -> Place | None:
        """The finest place that at least half as many members speak of as of the most named one."""
        if not self.places:
            return None
        most = max(votes for votes, _ in self.places.values())
        ranked = sorted(self.places.values(), key=lambda one: -one[0])
        return _finest(place for votes, place in ranked if votes * 2 >= most)

    def describe(self) -> Event:
        """The Event record of what has been gathered."""
        heaviest = nlargest(self._parameters.keywords, zip(self.terms.values(), self.terms, strict=True))
        return Event(
            id=self.id,
            title=max(self.central, key=lambda one: self.cosine(one[1]))[0],
            post_ids=self.post_ids(),
            heat=len(self.posts),
            reports=self.reports,
            sources=tuple(self.sources),
            label=self.main_label(),
            place=self._vote_place(),
            first_seen=self.posts[0][0],
            last_seen=self.last_seen,
            keywords=tuple(word for _, word in heaviest),
            facts=self.facts.summarise(),
            rumour=self.rumours / self.reports,
            urgency=URGENCIES[self.urgency],
            authors=len(self.authors),
            split_from=self.split_from,
        )
