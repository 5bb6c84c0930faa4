"""Alerts against the script: which crisis was caught when, and which alerts were false."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.wording import LEVELS
from pipeline.demo.items import City, Crisis, Item, Kind
from schemas.records import Alert, Level

# What an alert that belongs to no crisis was about, in words.
KINDS_ZH = {
    Kind.ORDINARY: "互不相干的日常信息",
    Kind.CHRONIC: "同一处的同类投诉（确有其事，但非突发）",
    Kind.INCIDENT: "零星小事（确有其事，规模很小）",
    Kind.TRAP: "演练、周年、影视等提及",
    Kind.SPAM: "广告",
    Kind.NOTICE: "日常公告",
}
_SAME_SHARE = 2 / 3
_REAL = frozenset((Kind.CHRONIC, Kind.INCIDENT))


@dataclass(frozen=True, slots=True)
class Judged:
    """One alert with all its revisions, and the truth: its crisis since `since` (None for none),
    and what most of its posts were."""

    revisions: tuple[Alert, ...]
    crisis: str | None
    since: datetime
    kind: Kind

    @property
    def last(self) -> Alert:
        """The alert as it stood in the end."""
        return self.revisions[-1]

    @property
    def highest(self) -> Level:
        """The highest level it reached."""
        return min(alert.level for alert in self.revisions)

    @property
    def strayed(self) -> bool:
        """Whether it was first raised for something else and took the crisis in later."""
        return self.crisis is not None and self.since > self.revisions[0].raised_at

    @property
    def verdict(self) -> str:
        """`crisis`; `minor` for a blue hint at something small but real; `false` for all else."""
        if self.crisis is not None:
            return "crisis"
        return "minor" if self.kind in _REAL and self.highest is Level.BLUE else "false"

    @property
    def truth_zh(self) -> str:
        """What it was about, in words."""
        return KINDS_ZH[self.kind]


@dataclass(frozen=True, slots=True)
class CrisisScore:
    """How one crisis was seen. Without alerts it was missed: `first` is None.

    `posts` are all its posts, `posts_before` those that had arrived by the first alert; `steps` the levels as
    they were reached, each with its alert.
    """

    crisis: Crisis
    posts: tuple[Item, ...]
    alerts: tuple[Judged, ...]
    steps: tuple[Alert, ...]

    @property
    def first(self) -> Alert | None:
        """The first alert, of any level."""
        return self.steps[0] if self.steps else None

    @property
    def highest(self) -> Level | None:
        """The highest level it reached."""
        return min((step.level for step in self.steps), default=None)

    @property
    def first_post(self) -> datetime:
        """When its first post could be seen."""
        return self.posts[0].arrives_at

    @property
    def delay(self) -> timedelta | None:
        """From the first post to the first alert."""
        return None if self.first is None else self.first.raised_at - self.first_post

    @property
    def lead(self) -> timedelta | None:
        """From the first alert to the harm; negative where the alert came after it."""
        return None if self.first is None else self.crisis.harm - self.first.raised_at

    @property
    def posts_before(self) -> int:
        """How many of its posts had arrived by the first alert; all of them where it was missed."""
        if self.first is None:
            return len(self.posts)
        return sum(item.arrives_at <= self.first.raised_at for item in self.posts)

    @property
    def label(self) -> str:
        """The label at its highest level."""
        return min(self.steps, key=lambda step: step.level).label

    @property
    def label_right(self) -> bool:
        """Whether one of its alerts carried a label that fits."""
        return any(step.label in self.crisis.expect for step in self.steps)

    def line(self) -> str:
        """One line for the terminal."""
        if self.first is None or self.lead is None or self.highest is None:
            return f"漏报：{self.crisis.zh}，{len(self.posts)} 条信息没有引出任何预警"
        when = f"灾害前 {span_zh(self.lead)}" if self.lead > timedelta(0) else f"灾害后 {span_zh(-self.lead)}"
        return (
            f"{self.crisis.zh}：第 {self.posts_before} 条信息时发出{LEVELS[self.first.level]}预警，{when}，"
            f"最高{LEVELS[self.highest]}"
        )

    def summary(self) -> dict[str, object]:
        """The figures for machines; hours are None where it was missed."""
        return {
            "id": self.crisis.id,
            "caught": self.first is not None,
            "first_level": None if self.first is None else self.first.level.name.lower(),
            "highest_level": None if self.highest is None else self.highest.name.lower(),
            "lead_hours": None if self.lead is None else round(self.lead / timedelta(hours=1), 2),
            "delay_hours": None if self.delay is None else round(self.delay / timedelta(hours=1), 2),
            "posts": len(self.posts),
            "posts_before": self.posts_before,
            "label_right": self.label_right,
        }


def judge_alerts(revisions: Sequence[Alert], truth: Mapping[str, Item]) -> tuple[Judged, ...]:
    """Each alert with the truth about it. It belongs to a crisis once most of its posts with a truth do."""
    by_id: dict[str, list[Alert]] = {}
    for alert in revisions:
        by_id.setdefault(alert.id, []).append(alert)
    return tuple(_judge(tuple(found), truth) for found in by_id.values())


def _judge(revisions: tuple[Alert, ...], truth: Mapping[str, Item]) -> Judged:
    for alert in revisions:
        if (crisis := crisis_of(alert, truth)) is not None:
            return Judged(revisions, crisis, alert.raised_at, Kind.CRISIS)
    items = [truth[post_id] for post_id in revisions[-1].post_ids if post_id in truth]
    return Judged(revisions, None, revisions[0].raised_at, kind_of(items))


def kind_of(items: Sequence[Item]) -> Kind:
    """What most of an alert's posts are.

    Ordinary complaints about one matter in one street are a real grievance, though nobody scripted it: people
    do complain about the same hospital in the same week.
    """
    left = [item for item in items if item.kind is not Kind.CRISIS]
    if not left:
        return Kind.ORDINARY
    kind = Counter(item.kind for item in left).most_common(1)[0][0]
    if kind is Kind.ORDINARY:
        same = Counter((item.matter, item.street) for item in left).most_common(1)[0][1]
        return Kind.CHRONIC if same >= _SAME_SHARE * len(left) else Kind.ORDINARY
    return kind


def crisis_of(alert: Alert, truth: Mapping[str, Item]) -> str | None:
    """The crisis that more than half of an alert's posts belong to."""
    items = [truth[post_id] for post_id in alert.post_ids if post_id in truth]
    found = Counter(item.matter for item in items if item.kind is Kind.CRISIS)
    if not found:
        return None
    crisis, count = found.most_common(1)[0]
    return crisis if count * 2 > len(items) else None


def score_crises(city: City, judged: Sequence[Judged], truth: Mapping[str, Item]) -> tuple[CrisisScore, ...]:
    """Each crisis of the script with the alerts that belong to it."""
    return tuple(_score(city, crisis, judged, truth) for crisis in city.crises)


def _score(city: City, crisis: Crisis, judged: Sequence[Judged], truth: Mapping[str, Item]) -> CrisisScore:
    alerts = tuple(found for found in judged if found.crisis == crisis.id)
    steps = sorted(
        (alert for found in alerts for alert in found.revisions if crisis_of(alert, truth) == crisis.id),
        key=lambda alert: (alert.raised_at, alert.level),
    )
    return CrisisScore(crisis, city.of_crisis(crisis.id), alerts, tuple(steps))


def span_zh(span: timedelta) -> str:
    """`2 天 3 小时`, `5 小时 20 分`, `35 分`."""
    minutes = round(span / timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} 天 {hours % 24} 小时"
    if hours:
        return f"{hours} 小时 {minutes} 分" if minutes else f"{hours} 小时"
    return f"{minutes} 分"
