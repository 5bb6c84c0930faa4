"""How collecting from one source went on one day, in numbers that later days are compared with."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source on one whole day of Beijing time.

    Of `runs` runs `successes` got an answer that could be read and `few` of them less than the source is
    expected to have. `fetched` records were listed, `new` of them unknown; `failed` pages and `quarantined`
    records are missing. Of `records` new ones so many had no text, time or author; `length` is the median
    number of characters of their texts, None without any.
    """

    source: str
    day: date
    runs: int
    successes: int
    few: int = 0
    fetched: int = 0
    new: int = 0
    failed: int = 0
    quarantined: int = 0
    records: int = 0
    no_body: int = 0
    no_date: int = 0
    no_author: int = 0
    length: float | None = None
