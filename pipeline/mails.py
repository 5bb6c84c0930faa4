"""From a delivery to its mail: the one place where live work, replay and demo write what goes out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.path import PathContext
from alerts.path.send import Delivery, plan_sending
from alerts.render.cap import Status
from alerts.render.mail import render_mail
from pipeline.analysis import Measurement, Step
from pipeline.rooms import Knowledge
from schemas.records import Alert, ClassifiedPost, Event, Mail

HOUR = timedelta(hours=1)
# How often what waits is looked at again while nothing new is raised.
_LOOK_AGAIN = timedelta(minutes=10)
_SOURCE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Matter:
    """What is known of a delivery's matter when its mail is written. `revisions` are those of its alert."""

    event: Event | None
    posts: Sequence[ClassifiedPost]
    revisions: Sequence[Alert] = ()


def compose_mail(
    delivery: Delivery,
    matter: Matter,
    knowledge: Knowledge,
    *,
    domain: str,
    publishers: Mapping[str, str],
    links: Mapping[str, str] | None = None,
    status: Status = "Actual",
) -> Mail:
    """The mail of one delivery. `publishers` are the sources' Chinese names, `links` label to URL; `status`
    other than Actual marks what is no real warning."""
    rules = {rule.name: rule for rule in knowledge.rules}
    return render_mail(
        name_sources(delivery.alert, publishers),
        matter.event,
        matter.posts,
        delivery.group,
        rule=rules.get(delivery.alert.rule),
        previous=delivery.previous,
        revisions=matter.revisions,
        digest=[name_sources(alert, publishers) for alert in delivery.digest],
        links=links,
        sources=publishers,
        domain=domain,
        status=status,
    )


def name_sources(alert: Alert, publishers: Mapping[str, str]) -> Alert:
    """The alert with the sources of its title and reason by the names people know: 云汀论坛 for
    `yunting_forum`."""
    title, reason = (
        _SOURCE.sub(lambda found: publishers.get(found[0], found[0]), text)
        for text in (alert.title, alert.reason)
    )
    return replace(alert, title=title, reason=reason)


@dataclass(slots=True)
class Desk:
    """The sent-log of a simulated run in memory, with what its analysis has brought so far."""

    knowledge: Knowledge
    domain: str
    publishers: Mapping[str, str] = field(default_factory=dict)
    posts: dict[str, ClassifiedPost] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    sent: dict[tuple[str, int], str] = field(default_factory=dict)
    mailed: list[tuple[datetime, str]] = field(default_factory=list)
    waiting: list[Alert] = field(default_factory=list)
    revisions: dict[str, list[Alert]] = field(default_factory=dict)
    planned_at: datetime | None = None

    def keep(self, step: Step | Measurement) -> None:
        """Take one step of the analysis in."""
        if isinstance(step, Step):
            self.posts[step.post.origin.id] = step.post
            self.events.update((event.id, event) for event in step.ended)
            if step.event is not None:
                self.events[step.event.id] = step.event
        for alert in step.alerts:
            self.alerts.append(alert)
            self.revisions.setdefault(alert.id, []).append(alert)

    def write_due(self, alerts: Sequence[Alert], now: datetime) -> Iterator[Mail]:
        """The mails that are due now: of what was just raised, and of what has waited long enough.

        Each counts as sent once the next is asked for.
        """
        looked = self.planned_at is not None and now - self.planned_at < _LOOK_AGAIN
        if alerts or (self.waiting and not looked):
            yield from self._write([*self.waiting, *alerts], now)

    def write_rest(self, now: datetime) -> Iterator[Mail]:
        """What still waits, each when its time comes after the end of the run."""
        while self.waiting:
            now += HOUR
            yield from self._write(self.waiting, now)

    def _write(self, alerts: Sequence[Alert], now: datetime) -> Iterator[Mail]:
        self.mailed = [(at, route) for at, route in self.mailed if now - at < HOUR]
        routes = [route for _, route in self.mailed]
        recent = {route: routes.count(route) for route in routes}
        plan = plan_sending(alerts, PathContext(self.sent, self.knowledge.duty, now, recent))
        self.waiting = [held.alert for held in plan.waiting]
        self.planned_at = now
        for delivery in plan.deliveries:
            mail = compose_mail(
                delivery,
                self._matter(delivery.alert),
                self.knowledge,
                domain=self.domain,
                publishers=self.publishers,
                status="Exercise",
            )
            yield mail
            told = (delivery.alert, *delivery.digest)
            self.sent.update({(one.id, one.revision): mail.message_id for one in told})
            self.mailed.append((now, delivery.alert.route))

    def _matter(self, alert: Alert) -> Matter:
        posts = [self.posts[post_id] for post_id in alert.post_ids if post_id in self.posts]
        return Matter(self.events.get(alert.event_id or ""), posts, self.revisions.get(alert.id, ()))
