"""The simulator: weeks of a city's posts, notices and hotline records from a seed, with crises among them."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.demo.garble import Garbler
from pipeline.demo.items import FORUM, HOTLINE, NEWS, City, Crisis, Item, Kind
from pipeline.demo.phrasebook import Matter, Phrasebook, Topic, load_phrasebook
from pipeline.demo.rhythm import draw_arrivals, draw_times
from pipeline.demo.scene import Map, Scene
from pipeline.demo.script import grow_phase, load_script
from schemas.taxonomy.places import Deployment, PlaceDef

_CRISIS_REPOSTS, _ASIDES = 0.12, 0.45
_PREFIX = {FORUM: "t", NEWS: "n", HOTLINE: "YT"}


def simulate_city(seed: int, deployment: Deployment, start: datetime, weeks: int) -> City:
    """A city of so many weeks from a Monday at 00:00 on; the same arguments give the same city.

    Crises that would reach past the end are left out, so six weeks hold all five. Raises ValueError for a
    start that is no Monday midnight, ReadError for knowledge that cannot be read.
    """
    if start.weekday() != 0 or start.hour or start.minute or start.tzinfo is None:
        msg = f"start must be a Monday 00:00 with a zone, not {start.isoformat()}"
        raise ValueError(msg)
    end = start + timedelta(weeks=weeks)
    book = load_phrasebook()
    crises = tuple(crisis for crisis in load_script(deployment, start) if _ends(crisis) <= end)
    teller = Teller(seed, start, weeks, book, Map(deployment, book.words), Garbler(book.habits), crises)
    items = tuple(item for item in sorted(teller.tell(), key=_arrival) if item.published_at < end)
    return City(seed, start, weeks, deployment, items, crises)


def _ends(crisis: Crisis) -> datetime:
    return crisis.begin + timedelta(hours=max(phase.end for phase in crisis.phases))


def _arrival(item: Item) -> tuple[datetime, str]:
    return item.arrives_at, item.key


@dataclass(frozen=True, slots=True)
class About:
    """The truth of an item: what it is, what it belongs to and where."""

    kind: Kind
    matter: str
    place: PlaceDef


@dataclass(frozen=True)
class Teller:
    """Tells everything that is written in the city, stream by stream; each stream has its own generator."""

    seed: int
    start: datetime
    weeks: int
    book: Phrasebook
    map: Map
    garbler: Garbler
    crises: tuple[Crisis, ...]

    def tell(self) -> list[Item]:
        """All items, numbered per source in order of time, garbled and some of them copied or late."""
        streams: tuple[Callable[[random.Random], Iterable[Item]], ...] = (
            self.ordinary, self.chronic, self.incidents, self.traps, self.notices, self.scripted
        )  # fmt: skip
        drafts = [item for stream in streams for item in stream(self.generator(stream.__name__))]
        return self._transport(_number(drafts))

    def generator(self, name: str) -> random.Random:
        """The generator of one stream: a change in one leaves the others as they were."""
        return random.Random(f"{self.seed}:{name}")

    @property
    def days(self) -> int:
        """The length of the simulation."""
        return self.weeks * 7

    def ordinary(self, rng: random.Random) -> Iterator[Item]:
        """Complaints, questions, small talk and adverts of every day."""
        rhythm, topics = self.book.rhythm, self.book.topics
        weights = [topic.weight for topic in topics]
        hotline_share = sum(t.weight * t.hotline for t in topics) / sum(weights)
        for channel, share in ((FORUM, 1 - hotline_share), (HOTLINE, hotline_share)):
            own = [t.weight * (t.hotline if channel == HOTLINE else 1 - t.hotline) for t in topics]
            per_day, hours = rhythm.per_day * share, rhythm.hours[_voice(channel)]
            for at in draw_arrivals(rng, self.start, self.days, per_day, rhythm.weekdays, hours):
                if channel == FORUM and rng.random() < self.book.spam_share:
                    yield self.matter(rng, at, self.book.spam, Kind.SPAM)
                else:
                    topic = rng.choices(topics, own)[0]
                    about = About(Kind.ORDINARY, topic.name, self.estate(rng))
                    yield self.complaint(rng, at, channel, topic, about)

    def chronic(self, rng: random.Random) -> Iterator[Item]:
        """Grievances that come back to one estate for weeks."""
        topics = {topic.name: topic for topic in self.book.topics}
        taken = {crisis.place.code for crisis in self.crises}
        free = [place for place in self.map.deployment.of_level("estate") if place.code not in taken]
        estates = rng.sample(free, len(self.book.grievances))
        for grievance, estate in zip(self.book.grievances, estates, strict=True):
            for at in draw_times(rng, self.start, self.days, grievance.per_week):
                topic = topics[grievance.topic]
                channel = HOTLINE if rng.random() < topic.hotline else FORUM
                yield self.complaint(rng, at, channel, topic, About(Kind.CHRONIC, grievance.id, estate))

    def incidents(self, rng: random.Random) -> Iterator[Item]:
        """Small things of every city day: one to three reports each within two hours."""
        for kind in self.book.incidents:
            for number, begin in enumerate(draw_times(rng, self.start, self.days, kind.per_week)):
                about = About(Kind.INCIDENT, f"{kind.name}:{number}", self.estate(rng))
                scene = self.map.scene(about.place, rng)
                texts = rng.sample(kind.texts, min(len(kind.texts), rng.choice((1, 1, 2, 3))))
                for text in texts:
                    at = begin + timedelta(minutes=rng.uniform(0, 120))
                    channel = HOTLINE if "来电" in text or text.startswith("市民") else FORUM
                    title = scene.fill(rng.choice(kind.titles), rng)
                    yield self.draft(rng, at, channel, title, scene.fill(text, rng), about)

    def traps(self, rng: random.Random) -> Iterator[Item]:
        """Texts that name a disaster without one."""
        for at in draw_times(rng, self.start, self.days, self.book.traps.per_week):
            yield self.matter(rng, at, self.book.traps, Kind.TRAP)

    def notices(self, rng: random.Random) -> Iterator[Item]:
        """The official notices of ordinary life."""
        for at in draw_times(rng, self.start, self.days, self.book.notices_per_week):
            notice = rng.choice(self.book.notices)
            about = About(Kind.TRAP if notice.trap else Kind.NOTICE, "notice", self.estate(rng))
            scene = self.map.scene(about.place, rng)
            title, text = scene.fill(notice.title, rng), scene.fill(notice.text, rng)
            yield self.draft(rng, at, NEWS, title, text, about)

    def scripted(self, rng: random.Random) -> Iterator[Item]:
        """The posts and bulletins of the crises."""
        for crisis in self.crises:
            about = About(Kind.CRISIS, crisis.id, crisis.place)
            fixed = self.map.scene(crisis.place, rng, crisis.slots, crisis.facts)
            for bulletin in crisis.news:
                at = crisis.begin + timedelta(hours=bulletin.at)
                title, text = fixed.fill(bulletin.title, rng), fixed.fill(bulletin.text, rng)
                yield self.draft(rng, at, NEWS, title, text, about)
            for phase in crisis.phases:
                for at, title, text in grow_phase(crisis, phase, rng):
                    scene = self.map.scene(crisis.place, rng, crisis.slots, crisis.facts)
                    channel = HOTLINE if rng.random() < phase.hotline else FORUM
                    body = self.wrapped_crisis(scene, text, channel, rng)
                    yield self.draft(rng, at, channel, scene.fill(title, rng), body, about)

    def estate(self, rng: random.Random) -> PlaceDef:
        """Somewhere in the city."""
        return rng.choice(self.map.deployment.of_level("estate"))

    def wrapped_crisis(self, scene: Scene, text: str, channel: str, rng: random.Random) -> str:
        """A crisis text in the manner of its channel: the hotline's clerk writes who called."""
        filled = scene.fill(text, rng)
        if channel == HOTLINE:
            filled = scene.fill(rng.choice(self.book.voices["hotline"].open), rng) + filled
        return filled

    def complaint(self, rng: random.Random, at: datetime, channel: str, topic: Topic, about: About) -> Item:
        """One text of a topic, told in the manner of its channel."""
        scene = self.map.scene(about.place, rng)
        story = rng.randrange(len(topic.what))
        body = scene.fill(self.garbler.vary(self._compose(topic, story, channel, rng), rng), rng)
        flags: tuple[str, ...] = ()
        if channel == FORUM:
            body, flags = self.garbler.speak(body, rng)
        body, private = self.garbler.tell_numbers(body, _voice(channel), scene, rng)
        title = scene.fill(rng.choice(topic.fitting(topic.titles, story)), rng)
        return self.draft(rng, at, channel, title, body, about, (*flags, *private))

    def _compose(self, topic: Topic, story: int, channel: str, rng: random.Random) -> str:
        voice = self.book.voices["chat" if topic.label == "none" else _voice(channel)]
        opening = "" if rng.random() < voice.quiet else rng.choice(voice.open)
        details = topic.fitting(topic.detail, story)
        parts = [topic.what[story], *rng.sample(details, min(len(details), rng.choice((0, 1, 1, 1, 2))))]
        if rng.random() < (0.8 if channel == HOTLINE else 0.35):
            parts.append(rng.choice(topic.fitting(topic.want, story)))
        if rng.random() < _ASIDES:
            parts.insert(rng.randint(1, len(parts)), rng.choice(voice.asides))
        text = opening + parts[0]
        for part in parts[1:]:
            text += rng.choice(voice.join) + part
        return text if rng.random() < voice.plain else text + rng.choice(voice.close)

    def matter(self, rng: random.Random, at: datetime, matter: Matter, kind: Kind) -> Item:
        """One of the short whole texts, somewhere in the city; they stand in the forum."""
        about = About(kind, matter.name, self.estate(rng))
        scene = self.map.scene(about.place, rng)
        title, text = scene.fill(rng.choice(matter.titles), rng), scene.fill(rng.choice(matter.texts), rng)
        return self.draft(rng, at, FORUM, title, text, about)

    def draft(
        self,
        rng: random.Random,
        at: datetime,
        channel: str,
        title: str,
        body: str,
        about: About,
        flags: tuple[str, ...] = (),
    ) -> Item:
        """An item without its number yet. A hotline call is written up within three quarters of an hour."""
        wait = timedelta(minutes=rng.uniform(10, 45) if channel == HOTLINE else rng.uniform(1, 15))
        at = at.replace(microsecond=0)
        names = {above.level: above.name for above in self.map.deployment.ancestors(about.place.code)}
        author = f"{rng.choice(self.book.words['surname'])}{rng.randint(100, 99_999)}"
        return Item(
            key="",
            source=channel,
            title=title,
            body=body,
            author=author,
            published_at=at,
            arrives_at=at + wait,
            kind=about.kind,
            matter=about.matter,
            district=names.get("district", ""),
            street=names.get("street", ""),
            flags=flags,
        )

    def _transport(self, items: list[Item]) -> list[Item]:
        """Garbled, delayed and reposted, as the sources show them."""
        rng = self.generator("transport")
        sent = [self.garbler.delay(self.garbler.garble(item, rng), rng) for item in items]
        copies = []
        for item in sent:
            share = _CRISIS_REPOSTS if item.kind is Kind.CRISIS else self.garbler.habits.repost
            if item.source == FORUM and rng.random() < share:
                author = f"{rng.choice(self.book.words['surname'])}{rng.randint(100, 99_999)}"
                copies.append(self.garbler.repost(item, f"{item.key}r", author, rng))
        return sent + copies


def _voice(channel: str) -> str:
    return "hotline" if channel == HOTLINE else "forum"


def _number(items: Iterable[Item]) -> list[Item]:
    """Each item with the next number of its source, in order of time."""
    counts = dict.fromkeys(_PREFIX, 100_000)
    numbered = []
    for item in sorted(items, key=lambda item: (item.published_at, item.source, item.title, item.body)):
        counts[item.source] += 1
        numbered.append(replace(item, key=f"{_PREFIX[item.source]}{counts[item.source]}"))
    return numbered
