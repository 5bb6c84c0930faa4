"""What the simulator makes: items of the city's sources with their ground truth, and the crises."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from schemas.taxonomy.places import Deployment, PlaceDef

FORUM, NEWS, HOTLINE = "yunting_forum", "yunting_news", "demo_12345"
SOURCES_ZH = {FORUM: "街坊论坛", NEWS: "云汀发布", HOTLINE: "12345 热线"}


class Kind(StrEnum):
    """What an item really is; the job never sees this."""

    ORDINARY = "ordinary"
    CHRONIC = "chronic"
    INCIDENT = "incident"
    TRAP = "trap"
    SPAM = "spam"
    NOTICE = "notice"
    CRISIS = "crisis"


@dataclass(frozen=True, slots=True)
class Item:
    """One post, notice or hotline record, with its ground truth.

    `key` is its number at the source; `arrives_at` is when the city's systems can first see it; `matter` is
    its topic, incident or crisis; `flags` say what was done to its text.
    """

    key: str
    source: str
    title: str
    body: str
    author: str
    published_at: datetime
    arrives_at: datetime
    kind: Kind
    matter: str
    district: str
    street: str
    flags: tuple[str, ...] = ()
    copy_of: str | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of a crisis: so many posts between two times (hours since its beginning)."""

    name: str
    start: float
    end: float
    posts: int
    hotline: float
    night: bool
    titles: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """An official text of a crisis, so many hours after its beginning."""

    at: float
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Crisis:
    """A scripted crisis. `harm` is when it becomes a disaster; `expect` the labels that would be right."""

    id: str
    zh: str
    begin: datetime
    harm: datetime
    harm_zh: str
    expect: tuple[str, ...]
    place: PlaceDef
    slots: Mapping[str, str]
    facts: Mapping[str, str]
    phases: tuple[Phase, ...]
    news: tuple[Bulletin, ...]


@dataclass(frozen=True)
class City:
    """A simulated city: its sources' items in order of arrival, and what is true about them."""

    seed: int
    start: datetime
    weeks: int
    deployment: Deployment
    items: tuple[Item, ...]
    crises: tuple[Crisis, ...]

    @cached_property
    def by_key(self) -> Mapping[str, Item]:
        """The ground truth: items by their number at the source."""
        return {item.key: item for item in self.items}

    def of_source(self, source: str) -> tuple[Item, ...]:
        """The items of one source, in order of arrival."""
        return tuple(item for item in self.items if item.source == source)

    def of_crisis(self, crisis: str) -> tuple[Item, ...]:
        """The items of one crisis, in order of arrival."""
        return tuple(item for item in self.items if item.kind is Kind.CRISIS and item.matter == crisis)
