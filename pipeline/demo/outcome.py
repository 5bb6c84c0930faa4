"""What a run of the demo leaves behind, and what the command line says about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from pipeline.demo.items import City, Item
from pipeline.demo.score import CrisisScore, Judged, judge_alerts, score_crises
from schemas.records import Alert, ClassifiedPost, Event, Mail, Quarantined
from schemas.taxonomy.duty import Duty


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records passed each stage. `indexed` is None where no Elasticsearch was set."""

    crawled: int
    imported: int
    stored: int
    indexed: int | None = None


@dataclass(frozen=True)
class DemoOutcome:
    """Everything the report needs.

    `posts` are the classified posts by id, `truth` the simulator's item behind each; `revisions` holds every
    revision of every alert in the order they were raised, `events` their last state, `seconds` the time each
    stage took.
    """

    city: City
    report: Path
    counts: Counts
    posts: Mapping[str, ClassifiedPost]
    truth: Mapping[str, Item]
    events: Mapping[str, Event]
    revisions: tuple[Alert, ...]
    mails: tuple[Mail, ...]
    quarantined: tuple[Quarantined, ...]
    duty: Duty
    seconds: Mapping[str, float] = field(default_factory=dict)
    made_at: datetime | None = None

    @cached_property
    def scores(self) -> tuple[CrisisScore, ...]:
        """Each scripted crisis: when it was caught, or that it was missed."""
        return score_crises(self.city, self.judged, self.truth)

    @cached_property
    def judged(self) -> tuple[Judged, ...]:
        """Each alert with what was true about it, in the order they were raised."""
        return judge_alerts(self.revisions, self.truth)

    @property
    def caught_all(self) -> bool:
        """Whether every scripted crisis raised an alert."""
        return all(score.first is not None for score in self.scores)

    @property
    def false_alarms(self) -> tuple[Judged, ...]:
        """The alerts that should not have been, by the rule of `Judged.verdict`."""
        return tuple(judged for judged in self.judged if judged.verdict == "false")

    @property
    def strayed(self) -> int:
        """How many alerts of a crisis had been raised for something else before."""
        return sum(judged.strayed for judged in self.judged)

    @property
    def duplicates(self) -> int:
        """How many posts repeat another one of their event."""
        return sum(event.heat - event.reports for event in self.events.values())

    @property
    def spam(self) -> int:
        """How many posts were set aside as adverts."""
        return sum("spam" in post.clean.flags for post in self.posts.values())

    @property
    def late(self) -> int:
        """How many records came a day late."""
        return sum("late" in item.flags for item in self.truth.values())

    def summary(self) -> dict[str, object]:
        """The figures for machines."""
        return {
            "report": str(self.report),
            "seed": self.city.seed,
            "weeks": self.city.weeks,
            "records": len(self.posts),
            "quarantined": len(self.quarantined),
            "spam": self.spam,
            "duplicates": self.duplicates,
            "events": len(self.events),
            "alerts": len(self.judged),
            "false_alarms": len(self.false_alarms),
            "strayed_alerts": self.strayed,
            "mails": len(self.mails),
            "indexed": self.counts.indexed,
            "crises": [score.summary() for score in self.scores],
            "seconds": {stage: round(seconds, 1) for stage, seconds in self.seconds.items()},
        }

    def lines(self) -> list[str]:
        """The lines for people at the terminal."""
        alerts = (
            f"{len(self.judged)} 个预警（其中误报 {len(self.false_alarms)} 个），{len(self.mails)} 封邮件"
        )
        seen = f"{len(self.posts)} 条信息，{len(self.quarantined)} 条隔离，{len(self.events)} 个事件"
        return [f"{seen}，{alerts}", *(score.line() for score in self.scores)]
