"""`count`: so many reports of one topic name one place within a window, whatever its history."""

from collections import Counter
from collections.abc import Iterator

from alerts.conditions.growth import count_reports
from alerts.findings import Finding, Moment, name_at
from alerts.watch import Brief, rank_telling, tell_rebuttals
from alerts.wording import SHANGHAI, day_and_time, duration
from schemas.records import PLACE_LEVELS, Level, SeriesKey
from schemas.rules.loader import Rule
from schemas.rules.parts import EVERYWHERE, Rung
from schemas.rules.when_counts import Count, Shortage

MOST_POSTS = 50
_FINEST_FIRST = (*reversed(PLACE_LEVELS), EVERYWHERE)


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """One finding at the finest place that has the reports and authors the rule asks for."""
    when = rule.when
    if not isinstance(when, Count):
        return []
    for key, briefs in tallied_windows(when, moment):
        if len(briefs) >= when.posts and reaches(when, briefs):
            return [_tell(rule, when, moment, key, briefs)]
    return []


def tallied_windows(when: Count | Shortage, moment: Moment) -> Iterator[tuple[SeriesKey, list[Brief]]]:
    """What the rule has tallied in its window at each place of the post, the finest place first; nothing
    where its tally did not take the post."""
    tally = moment.tallies.tally(when)
    if tally not in moment.taken:
        return
    end = moment.window_end(when.window_hours)
    for key in finest_first(moment, when.by):
        yield key, tally.window(key.place, end)


def finest_first(moment: Moment, by: tuple[str, ...]) -> list[SeriesKey]:
    """The places of a post at these levels, the finest first; its last rung says where one has to go."""
    keys = [(key, level) for key, level in moment.touched if level in by]
    return [key for key, _ in sorted(keys, key=lambda one: _FINEST_FIRST.index(one[1]))]


def reaches(when: Count, briefs: list[Brief]) -> bool:
    """Whether the posts are as many, of as many people and days, as the rule asks for."""
    texts, voices = {one.text for one in briefs}, {one.voice for one in briefs}
    if count_reports(briefs, len(texts)) < when.posts or len(voices) < when.authors:
        return False
    return when.days == 1 or len({one.at.astimezone(SHANGHAI).date() for one in briefs}) >= when.days


def climb(level: Level, ladder: tuple[Rung, ...], reports: int) -> Level:
    """The level of the highest rung reached."""
    return min((rung.level for rung in ladder if reports >= rung.reports), default=level)


def main_label(briefs: list[Brief]) -> str:
    """The label most of the posts have, the first by name among equals."""
    counts = Counter(one.label for one in briefs)
    return min(counts, key=lambda label: (-counts[label], label))


def _tell(rule: Rule, when: Count, moment: Moment, key: SeriesKey, briefs: list[Brief]) -> Finding:
    event_id = moment.watch.main_event(one.post_id for one in briefs)
    is_own = event_id == moment.event.id
    texts, voices = len({one.text for one in briefs}), len({one.voice for one in briefs})
    reports = count_reports(briefs, texts)
    rebuttals, rebutted = tell_rebuttals(briefs)
    reason = (
        f"{name_at(key)}{duration(when.window_hours)}内有 {reports} 件反映（{texts} 篇不同内容），"
        f"来自 {voices} 人（自 {day_and_time(briefs[0].at)} 起，最近 {day_and_time(briefs[-1].at)}）。"
    )
    return Finding(
        rule=rule,
        group=event_id or f"{key.place}|{rule.name}",
        level=climb(rule.level, when.ladder, reports),
        reason=reason + rebutted,
        post_ids=rank_telling(briefs, MOST_POSTS),
        measures={"reports": reports} | ({"rebuttals": rebuttals} if rebuttals else {}),
        title=moment.event.title if is_own else f"{name_at(key)}：{rule.title}",
        label=main_label(briefs),
        place=moment.place_at(key),
        event_id=event_id,
        rumour=moment.event.rumour if is_own else 0.0,
    )
