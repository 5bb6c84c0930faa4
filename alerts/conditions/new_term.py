"""`new_term`: a word that nobody used at a place before, and that several people now use."""

from alerts.conditions.count import finest_first, main_label
from alerts.findings import Finding, Moment, name_at
from alerts.watch import Brief, rank_telling
from alerts.wording import day_and_time, duration
from schemas.records import SeriesKey
from schemas.rules.loader import Rule
from schemas.rules.when_counts import NewTerm

MOST_POSTS = 50


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """One finding at the finest place where a word of the post is new and has as many users as asked."""
    when = rule.when
    if not isinstance(when, NewTerm):
        return []
    book = moment.tallies.terms(when)
    if book not in moment.taken:
        return []
    for key in finest_first(moment, when.by):
        users = book.latest(key.place, moment.post.origin.time)
        terms = sorted((one for one in users if _reaches(when, one[1])), key=lambda one: one[0])
        if terms:
            return [_tell(rule, when, moment, key, terms)]
    return []


def _reaches(when: NewTerm, briefs: list[Brief]) -> bool:
    texts, voices = {one.text for one in briefs}, {one.voice for one in briefs}
    return len(texts) >= when.posts and len(voices) >= when.authors


def _tell(
    rule: Rule, when: NewTerm, moment: Moment, key: SeriesKey, terms: list[tuple[str, list[Brief]]]
) -> Finding:
    term, briefs = max(terms, key=lambda one: (len(one[1]), len(one[0]), one[0]))
    also = "、".join(f"“{other}”" for other, _ in terms if other != term)
    voices = len({one.voice for one in briefs})
    event_id = moment.watch.main_event(one.post_id for one in briefs)
    is_own = event_id == moment.event.id
    reason = (
        f"{name_at(key)} {when.new_days} 天内没有人说过“{term}”，{duration(when.window_hours)}内"
        f"有 {voices} 人的 {len(briefs)} 条信息说到（自 {day_and_time(briefs[0].at)} 起）"
    )
    return Finding(
        rule=rule,
        group=event_id or f"{key.place}|{rule.name}|{term}",
        level=rule.level,
        reason=f"{reason}；同时出现的新词还有{also}。" if also else f"{reason}。",
        post_ids=rank_telling(briefs, MOST_POSTS),
        measures={"reports": len(briefs)},
        title=moment.event.title if is_own else f"{name_at(key)}出现新词“{term}”",
        label=main_label(briefs),
        place=moment.place_at(key),
        event_id=event_id,
        rumour=moment.event.rumour if is_own else 0.0,
    )
