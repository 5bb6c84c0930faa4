"""The condition `drift`: collecting from a source goes otherwise than on its days before."""

from dataclasses import dataclass

from schemas.reading import Section
from schemas.records import Level
from schemas.rules.parts import read_one_label

SHARES = ("no_body", "no_date", "no_author", "failed", "quarantined")
LEVELS = ("length", "fetched")
ROWS = ("stale", "unreached", "few")
MEASURES_ZH = {
    "no_body": "没有正文的忽然多了",
    "no_date": "没有时间的忽然多了",
    "no_author": "没有作者的忽然多了",
    "failed": "取不到的网页忽然多了",
    "quarantined": "读不懂的记录忽然多了",
    "length": "正文长短忽然变了",
    "fetched": "取得的条数远超平常",
    "stale": "一直没有新内容",
    "unreached": "采集没有成功过",
    "few": "每次都少于应有条数",
}


@dataclass(frozen=True, slots=True)
class Drift:
    """The last whole day of a source differs from the `days` before it, of which `least_days` are known.

    `measures` are of one family. Shares (no_body, no_date, no_author, failed, quarantined): higher by `rise`
    and no more likely than `p`. Levels (length, fetched): `z` robust deviations and a factor of `ratio` off.
    Rows (stale: nothing new; unreached: no success; few: less than expected every time): days on end that are
    no more likely than `p`. `least` is how many records or pages the day must have for shares and levels.
    """

    labels: tuple[str, ...]
    measures: tuple[str, ...]
    days: int
    least_days: int
    least: int = 0
    p: float = 0.0
    rise: float = 0.0
    z: float = 0.0
    ratio: float = 0.0

    @property
    def window_hours(self) -> int:
        """No post is asked for."""
        return 24


def read_drift(section: Section, _level: Level) -> Drift:
    """A condition of the kind `drift`. Raises ReadError also where measures of two families are mixed."""
    measures = section.choices("measures", (*SHARES, *LEVELS, *ROWS))
    family = next(one for one in (SHARES, LEVELS, ROWS) if measures[0] in one)
    if not set(measures) <= set(family):
        raise section.refuse("measures", f"同一族的：{'、'.join(family)}")
    is_row, is_level = family is ROWS, family is LEVELS
    return Drift(
        labels=read_one_label(section),
        measures=measures,
        days=section.whole("days", least=7),
        least_days=section.whole("least_days", least=5),
        least=0 if is_row else section.whole("least", least=1),
        p=0.0 if is_level else section.number("p", 1e-12, 0.2),
        rise=section.number("rise", 0.0, 1.0) if family is SHARES else 0.0,
        z=section.number("z", 1.0, 100.0) if is_level else 0.0,
        ratio=section.number("ratio", 1.0, 100.0) if is_level else 0.0,
    )
