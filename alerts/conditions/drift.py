"""`drift`: collecting from a source goes otherwise than on its days before."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from alerts.detectors.drift import Drifted, level_drift, row_drift, share_drift
from alerts.findings import Finding, Tick
from alerts.health import HealthBook
from schemas.health import SourceHealth
from schemas.holidays import is_free
from schemas.records import Alert
from schemas.rules.loader import Rule
from schemas.rules.when_drift import LEVELS, MEASURES_ZH, ROWS, SHARES, Drift

PREFIX = "drift"


def find_at_tick(rule: Rule, tick: Tick) -> list[Finding]:
    """One finding for every source and measure whose last whole day is unlike the days before."""
    when = rule.when
    if not isinstance(when, Drift):
        return []
    found: list[Finding] = []
    for source in tick.health.sources():
        days = tick.health.whole_days(source, tick.now, when.days + 1)
        for measure in when.measures:
            drifted = judge_day(when, measure, days)
            if drifted is not None:
                found.append(_tell(rule, when, measure, days[-1], drifted))
    return found


def judge_day(when: Drift, measure: str, days: Sequence[SourceHealth]) -> Drifted | None:
    """How the last of these days, oldest first, differs from the others; None where it does not, or where
    there are too few to tell."""
    if not days:
        return None
    if measure in ROWS:
        # Offices rest on free days: a Sunday is told by the Sundays before it.
        like = [day for day in days if is_free(day.day) == is_free(days[-1].day)]
        bad = [_is_bad(day, measure) for day in like]
        return row_drift(bad, p=when.p, least=when.least_days)
    known = [day for day in days[:-1] if _size(day, measure) > 0]
    if len(known) < when.least_days or _size(days[-1], measure) < when.least:
        return None
    if measure in SHARES:
        shares = [_share(day, measure) for day in known]
        return share_drift(_share(days[-1], measure), shares, p=when.p, rise=when.rise)
    levels = [_level(day, measure) for day in known]
    upward = measure != "length"
    now = _level(days[-1], measure)
    return level_drift(now, levels, z=when.z, ratio=when.ratio, upward=upward)


def steady_again(alert: Alert, when: Drift, health: HealthBook, now: datetime) -> bool:
    """Whether the source of a warning has had a whole day since that is like its days before."""
    _, source, measure = alert.group.split("|", 2)
    days = health.whole_days(source, now, when.days + 1)
    if not days or measure not in when.measures or days[-1].day < alert.history[0].at.date():
        return False
    return judge_day(when, measure, days) is None


def _share(day: SourceHealth, measure: str) -> tuple[int, int]:
    return getattr(day, measure), _size(day, measure)


def _size(day: SourceHealth, measure: str) -> int:
    """How many things a day's share or level is of."""
    sizes = {"failed": day.fetched + day.failed, "quarantined": day.fetched + day.quarantined}
    return sizes.get(measure, day.fetched if measure in LEVELS and measure != "length" else day.records)


def _level(day: SourceHealth, measure: str) -> float:
    return (day.length or 0.0) if measure == "length" else float(getattr(day, measure))


def _is_bad(day: SourceHealth, measure: str) -> bool:
    judged: Mapping[str, bool] = {
        "stale": day.fetched > 0 and day.new == 0,
        "unreached": day.successes == 0,
        "few": day.runs > 0 and day.few == day.runs,
    }
    return judged[measure]


def _tell(rule: Rule, when: Drift, measure: str, day: SourceHealth, drifted: Drifted) -> Finding:
    zh = MEASURES_ZH[measure]
    of_day = f"{day.day.month}月{day.day.day}日"
    if measure in ROWS:
        once = f"此前同类日子平均每 {1 / drifted.usual:.1f} 天才有一天如此"
        numbers = f"到{of_day}，同类日子（工作日或休息日）已连续 {drifted.now:.0f} 天，{once}"
    elif measure in SHARES:
        k, n = _share(day, measure)
        numbers = f"{of_day} {n} 条里 {k} 条（{drifted.now:.0%}），此前通常 {drifted.usual:.0%}"
    else:
        numbers = f"{of_day}为 {drifted.now:.0f}，此前通常 {drifted.usual:.0f}"
    counts = f"当天采集 {day.runs} 次，成功 {day.successes} 次，取得 {day.fetched} 条，新 {day.new} 条"
    missing = f"没取到 {day.failed} 页，隔离 {day.quarantined} 条"
    return Finding(
        rule=rule,
        group=f"{PREFIX}|{day.source}|{measure}",
        level=rule.level,
        reason=f"来源“{day.source}”{zh}：{numbers}；{counts}，{missing}。",
        post_ids=(),
        measures={},
        title=f"来源“{day.source}”{zh}",
        label=when.labels[0],
        place=None,
        event_id=None,
        rumour=0.0,
    )
