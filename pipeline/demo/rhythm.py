"""When people write: Poisson arrivals with the rhythm of the day and of the week."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta


def draw_arrivals(
    rng: random.Random,
    start: datetime,
    days: int,
    per_day: float,
    weekdays: Sequence[float],
    hours: Sequence[float],
) -> Iterator[datetime]:
    """Times of an inhomogeneous Poisson process over whole days, by thinning (Lewis & Shedler 1979).

    `weekdays` (7, Monday first) and `hours` (24) are relative rates; `per_day` is the mean over a week.
    """
    shares = [hour * 24 / sum(hours) for hour in hours]
    by_weekday = [day * 7 / sum(weekdays) for day in weekdays]
    top = per_day / 24 * max(shares) * max(by_weekday)
    at, end = start, start + timedelta(days=days)
    while top > 0:
        at += timedelta(hours=rng.expovariate(top))
        if at >= end:
            return
        rate = per_day / 24 * shares[at.hour] * by_weekday[at.weekday()]
        if rng.random() * top < rate:
            yield at


def draw_times(rng: random.Random, start: datetime, days: int, per_week: float) -> list[datetime]:
    """Times of a plain Poisson process in waking hours (7 to 23), for things that happen now and then."""
    waking = [0.0] * 7 + [1.0] * 16 + [0.0]
    return list(draw_arrivals(rng, start, days, per_week / 7, [1.0] * 7, waking))


def draw_growing(
    rng: random.Random, start: datetime, end: datetime, count: int, *, night: bool
) -> list[datetime]:
    """So many times between two, thicker towards the end; without `night` few between 1 and 6 o'clock."""
    times: list[datetime] = []
    while len(times) < count:
        at = start + (end - start) * rng.random() ** 0.75
        if night or not 1 <= at.hour < 6 or rng.random() < 0.1:
            times.append(at)
    return sorted(times)
