"""A rule tried on a stream: what it alone would have raised, and how often."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from alerts.engine import WarningEngine
from alerts.levels import CITATION
from alerts.wording import full_time, level_zh, place_zh
from nlp.events import EventClusterer
from pipeline.analysis import Analysis
from pipeline.arrivals import Arrival, read_arrivals, take_arrivals
from pipeline.progress import Advance, ignore_progress
from pipeline.rooms import load_core, load_knowledge
from schemas.records import Alert
from schemas.rules.loader import Rule, load_rule

_BATCH = 256


@dataclass(frozen=True, slots=True)
class Trial:
    """What one rule raised on a stream: the first revision of every warning, with the highest level it
    reached, over so many weeks."""

    rule: Rule
    raised: tuple[tuple[Alert, Alert], ...]
    weeks: float
    quarantined: int

    @property
    def a_week(self) -> float:
        """Warnings a week."""
        return len(self.raised) / self.weeks if self.weeks else 0.0

    def rows(self) -> list[Mapping[str, object]]:
        """The warnings as rows, in order of time."""
        return [
            {
                "时间": full_time(first.raised_at),
                "级别": level_zh(first.level),
                "最高": level_zh(highest.level),
                "地点": place_zh(first.place),
                "事项": first.title,
                "理由": first.reason.partition(CITATION)[0],
                "信息": len(highest.post_ids),
            }
            for first, highest in self.raised
        ]

    def line(self) -> str:
        """One line for the terminal."""
        said = f"规则“{self.rule.title}”：{self.weeks:.1f} 周里报 {len(self.raised)} 次"
        budget = f"每周 {self.a_week:.2f} 次，预算每周 {self.rule.budget:g} 次"
        return f"{said}，{budget}；读不懂的 {self.quarantined} 行"


def try_rule(
    path: Path,
    source: Path,
    *,
    deployment: Path | None,
    now: datetime,
    author_key: bytes,
    progress: Advance = ignore_progress,
) -> Trial:
    """Run one rule file alone over a JSONL(.gz) stream, by the code path of live operation.

    Raises ReadError for a rule that is not right.
    """
    knowledge = load_knowledge(deployment)
    rule = load_rule(path, knowledge.duty)
    arrivals, refused = read_arrivals(source, now, author_key, knowledge.places)
    engine = WarningEngine([rule], knowledge.duty, knowledge.places)
    analysis = Analysis(load_core(deployment), EventClusterer(), engine)
    raised: list[Alert] = []
    for start in range(0, len(arrivals), _BATCH):
        batch = arrivals[start : start + _BATCH]
        raised.extend(alert for step in take_arrivals(analysis, batch) for alert in step.alerts)
        progress(start + len(batch), len(arrivals))
    return Trial(rule, _by_warning(raised), _weeks(arrivals), len(refused))


def _by_warning(raised: Sequence[Alert]) -> tuple[tuple[Alert, Alert], ...]:
    """The first revision of each warning, and the first at its highest level."""
    found: dict[str, tuple[Alert, Alert]] = {}
    for alert in raised:
        first, highest = found.get(alert.id, (alert, alert))
        found[alert.id] = (first, alert if alert.level < highest.level else highest)
    return tuple(found.values())


def _weeks(arrivals: Sequence[Arrival]) -> float:
    return (arrivals[-1].at - arrivals[0].at) / timedelta(weeks=1) if arrivals else 0.0
