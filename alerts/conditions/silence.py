"""`silence`: a source, or a label of a source, that is ordinarily busy brings nothing for hours."""

from datetime import datetime
from itertools import islice, takewhile

from alerts.findings import Finding, Tick
from alerts.sources import SourceBook
from alerts.wording import day_and_time, duration
from schemas.records import Alert
from schemas.rules.loader import Rule
from schemas.rules.when_clock import Silence
from schemas.taxonomy.labels import label_zh

PREFIX = "silence"


def find_at_tick(rule: Rule, tick: Tick) -> list[Finding]:
    """One finding for every source, or label of one, that is silent and was busy in all like stretches."""
    when = rule.when
    if not isinstance(when, Silence):
        return []
    by_label = when.subject == "label"
    found: list[Finding] = []
    for source, label, last in tick.sources.silent(tick.now, when.for_hours, by_label=by_label):
        stretches = tick.sources.like_stretches(source, label, tick.now, when.for_hours)
        # A quiet stretch settles it: most sources and labels need no further look.
        busy = list(takewhile(lambda count: count >= when.least, islice(stretches, when.stretches)))
        if len(busy) == when.stretches:
            found.append(_tell(rule, when, source, label, last, busy))
    return found


def spoke_again(alert: Alert, sources: SourceBook) -> datetime | None:
    """When the silent source of a warning spoke again; None where it has not."""
    _, source, label = alert.group.split("|", 2)
    last = sources.last(source, label)
    return last if last is not None and last > alert.history[0].at else None


def _tell(rule: Rule, when: Silence, source: str, label: str, last: datetime, before: list[int]) -> Finding:
    what = f"来源“{source}”" + (f"的“{label_zh(label)}”类信息" if label else "")
    usual = "、".join(str(count) for count in before)
    reason = (
        f"{what}已 {duration(when.for_hours)}没有新内容（最近一条在 {day_and_time(last)}）；"
        f"此前同类日子的同一时段各有 {usual} 条。"
    )
    return Finding(
        rule=rule,
        group=f"{PREFIX}|{source}|{label}",
        level=rule.level,
        reason=reason,
        post_ids=(),
        measures={},
        title=f"{what}{duration(when.for_hours)}没有声音",
        label=when.labels[0],
        place=None,
        event_id=None,
        rumour=0.0,
    )
