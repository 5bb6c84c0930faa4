"""The scripted crises: reading script.yml and growing their posts from few early voices to many."""

import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.demo.items import Bulletin, Crisis, Phase
from pipeline.demo.rhythm import draw_growing
from schemas.reading import Section, read_yaml
from schemas.taxonomy.places import Deployment

SCRIPT = Path(__file__).with_name("script.yml")
_OFFSET = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?")


def load_script(deployment: Deployment, start: datetime, path: Path = SCRIPT) -> tuple[Crisis, ...]:
    """The crises, set in a city that begins at `start` (a Monday). Raises ReadError."""
    top = read_yaml(path)
    crises = tuple(_read_crisis(section, deployment, start) for section in top.sections("crises", 1))
    top.close()
    return crises


def _read_crisis(section: Section, deployment: Deployment, start: datetime) -> Crisis:
    slots = _read_slots(section.section("slots"), deployment)
    begin = start + timedelta(hours=_read_offset(section, "at"))
    crisis = Crisis(
        id=section.text("id"),
        zh=section.text("zh"),
        begin=begin,
        harm=begin + timedelta(hours=_read_offset(section, "harm")),
        harm_zh=section.text("harm_zh"),
        expect=section.texts("expect", 1),
        place=deployment.by_code[next(iter(slots.values()))],
        slots=slots,
        facts=_read_facts(section),
        phases=tuple(_read_phase(phase) for phase in section.sections("phases", 1)),
        news=tuple(_read_bulletin(bulletin) for bulletin in section.sections("news")),
    )
    section.close()
    return crisis


def _read_slots(section: Section, deployment: Deployment) -> dict[str, str]:
    for name in section.names():
        if section.text(name) not in deployment.by_code:
            raise section.refuse(name, f"{deployment.name}的地点编码")
    return {name: section.text(name) for name in section.names()}


def _read_facts(section: Section) -> dict[str, str]:
    if not section.has("facts"):
        return {}
    facts = section.section("facts")
    return {name: facts.text(name) for name in facts.names()}


def _read_offset(section: Section, key: str) -> float:
    """Hours of an offset such as `8d20h` or `58h10m`."""
    found = _OFFSET.fullmatch(section.text(key))
    if found is None:
        raise section.refuse(key, "8d20h、58h10m 一类的时间差")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return days * 24 + hours + minutes / 60


def _read_phase(section: Section) -> Phase:
    phase = Phase(
        name=section.text("name"),
        start=_read_offset(section, "from"),
        end=_read_offset(section, "to"),
        posts=section.whole("posts", 1),
        hotline=section.number("hotline", 0, 1),
        night=section.has("night") and section.choice("night", ("yes",)) == "yes",
        titles=section.texts("titles", 1),
        parts=_read_parts(section.section("parts")),
    )
    section.close()
    return phase


def _read_parts(section: Section) -> tuple[tuple[str, ...], ...]:
    return tuple(section.texts(name, 1) for name in section.names())


def _read_bulletin(section: Section) -> Bulletin:
    bulletin = Bulletin(_read_offset(section, "at"), section.text("title"), section.text("text"))
    section.close()
    return bulletin


def grow_phase(crisis: Crisis, phase: Phase, rng: random.Random) -> Iterator[tuple[datetime, str, str]]:
    """The posts of one phase as time, title and text template; wordings repeat as late as possible."""
    begin, end = (crisis.begin + timedelta(hours=hours) for hours in (phase.start, phase.end))
    decks = [_deal(part, phase.posts, rng) for part in phase.parts]
    titles = _deal(phase.titles, phase.posts, rng)
    for number, at in enumerate(draw_growing(rng, begin, end, phase.posts, night=phase.night)):
        yield at, titles[number], "".join(deck[number] for deck in decks)


def _deal(cards: tuple[str, ...], count: int, rng: random.Random) -> list[str]:
    """So many cards, each used once before any comes again, in random order."""
    dealt: list[str] = []
    while len(dealt) < count:
        dealt.extend(rng.sample(cards, len(cards)))
    return dealt[:count]
