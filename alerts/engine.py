"""From posts and events to warnings: every rule is asked, one matter gives one warning that can rise."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from alerts import conditions
from alerts.conditions.growth import TOGETHER_AMONG, is_together
from alerts.crossings import Crossings
from alerts.findings import Finding, Moment
from alerts.levels import CITATION, MOST_POSTS, Judgement, judge_level
from alerts.path.escalate import ESCALATED
from alerts.path.inhibit import CLEARED, JOINED, find_host, join_step, joined_groups, joined_measures
from alerts.series import SeriesBook
from alerts.standing import Quieted, has_changed, last_measures, make_alert_id, write_measures
from alerts.watch import Watch
from alerts.wording import duration, level_zh
from schemas.records import Alert, AlertState, ClassifiedPost, Event, Level, SeriesKey, Step
from schemas.rules.kin import load_kin
from schemas.rules.loader import ROUTE, Rule
from schemas.rules.when import Burst, Growth
from schemas.taxonomy.duty import Duty
from schemas.taxonomy.places import Deployment

_LEAST_DAYS = 60
# Beyond this a standing warning's matter is over: a new finding about it would be a new matter.
_FORGET_AFTER_DAYS = 120


class WarningEngine:
    """Asks the rules at every post. Several rules on one event give one alert: highest level, all reasons.

    An alert's id never changes; a new revision is made when the level rises, when casualties rise or when the
    reports have doubled, and not within the rule's quiet hours unless the level rises.
    """

    def __init__(self, rules: Sequence[Rule], duty: Duty, deployment: Deployment) -> None:
        self._rules = {rule.name: rule for rule in rules if rule.status != "draft"}
        self._duty = duty
        hours = max((_looks_back(rule) for rule in self._rules.values()), default=24)
        self._watch = Watch(hours)
        self._series = SeriesBook(deployment, max(_LEAST_DAYS, 2 * hours // 24))
        self._crossings = Crossings()
        self._standing: dict[str, Alert] = {}
        self._waiting: dict[str, list[Finding]] = {}
        self._quieted = Quieted()
        self._kin = load_kin()
        self._last_seen: dict[str, datetime] = {}
        self._day = date.min

    def observe(self, post: ClassifiedPost, event: Event, now: datetime) -> list[Alert]:
        """The warnings that this post raises or changes; `event` is the one it has joined."""
        touched = self._take_in(post, event, now)
        moment = Moment(post, event, now, self._watch, self._series, self._crossings, touched)
        groups: dict[str, list[Finding]] = {}
        for rule in self._rules.values():
            if self._may_matter(rule, event):
                for finding in conditions.find(rule, moment):
                    groups.setdefault(finding.group, []).append(finding)
        raised = (self._judge(group, findings, now) for group, findings in groups.items())
        return [alert for alert in raised if alert is not None]

    def tick(self, now: datetime) -> list[Alert]:
        """The revisions that waited for the end of a rule's quiet hours, and the all-clear of warnings of
        whose matter nobody has written for the hours of their rule; also forgets what is over."""
        if self._day != now.date():
            self._day = now.date()
            self._forget(now)
        raised = [self._judge(group, findings, now) for group, findings in list(self._waiting.items())]
        return [*(alert for alert in raised if alert is not None), *self._clear(now)]

    def recall(self, post: ClassifiedPost, event: Event) -> None:
        """Take in a post of before with its event as it stood then; nothing is raised."""
        self._take_in(post, event, post.origin.time)

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Take up the alerts of an earlier engine as they stand, after its posts have been recalled."""
        for alert in sorted(alerts, key=lambda one: (one.raised_at, one.id)):
            self._standing[alert.group] = alert
            self._quieted.restore(alert, self._rules)
            if alert.event_id is not None:
                self._watch.assign(alert.post_ids, alert.event_id)

    def standing(self, group: str) -> Alert | None:
        """The warning about a matter, as last told."""
        return self._standing.get(group)

    def _take_in(
        self, post: ClassifiedPost, event: Event, now: datetime
    ) -> tuple[tuple[SeriesKey, str], ...]:
        is_new = self._watch.add(post, event)
        self._last_seen[event.id] = event.last_seen
        latest = self._watch.latest(event, TOGETHER_AMONG)
        self._crossings.note(event, now, together=is_together(latest, event))
        return tuple(self._series.add(post)) if is_new else ()

    def _may_matter(self, rule: Rule, event: Event) -> bool:
        """Whether counting a standing event's reports again could change anything."""
        standing = self._standing.get(event.id)
        if standing is None or not isinstance(rule.when, Growth):
            return True
        if standing.level > min((rung.level for rung in rule.when.ladder), default=rule.level):
            return True
        reports = last_measures(standing).get("reports", 0)
        return event.reports >= max(2 * reports, reports + 3)

    def _judge(self, group: str, findings: list[Finding], now: datetime) -> Alert | None:
        standing = self._standing.get(group)
        lead = judge_level(findings).lead
        host = find_host(lead, self._route(lead), standing, self._standing.values(), self._kin, now)
        if host is not None:
            return self._join(host, findings, now)
        judgement = judge_level(findings, standing)
        if standing is not None and not _is_news(judgement, standing):
            return None
        if self._quieted.is_quiet(judgement.lead, now) and not _rises(judgement, standing):
            if standing is not None:
                self._waiting[group] = findings
            return None
        self._waiting.pop(group, None)
        return self._tell(group, judgement, standing, now)

    def _join(self, host: Alert, findings: list[Finding], now: datetime) -> Alert | None:
        """Add what was found to the warning that it is a part of; that rises where this is graver."""
        judgement = judge_level(findings)
        lead = judgement.lead
        rises = judgement.level < host.level
        known = joined_measures(host, lead.group)
        if not rises and known is not None and not has_changed(known, judgement.measures):
            return None
        revision = host.revision + 1
        steps = [join_step(lead, judgement.measures, now)]
        if rises:
            steps.append(_level_step(revision, judgement.level, last_measures(host), now))
        joined = replace(
            self._retitled(host, lead) if rises else host,
            revision=revision,
            level=judgement.level if rises else host.level,
            reason=judgement.reason if rises else host.reason,
            post_ids=tuple(dict.fromkeys((*host.post_ids, *judgement.post_ids)))[:MOST_POSTS],
            raised_at=now,
            history=(*host.history, *steps),
        )
        self._waiting.pop(lead.group, None)
        self._standing[host.group] = joined
        return joined

    def _retitled(self, host: Alert, lead: Finding) -> Alert:
        """The warning about what is gravest in it: the flood and not the power cut it began with."""
        return replace(
            host,
            rule=lead.rule.name,
            event_id=lead.event_id or host.event_id,
            title=lead.title,
            label=lead.label,
            place=lead.place or host.place,
            route=self._route(lead),
            rumour=lead.rumour,
        )

    def _tell(self, group: str, judgement: Judgement, standing: Alert | None, now: datetime) -> Alert:
        lead = judgement.lead
        revision = 1 if standing is None else standing.revision + 1
        step = _level_step(revision, judgement.level, judgement.measures, now)
        history = (*(() if standing is None else standing.history), step)
        alert = Alert(
            id=make_alert_id(group, now) if standing is None else standing.id,
            revision=revision,
            group=group,
            rule=lead.rule.name,
            event_id=lead.event_id,
            level=judgement.level,
            title=lead.title,
            reason=_with_joined(judgement.reason, history),
            post_ids=judgement.post_ids,
            label=lead.label,
            place=lead.place,
            route=self._route(lead),
            raised_at=now,
            state=AlertState.RAISED,
            rumour=lead.rumour,
            history=history,
        )
        if standing is not None and standing.level < lead.level:
            # The level rests on something graver that has joined: that stays the subject.
            same = ("rule", "event_id", "title", "label", "place", "route", "rumour")
            alert = replace(alert, **{name: getattr(standing, name) for name in same})
        alert = _keep_answer(alert, standing)
        self._standing[group] = alert
        self._quieted.mute(replace(lead, level=judgement.level), now)
        return alert

    def _clear(self, now: datetime) -> Iterator[Alert]:
        """The last revision of each warning that is over; what is written later raises a new one."""
        for group, alert in list(self._standing.items()):
            rule = self._rules.get(alert.rule)
            if rule is None:
                continue
            own = (self._last_seen.get(one, alert.raised_at) for one in (group, *joined_groups(alert)))
            if now - max(alert.raised_at, *own) < timedelta(hours=rule.over_hours):
                continue
            del self._standing[group]
            self._waiting.pop(group, None)
            yield _cleared(alert, rule, now)

    def _route(self, lead: Finding) -> str:
        if lead.rule.owner != ROUTE:
            return lead.rule.owner
        return self._duty.route(lead.place, lead.label).name

    def _forget(self, now: datetime) -> None:
        self._watch.forget(now)
        self._series.forget(now)
        self._quieted.forget(now)
        self._crossings.forget(now, timedelta(days=_FORGET_AFTER_DAYS))
        over = [
            group
            for group, alert in self._standing.items()
            if (now - alert.raised_at).days > _FORGET_AFTER_DAYS
        ]
        oldest = now - timedelta(days=_FORGET_AFTER_DAYS)
        self._last_seen = {event_id: at for event_id, at in self._last_seen.items() if at > oldest}
        for group in over:
            del self._standing[group]
            self._waiting.pop(group, None)


def _keep_answer(alert: Alert, standing: Alert | None) -> Alert:
    """An update leaves a warning with who has it: reported upwards it stays there, and who has acknowledged
    it need not do so again unless the level rises."""
    if standing is None:
        return alert
    if any(step.what.startswith(ESCALATED) for step in standing.history):
        alert = replace(alert, route=standing.route)
    if standing.state == AlertState.ACKNOWLEDGED and alert.level >= standing.level:
        alert = replace(alert, state=AlertState.ACKNOWLEDGED)
    return alert


def _level_step(revision: int, level: Level, measures: Mapping[str, int], now: datetime) -> Step:
    return Step(now, f"第{revision}版 {level_zh(level)}", write_measures(measures))


def _with_joined(reason: str, history: tuple[Step, ...]) -> str:
    """The reason with the matters that have joined, before the list of posts."""
    joined = [step.what.removeprefix(f"{JOINED}：") for step in history if step.what.startswith(JOINED)]
    if not joined:
        return reason
    says, mark, posts = reason.partition(CITATION)
    latest = "；".join(joined[-3:])
    return f"{says}同一处的相关信息 {len(joined)} 次并入本预警，最近：{latest}。{mark}{posts}"


def _cleared(alert: Alert, rule: Rule, now: datetime) -> Alert:
    quiet = duration(rule.over_hours)
    return replace(
        alert,
        revision=alert.revision + 1,
        state=AlertState.CLOSED,
        reason=f"{CLEARED}：{quiet}没有新的反映，按规则“{rule.title}”解除预警；此前为{level_zh(alert.level)}。",
        raised_at=now,
        history=(*alert.history, Step(now, f"{CLEARED}：{quiet}没有新的反映")),
    )


def _is_news(judgement: Judgement, standing: Alert) -> bool:
    return judgement.level < standing.level or has_changed(last_measures(standing), judgement.measures)


def _rises(judgement: Judgement, standing: Alert | None) -> bool:
    return standing is not None and judgement.level < standing.level


def _looks_back(rule: Rule) -> int:
    """Hours of posts that the rule asks about."""
    when = rule.when
    return when.window_hours if isinstance(when, Growth | Burst) else 24
