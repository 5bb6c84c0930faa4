"""Posts to events, one after another: only the past is known, and work per post does not grow with it."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from heapq import nlargest
from math import inf

from nlp.events_index import TwinIndex, WordIndex
from nlp.events_members import Members, full_label, make_event_id, seen_at
from nlp.events_names import count_shared, districts, home_names, own_names, roads
from nlp.events_parameters import EventParameters, load_event_parameters
from nlp.events_words import Vocabulary, Weights
from schemas.records import ClassifiedPost, Event


class EventClusterer:
    """Single-pass clustering by TF-IDF against centroids; places, labels and twins are evidence.

    TF-IDF with incremental clustering beat sentence embeddings on Event2018 (Mazoyer et al., LREC 2020). An
    event keeps the id made of its first post's; it takes posts until it has been quiet for `active_days`.
    The same posts in the same order give the same events.
    """

    def __init__(self, parameters: EventParameters | None = None) -> None:
        self._parameters = parameters or load_event_parameters()
        self._vocabulary = Vocabulary(self._parameters.terms, self._parameters.vocabulary_days)
        self._words = WordIndex(self._parameters.terms.events_a_term)
        self._twins = TwinIndex(self._parameters.bands, self._parameters.twins_alike)
        self._events: dict[str, Members] = {}
        self._event_of: dict[str, str] = {}
        self._texts_of: dict[str, list[str]] = {}
        self._members_of: dict[str, list[str]] = {}
        self._quiet_since: dict[date, set[str]] = {}
        self._today = date.min
        self._active = timedelta(days=self._parameters.active_days)

    def __len__(self) -> int:
        """Number of active events."""
        return len(self._events)

    def add(self, post: ClassifiedPost) -> Event:
        """The event the post belongs to, with the post in it. A post known already changes nothing."""
        self._advance(post)
        known = self._event_of.get(post.origin.id)
        if known is not None:
            return self._events[known].describe()
        counts = self._vocabulary.count_words(post)
        twin = self._twins.find(post.fingerprint)
        members = self._match(post, counts, twin)
        if members is None:
            members = self._open(make_event_id(post.origin.id))
        self._join(members, post, counts, twin)
        return members.describe()

    def restore(self, members: Iterable[tuple[str, ClassifiedPost]]) -> None:
        """Take the state of an earlier clusterer: its posts in the order they came, with their event ids."""
        for _ in self.recall(members):
            pass

    def recall(self, members: Iterable[tuple[str, ClassifiedPost]]) -> Iterator[tuple[ClassifiedPost, Event]]:
        """As `restore`, giving each post with its event as it stood then."""
        for event_id, post in members:
            self._advance(post)
            if post.origin.id in self._event_of:
                continue
            event = self._events.get(event_id) or self._open(event_id)
            self._join(event, post, self._vocabulary.count_words(post), self._twins.find(post.fingerprint))
            yield post, event.describe()

    def event(self, event_id: str) -> Event:
        """An active event as it stands. Raises KeyError for one that is not active."""
        return self._events[event_id].describe()

    def _open(self, event_id: str) -> Members:
        members = self._events[event_id] = Members(event_id, self._parameters)
        self._texts_of[event_id], self._members_of[event_id] = [], []
        return members

    def _join(self, members: Members, post: ClassifiedPost, counts: Weights, twin: str | None) -> None:
        distinct = twin is None or self._event_of[twin] != members.id
        before = members.last_seen.date()
        kept = self._vocabulary.weigh_for_good(counts)
        members.add(post, kept, distinct=distinct)
        self._event_of[post.origin.id] = members.id
        self._members_of[members.id].append(post.origin.id)
        if distinct:
            self._twins.enter(post.origin.id, post.fingerprint)
            self._texts_of[members.id].append(post.origin.id)
        self._words.enter(members.id, kept)
        self._vocabulary.observe(counts)
        self._quiet_since.get(before, set()).discard(members.id)
        self._quiet_since.setdefault(members.last_seen.date(), set()).add(members.id)

    def _match(self, post: ClassifiedPost, counts: Weights, twin: str | None) -> Members | None:
        weights = self._vocabulary.weigh(counts)
        looked_up = list(weights.items())[: self._parameters.terms.looked_up]
        found = self._words.find(looked_up)
        if twin is not None:
            found[self._event_of[twin]] = inf
        best, match = 0.0, None
        candidates = nlargest(
            self._parameters.terms.candidates, ((score, name) for name, score in found.items())
        )
        for _, event_id in candidates:
            members = self._events[event_id]
            surplus = self._score(post, weights, members, is_twin=found[event_id] == inf)
            if surplus > best:
                best, match = surplus, members
        return match

    def _score(self, post: ClassifiedPost, weights: Weights, members: Members, *, is_twin: bool) -> float:
        """How far the evidence for this event lies above what a post needs to join it."""
        match = self._parameters.match
        text = 1.0 if is_twin else members.cosine(weights)
        quiet = max(seen_at(post) - members.last_seen, timedelta()) / self._active
        label = match.same_label if full_label(post)[0] in members.labels else 0.0
        return text + label + self._weigh_places(post, members) - match.least - match.waiting * quiet

    def _weigh_places(self, post: ClassifiedPost, members: Members) -> float:
        match = self._parameters.match
        evidence = 0.0
        names = own_names(post)
        if names and members.names:
            shared = count_shared(names, members.names, self._parameters.names_alike)
            evidence += match.same_name * min(shared, 2) if shared else -match.other_name
            if not shared and members.homes and home_names(post):
                evidence -= match.other_home
        if not roads(post.places).isdisjoint(members.roads):
            evidence += match.same_road
        ours = districts(post.places)
        if ours and members.districts and ours.isdisjoint(members.districts):
            evidence -= match.other_district
        return evidence

    def _advance(self, post: ClassifiedPost) -> None:
        """Move the clock on: events that have been quiet for too long leave, and old words with them."""
        today = seen_at(post).date()
        if today <= self._today:
            return
        self._today = today
        self._vocabulary.advance(today)
        oldest = today - self._active
        for day in sorted(day for day in self._quiet_since if day < oldest):
            for event_id in sorted(self._quiet_since.pop(day)):
                self._close(event_id)

    def _close(self, event_id: str) -> None:
        del self._events[event_id]
        self._words.leave(event_id)
        for text in self._texts_of.pop(event_id):
            self._twins.leave(text)
        for post_id in self._members_of.pop(event_id):
            del self._event_of[post_id]
