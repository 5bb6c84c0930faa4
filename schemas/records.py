"""The frozen records that the stages hand on; every one says where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

JsonScalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a post came from, carried unchanged from RawPost to the index.

    `id` is the hash of the source and the post's own number or URL (of its content where it has neither), so
    it is the same whenever the post is fetched; `revision` is the hash of the content, so a changed post is a
    new revision of the same id. Times carry a zone; `published_at` is None when the source does not say.
    """

    id: str
    revision: str
    source: str
    fetched_at: datetime
    published_at: datetime | None = None
    url: str | None = None
    ticket: str | None = None
    author_hash: str | None = None
    district: str | None = None

    @property
    def time(self) -> datetime:
        """When the post was made, or when it was fetched where the source does not say."""
        return self.fetched_at if self.published_at is None else self.published_at


@dataclass(frozen=True, slots=True)
class RawPost:
    """A public post or hotline record as it was fetched. `extra` keeps what the source says besides."""

    origin: Origin
    title: str
    body: str
    extra: Mapping[str, JsonScalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heat:
    """Public attention the source reports for one post; None where it reports none."""

    likes: int | None = None
    reposts: int | None = None
    comments: int | None = None


@dataclass(frozen=True, slots=True)
class CleanPost:
    """Readable text: no markup, ruby or boilerplate; simplified characters; personal numbers masked.

    `feelings` are what the text showed by tags and emoji: 泪 for `[泪]`, 😭; each once.
    """

    origin: Origin
    title: str
    text: str
    language: str
    flags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    heat: Heat = Heat()
    feelings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """A taxonomy label with its probability and the words that decided. `name` is e.g. `urban_rural`."""

    name: str
    probability: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A place found in a text. `level` is one of PLACE_LEVELS, `score` lies in (0, 1]; `path` leads from the
    province or city down to this place, names joined by `/`."""

    name: str
    code: str | None
    level: str
    score: float
    path: str = ""
    start: int | None = None
    end: int | None = None
    lng: float | None = None
    lat: float | None = None


PLACE_LEVELS = ("province", "city", "district", "street", "community", "estate", "road", "firm")


@dataclass(frozen=True, slots=True)
class FactSpan:
    """Where a text states a fact: its name in Facts, and the characters from `start` until before `end`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Numbers a text states. None = not stated; 0 only where the text says none (无人员伤亡).

    `spans` tell where in the text (title and body, as `enrich` puts them together) each is stated; those of
    an event, made of many texts, have none.
    """

    deaths: int | None = None
    injured: int | None = None
    missing: int | None = None
    trapped: int | None = None
    affected: int | None = None
    money: float | None = None
    time: datetime | None = None
    spans: tuple[FactSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class Rebuttal:
    """An official rebuttal that speaks of what a post says; `score` in [0, 1] is how much of its title the
    post says."""

    id: str
    title: str
    source: str
    score: float
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ClassifiedPost:
    """What the text core says about a post. `fingerprint` is the MinHash of its words (64 uint32 values).

    `needs` are what somebody asks for or offers in an emergency, surest first; `emotion` is the writer's,
    None where nothing shows any; `detail` is the second level of the complaint, None where it is not said;
    `rebuttal` is the official one that speaks of it, None where none is known.
    """

    clean: CleanPost
    words: tuple[str, ...]
    complaint: Label
    incident: Label
    rumour: Label
    urgency: str
    places: tuple[Place, ...]
    facts: Facts
    fingerprint: tuple[int, ...]
    needs: tuple[Label, ...] = ()
    emotion: Label | None = None
    detail: Label | None = None
    rebuttal: Rebuttal | None = None

    @property
    def origin(self) -> Origin:
        """Where the post came from."""
        return self.clean.origin


@dataclass(frozen=True, slots=True)
class Event:
    """Posts about one thing. `id` never changes; `heat` counts every member, duplicates included.

    `post_ids` are in order of time; `reports` counts the distinct texts among them. `label` and `place` are
    what most members say: `label` is `<family>.<name>`, such as `incident.fire` or `complaint.transport`.
    `merged_into` is the event that the posts of this one went to, which ended it; `split_from` the event
    that was over when this one took its matter up again.
    """

    id: str
    title: str
    post_ids: tuple[str, ...]
    heat: int
    reports: int
    sources: tuple[str, ...]
    label: str
    place: Place | None
    first_seen: datetime
    last_seen: datetime
    keywords: tuple[str, ...] = ()
    facts: Facts = Facts()
    rumour: float = 0.0
    urgency: str = "normal"
    authors: int = 0
    merged_into: str | None = None
    split_from: str | None = None


class LinkKind(StrEnum):
    """How two events are linked."""

    MERGED = "merged"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class EventLink:
    """Two events turned out to be one, or a new one took up the matter of one that was over.

    `event_id` is the event that ended (merged) or began (split), `other_id` the one that goes on (merged) or
    was over (split). `post_id` is the post that brought it about; `post_ids` are those that changed over.
    """

    kind: LinkKind
    event_id: str
    other_id: str
    at: datetime
    post_id: str
    post_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One value a sensor reported. `quantity` is one of schemas/sensors/quantities.yml and `value` stands in
    its unit, which `unit` repeats; `place` is None where nobody has said where the station stands."""

    station: str
    quantity: str
    value: float
    unit: str
    at: datetime
    place: Place | None
    source: str


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """One counted series: a place path (or `*` for everywhere) and a label `<family>.<name>`."""

    place: str
    label: str


@dataclass(frozen=True, slots=True)
class Signal:
    """A series that rose above what was to be expected in one window."""

    key: SeriesKey
    at: datetime
    window_hours: int
    observed: int
    expected: float
    upper: float
    p: float
    detector: str


class Level(IntEnum):
    """The four warning levels of 突发事件应对法 第六十三条; one is the highest."""

    RED = 1
    ORANGE = 2
    YELLOW = 3
    BLUE = 4


class AlertState(StrEnum):
    """Where an alert stands. A snoozed one comes back at a set time; a false alarm is closed as one."""

    RAISED = "raised"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    CLOSED = "closed"
    FALSE_ALARM = "false_alarm"

    @property
    def is_over(self) -> bool:
        """Whether nobody has to answer for it any more."""
        return self in {AlertState.CLOSED, AlertState.FALSE_ALARM}


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of an alert's history."""

    at: datetime
    what: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """A warning that somebody answers for. `group` leaves the level out, so that a warning can rise.

    `revision` counts from 1 and grows when level or reason change; `reason` is Chinese sentences with
    numbers; `post_ids` are the posts it rests on, most telling first; `route` names the duty group that
    answers; `until` is when a snoozed warning comes back.
    """

    id: str
    revision: int
    group: str
    rule: str
    event_id: str | None
    level: Level
    title: str
    reason: str
    post_ids: tuple[str, ...]
    label: str
    place: Place | None
    route: str
    raised_at: datetime
    state: AlertState = AlertState.RAISED
    rumour: float = 0.0
    history: tuple[Step, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Something that could not be read: its bytes, where it stood and why it was refused. Never dropped.

    `reader` is what its reader needs beside the bytes to read it again, as JSON; empty where nothing more is
    needed than its source.
    """

    source: str
    where: str
    reason: str
    raw: bytes
    at: datetime
    reader: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail. `name` is its ASCII file name, `type` its media type `text/csv`."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """A rendered mail. `message_id` is made from alert and revision, so that a repeat is known as one.

    `images` are the pictures of the HTML part: each its Content-ID without brackets, and a PNG.
    """

    message_id: str
    alert_id: str
    revision: int
    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    references: tuple[str, ...] = ()
    images: tuple[tuple[str, bytes], ...] = ()
    attachments: tuple[Attachment, ...] = ()
