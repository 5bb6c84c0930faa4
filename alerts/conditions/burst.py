"""`burst`: more posts of a label at a place than its own history lets expect."""

from dataclasses import dataclass
from datetime import datetime

from alerts.detectors.bayes import Verdict, predict_counts
from alerts.detectors.weekly import is_dense, predict_daily
from alerts.findings import Finding, Moment, name_at
from alerts.series import EVERYWHERE, Entry, Reference, SeriesBook
from alerts.watch import rank_telling
from alerts.wording import duration
from schemas.records import SeriesKey, Signal
from schemas.rules.loader import Rule
from schemas.rules.when import Burst
from schemas.taxonomy.labels import label_zh

MOST_POSTS = 50
# Fewer earlier windows than this say nothing of what is ordinary.
LEAST_WINDOWS = 3
# What the sparse detector looks back to.
SPARSE_WINDOWS = 28
# How many rises by pure chance are let pass over all series that are looked at (Bonferroni). Other than by
# Benjamini-Hochberg each post is judged as it comes, without the p-values of the other series, and a restart
# judges alike.
BY_CHANCE = 0.05
# A place explains the rise of a larger one with this share of what is beyond the ordinary there.
EXPLAINS = 0.7
# Where the sparse detector sees nothing of a rise, the dense one is not asked: it costs a regression.
_WORTH_A_LOOK = 0.5
_HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True)
class Rise:
    """A series that rises: its posts in the window and how it was judged."""

    key: SeriesKey
    entries: list[Entry]
    verdict: Verdict
    detector: str

    @property
    def excess(self) -> float:
        """Posts beyond those expected."""
        return len(self.entries) - self.verdict.expected


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """One finding for the place that explains the rise of a series of the post: the finest that holds most of
    what is beyond the ordinary. The event that explains most of it names it."""
    when = rule.when
    if not isinstance(when, Burst) or (when.urgency and moment.post.urgency not in when.urgency):
        return []
    end = moment.window_end(when.window_hours)
    keys = [key for key, level in moment.touched if key.label in when.labels and level in when.by]
    rises = [
        rise for rise in (judge_series(when, moment.series, key, end) for key in keys) if rise is not None
    ]
    own = [rise for rise in rises if not _is_explained(when, moment.series, rise, end)]
    return [
        _tell(rule, when, moment, one) for one in own if not any(_holds(rise.key, one.key) for rise in own)
    ]


def judge_series(when: Burst, series: SeriesBook, key: SeriesKey, end: datetime) -> Rise | None:
    """The rise of a series in the window that ends at `end`; None where it is ordinary."""
    entries = series.window(key, end, when.window_hours, when.urgency)
    if len(entries) < when.least:
        return None
    reference = series.reference(key, end, when.window_hours, when.urgency)
    if len(reference.counts) < LEAST_WINDOWS:
        return None
    p = min(when.p, BY_CHANCE / series.active(end, when.by, when.labels))
    verdict, detector = _predict(reference, len(entries), when.window_hours, p)
    return Rise(key, entries, verdict, detector) if verdict.p <= p else None


def _predict(reference: Reference, observed: int, hours: int, p: float) -> tuple[Verdict, str]:
    """The verdict by the detector that fits the series, with its name: by weekdays where it is dense enough
    to show any, else the bound for sparse counts."""
    recent = slice(SPARSE_WINDOWS)
    counts, exposures = reference.counts[recent], reference.exposures[recent]
    sparse = predict_counts(counts, exposures, reference.exposure, observed, p)
    is_daily = hours <= _HOURS_A_DAY and is_dense(reference.counts, reference.days, reference.day)
    if not is_daily or sparse.p > _WORTH_A_LOOK:
        return sparse, "bayes"
    return predict_daily(reference.counts, reference.days, reference.day, observed, p), "weekly"


def _is_explained(when: Burst, series: SeriesBook, rise: Rise, end: datetime) -> bool:
    """Whether one place within holds most of what is beyond the ordinary and is told of by itself."""
    inner = series.below(rise.key, end, when.window_hours, when.by)[:1]
    found = (judge_series(when, series, key, end) for key in inner)
    return any(one is not None and one.excess >= EXPLAINS * rise.excess for one in found)


def _holds(outer: SeriesKey, inner: SeriesKey) -> bool:
    """Whether the place of a series lies within that of another."""
    if outer.label != inner.label or outer == inner:
        return False
    return outer.place == EVERYWHERE or inner.place.startswith(f"{outer.place}/")


def _tell(rule: Rule, when: Burst, moment: Moment, rise: Rise) -> Finding:
    key, entries, verdict = rise.key, rise.entries, rise.verdict
    post_ids = tuple(one.post_id for one in entries)
    where = name_at(key)
    what = label_zh(key.label)
    event_id = moment.watch.main_event(post_ids)
    is_own = event_id == moment.event.id
    signal = Signal(
        key=key,
        at=moment.now,
        window_hours=when.window_hours,
        observed=len(entries),
        expected=verdict.expected,
        upper=verdict.upper,
        p=verdict.p,
        detector=rise.detector,
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
