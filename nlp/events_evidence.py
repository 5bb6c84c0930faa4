"""What speaks for and against: a post belonging to an event, two events being one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from nlp.events_members import Members, full_label, seen_at
from nlp.events_names import count_shared, districts, home_names, own_names, roads
from nlp.events_parameters import EventParameters
from nlp.events_titles import TitleCounts, TitlePieces, cut_title
from nlp.events_words import Weights
from schemas.records import ClassifiedPost


@dataclass(frozen=True, slots=True)
class Voice:
    """What a post brings to the comparison, worked out once for all events it is compared with."""

    at: datetime
    weights: Weights
    title: TitleCounts
    label: str
    names: tuple[str, ...]
    homes: tuple[str, ...]
    roads: frozenset[str]
    districts: frozenset[str]


def hear(post: ClassifiedPost, weights: Weights) -> Voice:
    """The voice of a post."""
    return Voice(
        at=seen_at(post),
        weights=weights,
        title=TitleCounts(cut_title(post)),
        label=full_label(post)[0],
        names=own_names(post),
        homes=home_names(post),
        roads=roads(post.places),
        districts=districts(post.places),
    )


class Evidence:
    """Scores by the parameters; a title's pieces weigh by what is rare today."""

    def __init__(self, parameters: EventParameters, titles: TitlePieces) -> None:
        self._parameters, self._titles = parameters, titles
        self._active = timedelta(days=parameters.active_days)

    def weigh_joining(self, voice: Voice, members: Members, *, is_twin: bool) -> float:
        """How far the evidence for this event lies above what a post needs to join it."""
        match = self._parameters.match
        shared = self._count_shared(voice, members)
        elsewhere = shared == 0 and bool(voice.homes) and bool(members.homes)
        text = 1.0 if is_twin else members.cosine(voice.weights)
        # Titles that differ in the estate alone are the same trouble somewhere else.
        title = 0.0 if is_twin or elsewhere else self._titles.alike(voice.title, members.titles)
        home = match.other_home if elsewhere else 0.0
        quiet = max(voice.at - members.last_seen, timedelta()) / self._active
        label = match.same_label if voice.label in members.labels else 0.0
        places = self._weigh_names(shared) + self._weigh_ways(voice, members)
        needed = match.least + match.waiting * quiet
        return text + match.same_title * title + label + places - home - needed

    def _count_shared(self, voice: Voice, members: Members) -> int | None:
        """How many names of estates, schools, firms and communities are the same; None where one has none."""
        if not voice.names or not members.names:
            return None
        return count_shared(voice.names, members.names, self._parameters.names_alike)

    def _weigh_names(self, shared: int | None) -> float:
        match = self._parameters.match
        if shared is None:
            return 0.0
        return match.same_name * min(shared, 2) if shared else -match.other_name

    def _weigh_ways(self, voice: Voice, members: Members) -> float:
        match = self._parameters.match
        same_road = not voice.roads.isdisjoint(members.roads)
        both = voice.districts and members.districts
        elsewhere = both and voice.districts.isdisjoint(members.districts)
        return (match.same_road if same_road else 0.0) - (match.other_district if elsewhere else 0.0)

    def are_one(self, one: Members, other: Members) -> bool:
        """Whether two events speak of one matter; two that are about different estates never do."""
        match, homes, others = self._parameters.match, one.main_homes(), other.main_homes()
        shared = count_shared(homes, others, self._parameters.names_alike)
        if homes and others and not shared:
            return False
        same = match.same_title * self._titles.alike(one.titles, other.titles)
        home = match.same_name if shared else 0.0
        return one.alike(other) + same + home >= self._parameters.merge.least
