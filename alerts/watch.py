"""What the conditions need to remember of each post, for as long as the longest rule looks back."""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from alerts.series import post_label
from schemas.records import ClassifiedPost, Event, Facts

_URGENCIES = ("low", "normal", "urgent", "critical")


@dataclass(frozen=True, slots=True)
class Brief:
    """One post in short. `voice` is its author, or the post itself where the author is unknown; `places` are
    those it names, each as (level, code or name); `needs` are full labels."""

    at: datetime
    post_id: str
    voice: str
    text: int
    urgency: str
    facts: Facts
    attention: int
    source: str
    rebuts: bool
    label: str
    certainty: float
    places: frozenset[tuple[str, str]] = frozenset()
    needs: tuple[str, ...] = ()


def brief_of(post: ClassifiedPost) -> Brief:
    """A post in short."""
    origin, heat = post.origin, post.clean.heat
    return Brief(
        at=origin.time,
        post_id=origin.id,
        voice=origin.author_hash or origin.id,
        text=hash(post.fingerprint),
        urgency=post.urgency,
        facts=post.facts,
        attention=(heat.likes or 0) + (heat.reposts or 0) + (heat.comments or 0),
        source=origin.source,
        rebuts=post.rumour.name == "rebuttal",
        label=post_label(post),
        certainty=post.complaint.probability if post.incident.name == "none" else post.incident.probability,
        places=frozenset((place.level, place.code or place.name) for place in post.places),
        needs=tuple(f"needs.{need.name}" for need in post.needs),
    )


def stated(facts: Facts) -> int:
    """How many kinds of casualties a text states."""
    return sum(bool(value) for value in (facts.deaths, facts.injured, facts.missing, facts.trapped))


def rank_telling(briefs: list[Brief], most: int) -> tuple[str, ...]:
    """Ids of the most telling posts: casualties stated, urgent, much seen; each text once before copies."""
    ranked = sorted(
        briefs,
        key=lambda one: (
            -stated(one.facts),
            -_URGENCIES.index(one.urgency),
            -one.attention,
            one.at,
            one.post_id,
        ),
    )
    first: dict[int, Brief] = {}
    for one in ranked:
        first.setdefault(one.text, one)
    own = [one.post_id for one in first.values()]
    copies = [one.post_id for one in ranked if first[one.text] is not one]
    return tuple((own + copies)[:most])


def share_together(briefs: Sequence[Brief], levels: Collection[str]) -> float:
    """Share of the posts that name the place of these levels which most of them name, in [0, 1]."""
    named = Counter(place for one in briefs for place in one.places if place[0] in levels)
    return max(named.values(), default=0) / max(len(briefs), 1)


def tell_rebuttals(briefs: Sequence[Brief]) -> tuple[int, str]:
    """How many of the posts rebut the matter, and the sentence that says so; empty where none does."""
    rebuttals = [one for one in briefs if one.rebuts]
    if not rebuttals:
        return 0, ""
    sources = "、".join(dict.fromkeys(one.source for one in rebuttals))
    return len(rebuttals), f"另有 {len(rebuttals)} 条辟谣信息（来源：{sources}），先核实再处置。"


class Watch:
    """The posts of the last hours by id, and which event each belongs to."""

    def __init__(self, hours: int) -> None:
        self._length = timedelta(hours=hours)
        self._briefs: dict[str, Brief] = {}
        self._order: deque[str] = deque()
        self._event_of: dict[str, str] = {}

    def add(self, post: ClassifiedPost, event: Event) -> bool:
        """Remember a post; False where it was known already (its newest words count)."""
        brief = brief_of(post)
        is_new = brief.post_id not in self._briefs
        if is_new:
            self._order.append(brief.post_id)
        self._briefs[brief.post_id] = brief
        self._event_of[brief.post_id] = event.id
        return is_new

    def assign(self, post_ids: tuple[str, ...], event_id: str) -> None:
        """Remember which event posts belong to, where it is not known."""
        for post_id in post_ids:
            self._event_of.setdefault(post_id, event_id)

    def brief(self, post_id: str) -> Brief:
        """A post in short. Raises KeyError for one that is not remembered."""
        return self._briefs[post_id]

    def main_event(self, post_ids: Iterable[str]) -> str | None:
        """The event that more than half of these posts belong to; None where there is none."""
        events = [self._event_of.get(post_id) for post_id in post_ids]
        event, count = Counter(events).most_common(1)[0]
        return event if 2 * count > len(events) else None

    def move(self, post_ids: tuple[str, ...], event_id: str) -> None:
        """Remember that posts have gone over to another event."""
        self._event_of.update((one, event_id) for one in post_ids if one in self._event_of)

    def members(self, event: Event, end: datetime, hours: int) -> list[Brief]:
        """The event's posts in the window (end - hours, end] that are remembered, latest first."""
        return list(self._walk_back(event, end, timedelta(hours=hours)))

    def latest(self, event: Event, most: int) -> list[Brief]:
        """The event's latest posts that are remembered, at most so many, latest first."""
        return list(islice(self._walk_back(event, event.last_seen, self._length), most))

    def briefs(self, post_ids: tuple[str, ...]) -> list[Brief]:
        """The remembered ones among these posts."""
        return [self._briefs[post_id] for post_id in post_ids if post_id in self._briefs]

    def forget(self, now: datetime) -> None:
        """Drop what no rule looks back to. Posts leave in the order they came."""
        while self._order and self._briefs[self._order[0]].at < now - self._length:
            post_id = self._order.popleft()
            del self._briefs[post_id]
            self._event_of.pop(post_id, None)

    def _walk_back(self, event: Event, end: datetime, length: timedelta) -> Iterator[Brief]:
        for post_id in reversed(event.post_ids):
            brief = self._briefs.get(post_id)
            if brief is None or brief.at <= end - length:
                return
            if brief.at <= end:
                yield brief
