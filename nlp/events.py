"""Posts to events, one after another: only the past is known, and work per post does not grow with it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from heapq import nlargest
from math import inf

from nlp.events_evidence import Evidence, hear
from nlp.events_index import TwinIndex, WordIndex
from nlp.events_links import LinkHistory
from nlp.events_members import Members, make_event_id, seen_at
from nlp.events_parameters import EventParameters, load_event_parameters
from nlp.events_titles import TitlePieces, cut_title
from nlp.events_words import Vocabulary, Weights
from schemas.records import ClassifiedPost, Event, EventLink, LinkKind

# An event and how far a post lies above (below) what it needs to join it.
Candidate = tuple[float, Members]


class EventClusterer:
    """Single-pass clustering by TF-IDF against centroids; titles, places, labels and twins are evidence.

    TF-IDF with incremental clustering beat sentence embeddings on Event2018 (Mazoyer et al., LREC 2020). An
    event keeps the id made of its first post's; it takes posts until it has been quiet for `active_days` or
    is resolved. A post that speaks of two events can show that they are one: they merge, the one with more
    reports goes on. The same posts in the same order give the same events.
    """

    def __init__(self, parameters: EventParameters | None = None) -> None:
        self._parameters = parameters or load_event_parameters()
        self._vocabulary = Vocabulary(self._parameters.terms, self._parameters.vocabulary_days)
        self._titles = TitlePieces(self._parameters.vocabulary_days, self._parameters.titles_before)
        self._evidence = Evidence(self._parameters, self._titles)
        self._words = WordIndex(self._parameters.terms.events_a_term)
        self._twins = TwinIndex(self._parameters.bands, self._parameters.twins_alike)
        self._events: dict[str, Members] = {}
        self._event_of: dict[str, str] = {}
        self._texts_of: dict[str, list[str]] = {}
        self._members_of: dict[str, list[str]] = {}
        self._quiet_since: dict[date, set[str]] = {}
        # Of each resolved event the one that has taken its matter up since.
        self._heirs: dict[str, str | None] = {}
        self._changes: list[tuple[EventLink, Members]] = []
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
        candidates = self._rank(post, counts, twin)
        members = self._choose(post, candidates)
        self._join(members, post, counts, twin)
        return self._merge_alike(members, candidates, post).describe()

    def take_changes(self) -> list[tuple[EventLink, Event]]:
        """The links made since they were last taken, each with the event that ended (merged) or began."""
        changes, self._changes = self._changes, []
        return [(link, _describe_changed(link, members)) for link, members in changes]

    def resolve(self, event_id: str) -> None:
        """The matter is over: what is written of it from now on is a new event, linked to this one."""
        if event_id in self._events:
            self._heirs.setdefault(event_id, None)

    def restore(
        self,
        members: Iterable[tuple[str, ClassifiedPost]],
        links: Iterable[EventLink] = (),
        resolved: Iterable[str] = (),
    ) -> None:
        """Take the state of an earlier clusterer: its posts in the order they came, with their event ids, its
        links in the order they were made, and the events that are resolved."""
        for _ in self.recall(members, links, resolved):
            pass

    def recall(
        self,
        members: Iterable[tuple[str, ClassifiedPost]],
        links: Iterable[EventLink] = (),
        resolved: Iterable[str] = (),
    ) -> Iterator[tuple[ClassifiedPost, Event]]:
        """As `restore`, giving each post with its event as it stood then."""
        history = LinkHistory(links)
        for event_id, post in members:
            self._advance(post)
            if post.origin.id in self._event_of:
                continue
            name = history.first_event(post.origin.id, event_id)
            event = self._events.get(name) or self._open(name, history.split_from.get(name))
            self._join(event, post, self._vocabulary.count_words(post), self._twins.find(post.fingerprint))
            event = self._merge_again(history.merged_by.get(post.origin.id)) or event
            yield post, event.describe()
        # A post that was revised since comes later than the merge of its event.
        for link in history.merged_by.values():
            self._merge_again(link)
        self._heirs.update(dict.fromkeys(name for name in resolved if name in self._events))
        followed = {old: history.survivor(new) for new, old in history.split_from.items()}
        self._heirs.update((old, new) for old, new in followed.items() if old in self._events)

    def event(self, event_id: str) -> Event:
        """An active event as it stands. Raises KeyError for one that is not active."""
        return self._events[event_id].describe()

    def _open(self, event_id: str, split_from: str | None = None) -> Members:
        members = self._events[event_id] = Members(event_id, self._parameters)
        members.split_from = split_from
        self._texts_of[event_id], self._members_of[event_id] = [], []
        return members

    def _join(self, members: Members, post: ClassifiedPost, counts: Weights, twin: str | None) -> None:
        distinct = twin is None or self._event_of[twin] != members.id
        kept = self._vocabulary.weigh_for_good(counts)
        self._forget_day(members)
        members.add(post, kept, distinct=distinct)
        self._note_day(members)
        self._event_of[post.origin.id] = members.id
        self._members_of[members.id].append(post.origin.id)
        if distinct:
            self._twins.enter(post.origin.id, post.fingerprint)
            self._texts_of[members.id].append(post.origin.id)
        self._words.enter(members.id, kept)
        self._vocabulary.observe(counts)
        self._titles.observe(cut_title(post))

    def _note_day(self, members: Members) -> None:
        self._quiet_since.setdefault(members.last_seen.date(), set()).add(members.id)

    def _forget_day(self, members: Members) -> None:
        self._quiet_since.get(members.last_seen.date(), set()).discard(members.id)

    def _rank(self, post: ClassifiedPost, counts: Weights, twin: str | None) -> list[Candidate]:
        """The events that the post may belong to, the likeliest first."""
        weights = self._vocabulary.weigh(counts)
        found = self._words.find(list(weights.items())[: self._parameters.terms.looked_up])
        if twin is not None:
            found[self._event_of[twin]] = inf
        voice = hear(post, weights)
        most = self._parameters.terms.candidates
        ranked = []
        for score, event_id in nlargest(most, zip(found.values(), found, strict=True)):
            members = self._events[event_id]
            ranked.append((self._evidence.weigh_joining(voice, members, is_twin=score == inf), members))
        return sorted(ranked, key=lambda one: -one[0])

    def _choose(self, post: ClassifiedPost, candidates: list[Candidate]) -> Members:
        """The likeliest event, a new one where none is likely; of a resolved one that which follows it."""
        if not candidates or candidates[0][0] <= 0:
            return self._open(make_event_id(post.origin.id))
        best = candidates[0][1]
        if best.id not in self._heirs:
            return best
        heir = self._events.get(self._heirs[best.id] or "")
        if heir is None:
            heir = self._open(make_event_id(post.origin.id), best.id)
            self._heirs[best.id] = heir.id
            self._link(LinkKind.SPLIT, heir, best, post)
        return heir

    def _merge_alike(self, members: Members, candidates: list[Candidate], post: ClassifiedPost) -> Members:
        """The post's event, together with the likeliest other one where the post shows that they are one."""
        for surplus, other in candidates:
            if surplus < -self._parameters.merge.near:
                break
            if other is members or not {members.id, other.id}.isdisjoint(self._heirs):
                continue
            if self._evidence.are_one(members, other):
                stays, ends = sorted((members, other), key=Members.rank)
                self._link(LinkKind.MERGED, ends, stays, post, ends.post_ids())
                self._absorb(stays, ends)
                return stays
        return members

    def _link(
        self, kind: LinkKind, one: Members, other: Members, post: ClassifiedPost, moved: tuple[str, ...] = ()
    ) -> None:
        link = EventLink(kind, one.id, other.id, seen_at(post), post.origin.id, moved)
        self._changes.append((link, one))

    def _merge_again(self, link: EventLink | None) -> Members | None:
        if link is None or not {link.event_id, link.other_id} <= self._events.keys():
            return None
        self._absorb(self._events[link.other_id], self._events[link.event_id])
        return self._events[link.other_id]

    def _absorb(self, stays: Members, ends: Members) -> None:
        for members in (stays, ends):
            self._forget_day(members)
        del self._events[ends.id]
        self._words.leave(ends.id)
        self._words.enter(stays.id, ends.terms)
        stays.absorb(ends)
        self._note_day(stays)
        moved = self._members_of.pop(ends.id)
        self._event_of.update(dict.fromkeys(moved, stays.id))
        self._members_of[stays.id] += moved
        self._texts_of[stays.id] += self._texts_of.pop(ends.id)
        self._heirs.update((old, stays.id) for old, heir in self._heirs.items() if heir == ends.id)

    def _advance(self, post: ClassifiedPost) -> None:
        """Move the clock on: events that have been quiet for too long leave, and old words with them."""
        today = seen_at(post).date()
        if today <= self._today:
            return
        self._today = today
        self._vocabulary.advance(today)
        self._titles.advance(today)
        oldest = today - self._active
        for day in sorted(day for day in self._quiet_since if day < oldest):
            for event_id in sorted(self._quiet_since.pop(day)):
                self._close(event_id)

    def _close(self, event_id: str) -> None:
        del self._events[event_id]
        self._heirs.pop(event_id, None)
        self._words.leave(event_id)
        for text in self._texts_of.pop(event_id):
            self._twins.leave(text)
        for post_id in self._members_of.pop(event_id):
            del self._event_of[post_id]


def _describe_changed(link: EventLink, members: Members) -> Event:
    event = members.describe()
    return replace(event, merged_into=link.other_id) if link.kind == LinkKind.MERGED else event
