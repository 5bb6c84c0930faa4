"""Any number of classified posts over a year, drawn from the simulated city, for measuring the index.

The texts are those of some simulated weeks, each read by the text core. A post joins two of them, so that
neither whole texts nor word counts repeat as a small sample would; time, author, heat and event are drawn.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256

from nlp.core import TextCore
from pipeline.demo.items import Item
from pipeline.demo.phrasebook import load_phrasebook
from pipeline.demo.simulator import simulate_city
from schemas.posts import make_post
from schemas.records import ClassifiedPost, Heat, RawPost
from schemas.taxonomy.places import Deployment
from schemas.times import SHANGHAI

WEEKS, DAYS, CHARACTERS = 6, 365, 120
_SEED = 20_260
_MONDAY = datetime(2026, 1, 5, tzinfo=SHANGHAI)
_AUTHORS, _IN_EVENT, _PER_EVENT = 200_000, 0.15, 12


def draw_year(
    core: TextCore, places: Deployment, count: int, end: datetime, *, characters: int = CHARACTERS
) -> Iterator[tuple[ClassifiedPost, str | None]]:
    """So many posts of the year before `end`, in order of time, each with the id of its event or None.

    Texts have the given length on average; hours follow the city's rhythm.
    """
    rng = random.Random(_SEED)
    pool = _read_city(core, places)
    for number, at in enumerate(_times(rng, count, end)):
        yield _draw(rng, pool, number, at, characters), _event(rng, number)


@lru_cache(maxsize=1)
def _read_city(core: TextCore, places: Deployment) -> tuple[ClassifiedPost, ...]:
    city = simulate_city(_SEED, places, _MONDAY, WEEKS)
    return tuple(core.enrich([_raw(item) for item in city.items]))


def _raw(item: Item) -> RawPost:
    return make_post(
        item.source,
        item.key,
        item.title,
        item.body,
        fetched_at=item.arrives_at,
        published_at=item.published_at,
        author_hash=item.author,
        district=item.street,
    )


def _times(rng: random.Random, count: int, end: datetime) -> list[datetime]:
    hours = load_phrasebook().rhythm.hours["forum"]
    drawn = rng.choices(range(24), hours, k=count)
    first = (end - timedelta(days=DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    return sorted(
        first + timedelta(days=rng.randrange(DAYS), hours=hour, seconds=rng.randrange(3_600))
        for hour in drawn
    )


def _draw(
    rng: random.Random, pool: Sequence[ClassifiedPost], number: int, at: datetime, characters: int
) -> ClassifiedPost:
    told, more = rng.choice(pool), rng.choice(pool)
    key = sha256(f"{_SEED}:{number}".encode()).hexdigest()
    origin = replace(
        told.origin,
        id=key[:32],
        revision=key[32:],
        fetched_at=at + timedelta(minutes=rng.randrange(1, 60)),
        published_at=at,
        url=f"https://luntan.example/{number}",
        author_hash=sha256(f"{rng.randrange(_AUTHORS)}".encode()).hexdigest()[:32],
    )
    length = max(10, int(rng.gauss(characters, characters / 3)))
    text = f"{told.clean.text} {more.clean.text}"
    words = (*told.words, *more.words)
    share = min(1.0, length / len(text))
    heat = Heat(*(int(rng.paretovariate(1.2)) - 1 for _ in range(3)))
    clean = replace(told.clean, origin=origin, text=text[:length], heat=heat)
    return replace(told, clean=clean, words=words[: max(1, round(len(words) * share))])


def _event(rng: random.Random, number: int) -> str | None:
    """Posts of one event lie near each other in time, as those of real ones do."""
    if rng.random() > _IN_EVENT:
        return None
    return sha256(f"event:{int(number / _PER_EVENT / 5) * 5 + rng.randrange(5)}".encode()).hexdigest()[:32]
