"""From posts and events to warnings: every rule is asked, one matter is one warning that rises and falls."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter

from alerts import conditions
from alerts.books import FORGET_AFTER_DAYS, Books
from alerts.easing import find_fall
from alerts.findings import Finding, Moment
from alerts.levels import Judgement, judge_level
from alerts.modes import ModeClock, ModeState, scale_rule
from alerts.path.inhibit import find_host, joined_measures, merged_warning, takeover_revision
from alerts.revisions import (
    adds_place,
    clear_revision,
    join_revision,
    lower_revision,
    lowered_from,
    write_revision,
)
from alerts.series import post_label
from alerts.standing import Quieted, has_changed, is_measured, last_measures
from alerts.triggers import RuleIndex
from schemas.health import SourceHealth
from schemas.modes import EVERYDAY
from schemas.records import Alert, ClassifiedPost, Event, Level, Reading
from schemas.rules.kin import load_kin
from schemas.rules.loader import ROUTE, Rule
from schemas.rules.when import Growth, rungs_of
from schemas.rules.when_counts import RumourSpreading
from schemas.taxonomy.duty import Duty
from schemas.taxonomy.places import Deployment

# What a warning of its own kind is about joins no incident's.
_APART = ("rumour|", "silence|", "drift|")


class WarningEngine:
    """Asks the rules at every post. Several rules on one event give one alert: highest level, all reasons.

    An alert's id never changes; a new revision is made when the level rises or falls, when casualties rise or
    when the reports have doubled, and not within the rule's quiet hours unless the level changes. `modes`
    says which mode the house is in; by calendar and red warnings alone unless given.
    """

    def __init__(
        self, rules: Sequence[Rule], duty: Duty, deployment: Deployment, modes: ModeClock | None = None
    ) -> None:
        self._rules = {rule.name: rule for rule in rules if rule.status != "draft"}
        self._duty = duty
        self._books = Books(self._rules.values(), deployment)
        self._modes = ModeClock() if modes is None else modes
        self._indices = {EVERYDAY: RuleIndex(self._rules.values())}
        self._standing: dict[str, Alert] = {}
        self._waiting: dict[str, list[Finding]] = {}
        self._quieted = Quieted()
        self._kin = load_kin()

    @property
    def modes(self) -> ModeClock:
        """The switches of mode, those that red warnings made too."""
        return self._modes

    def observe(self, post: ClassifiedPost, event: Event, now: datetime) -> list[Alert]:
        """The warnings that this post raises or changes; `event` is the one it has joined."""
        moment = self._take_in(post, event, now)
        return self._judge_all(self._ask(moment), now)

    def observe_reading(self, reading: Reading, now: datetime) -> list[Alert]:
        """The warnings that this reading of a sensor raises or changes."""
        measured = self._books.measure(reading, now)
        rules = self._index(now).in_reading
        return self._judge_all(
            (one for rule in rules for one in conditions.find_in_reading(rule, measured)), now
        )

    def tick(self, now: datetime) -> list[Alert]:
        """What the clock brings: silences, the revisions that waited for the end of a rule's quiet hours,
        warnings that fall and those that are over; also forgets what is over."""
        tick = self._books.tick(now)
        self._forget(now)
        silent = (one for rule in self._index(now).at_tick for one in conditions.find_at_tick(rule, tick))
        raised = self._judge_all(silent, now)
        waited = (
            self._judge(group, findings, now)
            for group, findings in sorted(self._waiting.items(), key=itemgetter(0))
        )
        return [*raised, *(alert for alert in waited if alert is not None), *self._ease(now)]

    def recall(self, post: ClassifiedPost, event: Event) -> None:
        """Take in a post of before with its event as it stood then; nothing is raised."""
        self._take_in(post, event, post.origin.time)

    def recall_reading(self, reading: Reading) -> None:
        """Take in a reading of before; nothing is raised."""
        self._books.measure(reading, reading.at)

    def note_health(self, days: Iterable[SourceHealth]) -> None:
        """Take in how collecting from the sources went; rules are asked of it when the clock moves."""
        self._books.health.note(days)

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Take up the alerts of an earlier engine as they stand, after its posts have been recalled.

        One that is over only keeps its rule quiet: what somebody has closed is not raised again by the hour.
        """
        for alert in sorted(alerts, key=lambda one: (one.raised_at, one.id)):
            self._quieted.restore(alert, self._rules)
            if alert.state.is_over:
                continue
            self._standing[alert.group] = alert
            self._modes.note(alert)
            if alert.event_id is not None:
                self._books.watch.assign(alert.post_ids, alert.event_id)

    def merge(self, ended: Event, into: Event, now: datetime) -> list[Alert]:
        """One event went into another: its warning goes on as the other's; where both have one, it ends."""
        self._books.watch.move(ended.post_ids, into.id)
        self._books.drop_moment(ended.id)
        self._waiting.pop(ended.id, None)
        own, other = self._standing.pop(ended.id, None), self._standing.get(into.id)
        if own is None:
            return []
        if other is None:
            event_id = into.id if own.event_id == ended.id else own.event_id
            self._standing[into.id] = replace(own, group=into.id, event_id=event_id)
            return []
        other = self._keep(takeover_revision(own, other, last_measures(own), now))
        return [merged_warning(own, other, now), other]

    def _take_in(self, post: ClassifiedPost, event: Event, now: datetime) -> Moment:
        moment = self._books.take_in(post, event, now)
        if moment.taken or moment.touched:
            needs = tuple(f"needs.{need.name}" for need in post.needs)
            if self._index(now).waits_for_reading(post_label(post), event.label, needs):
                self._books.keep_moment(moment)
        return moment

    def standing(self, group: str) -> Alert | None:
        """The warning about a matter, as last told."""
        return self._standing.get(group)

    def _index(self, now: datetime) -> RuleIndex:
        """The rules as they stand in the mode of this moment."""
        mode = self._modes.at(now).mode
        index = self._indices.get(mode.name)
        if index is None:
            scaled = {name: scale_rule(rule, mode) for name, rule in self._rules.items()}
            for name, rule in scaled.items():
                self._books.alias(rule, self._rules[name])
            index = self._indices[mode.name] = RuleIndex(scaled.values())
        return index

    def _ask(self, moment: Moment) -> Iterator[Finding]:
        needs = tuple(f"needs.{need.name}" for need in moment.post.needs)
        own, index = post_label(moment.post), self._index(moment.now)
        for rule in index.at_post(own, moment.event.label, needs, counted=bool(moment.taken)):
            if self._may_matter(rule, moment.event):
                yield from conditions.find(rule, moment)

    def _may_matter(self, rule: Rule, event: Event) -> bool:
        """Whether counting a standing event's reports again could change anything."""
        if not isinstance(rule.when, Growth | RumourSpreading):
            return True
        group = event.id if isinstance(rule.when, Growth) else f"rumour|{event.id}"
        standing = self._standing.get(group)
        if standing is None or standing.level > min(rungs_of(rule.when), default=rule.level):
            return True
        reports = last_measures(standing).get("reports", 0)
        return event.reports >= max(2 * reports, reports + 3)

    def _judge_all(self, findings: Iterable[Finding], now: datetime) -> list[Alert]:
        groups: dict[str, list[Finding]] = {}
        for finding in findings:
            groups.setdefault(finding.group, []).append(finding)
        raised = (self._judge(group, ours, now) for group, ours in groups.items())
        return [alert for alert in raised if alert is not None]

    def _judge(self, group: str, findings: list[Finding], now: datetime) -> Alert | None:
        standing = self._standing.get(group)
        host = self._find_host(judge_level(findings).lead, standing, now)
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

    def _find_host(self, lead: Finding, own: Alert | None, now: datetime) -> Alert | None:
        if lead.group.startswith(_APART):
            return None
        hosts = (one for one in self._standing.values() if not one.group.startswith(_APART))
        return find_host(lead, self._route(lead), own, hosts, self._kin, now)

    def _join(self, host: Alert, findings: list[Finding], now: datetime) -> Alert | None:
        """Add what was found to the warning that it is a part of; that rises where this is graver."""
        judgement = judge_level(findings)
        known = joined_measures(host, judgement.lead.group)
        rises = judgement.level < host.level
        if known is not None and not has_changed(known, judgement.measures) and not rises:
            return None
        lead = judgement.lead
        self._waiting.pop(lead.group, None)
        tells = self._kin.follows(lead.rule.name, lead.label, host.label) and adds_place(host, lead.place)
        return self._keep(join_revision(host, judgement, self._route_now(judgement, now), now, tells=tells))

    def _tell(self, group: str, judgement: Judgement, standing: Alert | None, now: datetime) -> Alert:
        state = self._modes.at(now)
        told = judgement if state.mode.name == EVERYDAY else _with_mode(judgement, state)
        alert = write_revision(group, told, standing, self._route_now(judgement, now), now)
        self._quieted.mute(replace(judgement.lead, level=judgement.level), now)
        return self._keep(alert)

    def _keep(self, alert: Alert) -> Alert:
        self._standing[alert.group] = alert
        if alert.level is Level.RED:
            self._modes.note(alert)
        return alert

    def _ease(self, now: datetime) -> Iterator[Alert]:
        """The warnings that fall and those that are over; what is written later raises a new one."""
        # In an order of their own: a restart takes the warnings up in another than they were raised in.
        for alert in sorted(self._standing.values(), key=lambda one: (one.raised_at, one.id)):
            group, rule = alert.group, self._rules.get(alert.rule)
            fall = None if rule is None else find_fall(alert, rule, self._books, now)
            if rule is None or fall is None:
                continue
            if fall.level is None:
                del self._standing[group]
                self._waiting.pop(group, None)
                yield clear_revision(alert, fall.why, rule.title, now)
            else:
                yield self._keep(lower_revision(alert, fall.level, fall.why, fall.support, now))

    def _route(self, lead: Finding) -> str:
        if lead.rule.owner != ROUTE:
            return lead.rule.owner
        return self._duty.route(lead.place, lead.label).name

    def _route_now(self, judgement: Judgement, now: datetime) -> str:
        """Who answers: in a mode that hands such levels up, the group above."""
        name = self._route(judgement.lead)
        above = self._duty.parent(self._duty.groups[name])
        is_up = judgement.level in self._modes.at(now).mode.up
        return above.name if is_up and above is not None else name

    def _forget(self, now: datetime) -> None:
        self._quieted.forget(now)
        standing = self._standing.items()
        over = [group for group, alert in standing if (now - alert.raised_at).days > FORGET_AFTER_DAYS]
        for group in over:
            del self._standing[group]
            self._waiting.pop(group, None)


def _with_mode(judgement: Judgement, state: ModeState) -> Judgement:
    """The judgement saying in which mode it was made."""
    return replace(judgement, reason=f"当时为{state.line()}{judgement.reason}")


def _is_news(judgement: Judgement, standing: Alert) -> bool:
    """A graver level or changed numbers; back to what a warning was lowered from only by changed numbers, of
    a sensor by its readings themselves."""
    changed = has_changed(last_measures(standing), judgement.measures)
    if is_measured(standing):
        return changed or judgement.level < standing.level
    if judgement.level >= standing.level:
        return changed
    before = lowered_from(standing)
    return before is None or judgement.level < before or changed


def _rises(judgement: Judgement, standing: Alert | None) -> bool:
    return standing is not None and judgement.level < standing.level
