"""`shortage`: people at one place tell what they lack, or what is sold too dear, while something happens."""

from collections import Counter

from alerts.conditions.count import climb, tallied_windows
from alerts.conditions.growth import count_reports
from alerts.findings import Finding, Moment, name_at
from alerts.watch import Brief, rank_telling
from alerts.wording import duration
from schemas.records import SeriesKey
from schemas.rules.loader import Rule
from schemas.rules.when_counts import Shortage
from schemas.taxonomy.labels import label_zh

MOST_POSTS = 50
_MOST_GOODS = 5


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """One finding at the finest place where so many tell of the needs."""
    when = rule.when
    if not isinstance(when, Shortage):
        return []
    for key, briefs in tallied_windows(when, moment):
        if _reaches(when, briefs):
            return [_tell(rule, when, moment, key, briefs)]
    return []


def _reaches(when: Shortage, briefs: list[Brief]) -> bool:
    reports = count_reports(briefs, len({one.text for one in briefs}))
    if reports < when.posts or len({one.voice for one in briefs}) < when.authors:
        return False
    return not when.together or {need for one in briefs for need in one.needs}.issuperset(when.labels)


def _tell(rule: Rule, when: Shortage, moment: Moment, key: SeriesKey, briefs: list[Brief]) -> Finding:
    reports = count_reports(briefs, len({one.text for one in briefs}))
    voices = len({one.voice for one in briefs})
    needs = Counter(need for one in briefs for need in one.needs if need in when.labels)
    said = "、".join(f"{label_zh(need)} {count} 条" for need, count in needs.most_common())
    goods = [good for good in when.goods if good in moment.post.clean.text][:_MOST_GOODS]
    lacking = f"最新一条说到{'、'.join(goods)}。" if goods else ""
    return Finding(
        rule=rule,
        group=f"{key.place}|{rule.name}",
        level=climb(rule.level, when.ladder, reports),
        reason=f"{name_at(key)}{duration(when.window_hours)}内 {voices} 人说到{said}。{lacking}",
        post_ids=rank_telling(briefs, MOST_POSTS),
        measures={"reports": reports},
        title=f"{name_at(key)}：{rule.title}",
        label=needs.most_common(1)[0][0],
        place=moment.place_at(key),
        event_id=None,
        rumour=0.0,
    )
