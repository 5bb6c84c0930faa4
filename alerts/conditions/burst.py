"""`burst`: more posts of a label at a place than its own history lets expect."""

from datetime import datetime, timedelta

from alerts.detectors.bayes import Verdict, predict_counts
from alerts.findings import Finding, Moment, name_at
from alerts.series import Entry
from alerts.watch import rank_telling
from alerts.wording import duration
from schemas.records import SeriesKey, Signal
from schemas.rules.loader import Rule
from schemas.rules.when import Burst
from schemas.taxonomy.labels import label_zh

MOST_POSTS = 50
# Fewer earlier windows than this say nothing of what is ordinary.
LEAST_WINDOWS = 3


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """One finding for each series of the post that bursts; the event that explains most of it names it."""
    when = rule.when
    if not isinstance(when, Burst) or (when.urgency and moment.post.urgency not in when.urgency):
        return []
    keys = [key for key, level in moment.touched if key.label in when.labels and level in when.by]
    found = (_judge(rule, when, moment, key) for key in keys)
    return [finding for finding in found if finding is not None]


def _window_end(moment: Moment, hours: int) -> datetime:
    """Now; for a late post, the end of the window that begins with it."""
    return min(moment.now, moment.post.origin.time + timedelta(hours=hours, microseconds=-1))


def _judge(rule: Rule, when: Burst, moment: Moment, key: SeriesKey) -> Finding | None:
    end = _window_end(moment, when.window_hours)
    entries = moment.series.window(key, end, when.window_hours, when.urgency)
    if len(entries) < when.least:
        return None
    reference = moment.series.reference(key, end, when.window_hours, when.urgency)
    if len(reference.counts) < LEAST_WINDOWS:
        return None
    verdict = predict_counts(reference.counts, reference.exposures, reference.exposure, len(entries), when.p)
    return _tell(rule, when, moment, key, entries, verdict) if verdict.p <= when.p else None


def _tell(
    rule: Rule, when: Burst, moment: Moment, key: SeriesKey, entries: list[Entry], verdict: Verdict
) -> Finding:
    post_ids = tuple(one.post_id for one in entries)
    where = name_at(key)
    what = label_zh(key.label)
    event_id = moment.watch.main_event(post_ids)
    is_own = event_id == moment.event.id
    signal = Signal(
        key, moment.now, when.window_hours, len(entries), verdict.expected, verdict.upper, verdict.p, "bayes"
    )
    reason = (
        f"{where}{duration(when.window_hours)}内“{what}”类信息 {len(entries)} 条，"
        f"平常约 {verdict.expected:.1f} 条，"
        f"正常上限 {verdict.upper:.0f} 条（偶然出现的概率 {verdict.p:.1g}）。"
    )
    return Finding(
        rule=rule,
        group=event_id or f"{key.place}|{key.label}",
        level=rule.level,
        reason=reason,
        post_ids=rank_telling(moment.watch.briefs(post_ids), MOST_POSTS),
        measures={"reports": len(entries)},
        title=moment.event.title if is_own else f"{where}“{what}”类信息突增",
        label=key.label,
        place=moment.place_at(key),
        event_id=event_id,
        rumour=moment.event.rumour if is_own else 0.0,
        signal=signal,
    )
