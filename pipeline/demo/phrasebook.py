"""The texts and habits of the simulated city, read from knowledge/*.yml."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.reading import Section, read_yaml

KNOWLEDGE = Path(__file__).with_name("knowledge")
VOICES = ("forum", "chat", "hotline")


@dataclass(frozen=True, slots=True)
class Topic:
    """One subject people write about: a text is one of `what`, then of `detail`, then perhaps of `want`.

    Lists as long as `what` go with it item by item (the third title with the third `what`); others are drawn
    freely.
    """

    name: str
    label: str
    weight: int
    hotline: float
    titles: tuple[str, ...]
    what: tuple[str, ...]
    detail: tuple[str, ...]
    want: tuple[str, ...]

    def fitting(self, cards: tuple[str, ...], story: int) -> tuple[str, ...]:
        """The cards of one list that go with the story of this number."""
        return cards[story : story + 1] if len(cards) == len(self.what) else cards


@dataclass(frozen=True, slots=True)
class Grievance:
    """A topic that comes back to one place for weeks: a real cluster, but no emergency."""

    id: str
    zh: str
    topic: str
    per_week: float


@dataclass(frozen=True, slots=True)
class Matter:
    """Short whole texts of one kind: small incidents, traps, adverts. `per_week` counts occurrences."""

    name: str
    per_week: float
    titles: tuple[str, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """An official notice of the news site; a trap names a disaster without one."""

    title: str
    text: str
    trap: bool


@dataclass(frozen=True, slots=True)
class Voice:
    """What one channel wraps a text in; `quiet` and `plain` are the shares without opening and closing."""

    quiet: float
    plain: float
    open: tuple[str, ...]
    join: tuple[str, ...]
    asides: tuple[str, ...]
    close: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Swap:
    """Words that some writers use instead (dialect, slips, synonyms), or pinyin set after a character."""

    share: float
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Habits:
    """How often posts are copied, garbled, late, or carry personal numbers. All shares lie in 0..1."""

    vary: Swap
    dialect: Swap
    typos: Swap
    ruby: Swap
    repost: float
    prefixes: tuple[str, ...]
    suffixes: tuple[str, ...]
    private: float
    private_tails: Mapping[str, tuple[str, ...]]
    mojibake: float
    traditional: float
    late: float
    late_hours: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Relative rates by hour of the day and weekday (Monday first); `per_day` ordinary records on average."""

    per_day: float
    weekdays: tuple[float, ...]
    hours: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """Everything the simulator can say."""

    topics: tuple[Topic, ...]
    grievances: tuple[Grievance, ...]
    incidents: tuple[Matter, ...]
    traps: Matter
    spam: Matter
    spam_share: float
    notices: tuple[Notice, ...]
    notices_per_week: float
    voices: Mapping[str, Voice]
    habits: Habits
    rhythm: Rhythm
    words: Mapping[str, tuple[str, ...]]


def load_phrasebook(folder: Path = KNOWLEDGE) -> Phrasebook:
    """The phrasebook of a folder. Raises ReadError with file, key, value and what is allowed."""
    files = [*sorted((folder / "ordinary").glob("*.yml")), folder / "small_talk.yml"]
    voices = read_yaml(folder / "voices.yml")
    spam = read_yaml(folder / "spam.yml")
    notices = read_yaml(folder / "notices.yml")
    return Phrasebook(
        topics=tuple(topic for path in files for topic in _read_topics(read_yaml(path))),
        grievances=tuple(map(_read_grievance, read_yaml(folder / "chronic.yml").sections("grievances", 1))),
        incidents=tuple(map(_read_incident, read_yaml(folder / "incidents.yml").sections("kinds", 1))),
        traps=_read_matter(read_yaml(folder / "traps.yml"), "traps"),
        spam=Matter("spam", 0.0, spam.texts("titles", 1), spam.texts("texts", 1)),
        spam_share=spam.number("share", 0, 1),
        notices=tuple(map(_read_notice, notices.sections("notices", 1))),
        notices_per_week=notices.number("per_week", 0, 100),
        voices={name: _read_voice(voices.section(name)) for name in VOICES},
        habits=_read_habits(voices),
        rhythm=_read_rhythm(read_yaml(folder / "rhythm.yml")),
        words=_read_words(read_yaml(folder / "words.yml")),
    )


def _read_topics(top: Section) -> list[Topic]:
    label = top.text("label")
    topics = [_read_topic(section, label) for section in top.sections("topics", 1)]
    top.close()
    return topics


def _read_topic(section: Section, label: str) -> Topic:
    topic = Topic(
        name=section.text("name"),
        label=label,
        weight=section.whole("weight", 1),
        hotline=section.number("hotline", 0, 1),
        titles=section.texts("titles", 2),
        what=section.texts("what", 2),
        detail=section.texts("detail", 2),
        want=section.texts("want", 1),
    )
    section.close()
    return topic


def _read_grievance(section: Section) -> Grievance:
    found = Grievance(
        section.text("id"), section.text("zh"), section.text("topic"), section.number("per_week", 0, 100)
    )
    section.close()
    return found


def _read_incident(section: Section) -> Matter:
    return _read_matter(section, section.text("name"))


def _read_matter(section: Section, name: str) -> Matter:
    found = Matter(
        name, section.number("per_week", 0, 100), section.texts("titles", 1), section.texts("texts", 1)
    )
    section.close()
    return found


def _read_notice(section: Section) -> Notice:
    trap = section.has("trap") and section.choice("trap", ("yes",)) == "yes"
    found = Notice(section.text("title"), section.text("text"), trap)
    section.close()
    return found


def _read_voice(section: Section) -> Voice:
    found = Voice(
        section.number("quiet", 0, 1),
        section.number("plain", 0, 1),
        section.texts("open", 1),
        section.texts("join", 1),
        section.texts("asides", 1),
        section.texts("close", 1),
    )
    section.close()
    return found


def _read_swap(section: Section, key: str) -> Swap:
    words = section.section(key)
    return Swap(section.number("share", 0, 1), {name: words.text(name) for name in words.names()})


def _read_habits(top: Section) -> Habits:
    repost, private, late = top.section("repost"), top.section("private"), top.section("late")
    return Habits(
        vary=_read_swap(top.section("vary"), "swap"),
        dialect=_read_swap(top.section("dialect"), "swap"),
        typos=_read_swap(top.section("typos"), "swap"),
        ruby=_read_swap(top.section("ruby"), "pinyin"),
        repost=repost.number("share", 0, 1),
        prefixes=repost.texts("prefix", 1),
        suffixes=repost.texts("suffix", 1),
        private=private.number("share", 0, 1),
        private_tails={channel: private.texts(channel, 1) for channel in ("forum", "hotline")},
        mojibake=top.section("mojibake").number("share", 0, 1),
        traditional=top.section("traditional").number("share", 0, 1),
        late=late.number("share", 0, 1),
        late_hours=(late.number("least_hours", 0, 240), late.number("most_hours", 0, 240)),
    )


def _read_rhythm(top: Section) -> Rhythm:
    rhythm = Rhythm(
        per_day=top.number("per_day", 0, 100_000),
        weekdays=_read_rates(top, "weekdays", 7),
        hours={channel: _read_rates(top, f"{channel}_hours", 24) for channel in ("forum", "hotline")},
    )
    top.close()
    return rhythm


def _read_rates(section: Section, key: str, count: int) -> tuple[float, ...]:
    parts = section.text(key).split()
    try:
        rates = tuple(float(part) for part in parts)
    except ValueError as error:
        raise section.refuse(key, "用空格分开的数") from error
    if len(rates) != count or min(rates) < 0 or max(rates) == 0:
        raise section.refuse(key, f"{count} 个不小于 0 的数，不全为 0")
    return rates


def _read_words(top: Section) -> dict[str, tuple[str, ...]]:
    return {name: top.texts(name, 1) for name in top.names()}
