"""What a revision of a warning looks like: raised, updated, joined by another matter, lowered, over."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from alerts.levels import CITATION, MOST_POSTS, Judgement
from alerts.path.escalate import ESCALATED
from alerts.path.inhibit import CLEARED, JOINED, join_step, joined_places
from alerts.standing import LOWERED, last_measures, last_support, make_alert_id, write_measures
from alerts.wording import level_zh
from schemas.records import Alert, AlertState, Level, Place, Step

_JOINED_SAYS = "另有相关信息"
_MOST_PLACES = 20


def write_revision(
    group: str, judgement: Judgement, standing: Alert | None, route: str, now: datetime
) -> Alert:
    """The next revision of the warning about a matter, or its first."""
    lead = judgement.lead
    revision = 1 if standing is None else standing.revision + 1
    step = level_step(revision, judgement.level, judgement.measures, judgement.support, now)
    history = (*(() if standing is None else standing.history), step)
    alert = Alert(
        id=make_alert_id(group, now) if standing is None else standing.id,
        revision=revision,
        group=group,
        rule=lead.rule.name,
        event_id=lead.event_id,
        level=judgement.level,
        title=lead.title,
        reason=with_joined(judgement.reason, history),
        post_ids=judgement.post_ids,
        label=lead.label,
        place=lead.place,
        route=route,
        raised_at=now,
        state=AlertState.RAISED,
        rumour=lead.rumour,
        history=history,
    )
    if standing is not None and standing.level < lead.level:
        # The level rests on something graver that has joined: that stays the subject.
        same = ("rule", "event_id", "title", "label", "place", "route", "rumour")
        alert = replace(alert, **{name: getattr(standing, name) for name in same})
    return _keep_answer(alert, standing)


def join_revision(host: Alert, judgement: Judgement, route: str, now: datetime, *, tells: bool) -> Alert:
    """The warning with a further matter in it; where that is graver, it rises and is about that. `tells`: it
    is worth a mail though the level stays."""
    lead = judgement.lead
    steps = [join_step(lead, judgement.measures, now)]
    revision = host.revision + 1
    posts = tuple(dict.fromkeys((*host.post_ids, *judgement.post_ids)))[:MOST_POSTS]
    joined = replace(host, revision=revision, post_ids=posts, raised_at=now)
    if judgement.level < host.level:
        support = {**last_support(host), **judgement.support}
        steps.append(level_step(revision, judgement.level, last_measures(host), support, now))
        joined = replace(
            joined,
            rule=lead.rule.name,
            event_id=lead.event_id or host.event_id,
            title=lead.title,
            label=lead.label,
            place=lead.place or host.place,
            route=route,
            rumour=lead.rumour,
            level=judgement.level,
            reason=judgement.reason,
        )
    elif tells:
        steps.append(level_step(revision, host.level, last_measures(host), last_support(host), now))
    history = (*host.history, *steps)
    return replace(joined, reason=with_joined(joined.reason, history), history=history)


def adds_place(host: Alert, place: Place | None) -> bool:
    """Whether a place that joins is news of its own: the first, the second, the fourth and so on."""
    known = joined_places(host.history)
    if place is None or place.name in known or (host.place is not None and host.place.name == place.name):
        return False
    return (len(known) + 1).bit_count() == 1


def lower_revision(
    alert: Alert, level: Level, why: str, support: Mapping[str, Level], now: datetime
) -> Alert:
    """The warning at a lower level, with the reason; who has acknowledged it still has it."""
    revision = alert.revision + 1
    change = f"由{level_zh(alert.level)}降为{level_zh(level)}：{why}"
    says, mark, posts = alert.reason.partition(CITATION)
    steps = (
        level_step(revision, level, last_measures(alert), support, now),
        Step(now, f"{LOWERED}：{change}"),
    )
    return replace(
        alert,
        revision=revision,
        level=level,
        reason=f"预警级别{change}。此前的理由：{says}{mark}{posts}",
        raised_at=now,
        history=(*alert.history, *steps),
    )


def clear_revision(alert: Alert, why: str, title: str, now: datetime) -> Alert:
    """The last revision of a warning that is over."""
    return replace(
        alert,
        revision=alert.revision + 1,
        state=AlertState.CLOSED,
        reason=f"{CLEARED}：{why}，按规则“{title}”解除预警；此前为{level_zh(alert.level)}。",
        raised_at=now,
        history=(*alert.history, Step(now, f"{CLEARED}：{why}")),
    )


def level_step(
    revision: int, level: Level, measures: Mapping[str, int], support: Mapping[str, Level], now: datetime
) -> Step:
    """The entry of the history that says which level a revision has, on what numbers and by which rules."""
    return Step(now, f"第{revision}版 {level_zh(level)}", write_measures(measures, support))


def told_at(alert: Alert) -> datetime:
    """When something new was last told of a warning: being lowered is no news of the matter itself."""
    return next(_told_steps(alert), alert.history[0]).at if alert.history else alert.raised_at


def level_since(alert: Alert) -> datetime:
    """Since when a warning has had its present level."""
    since = alert.raised_at
    for step in reversed(alert.history):
        if step.what.startswith("第"):
            if not step.what.endswith(level_zh(alert.level)):
                break
            since = step.at
    return since


def lowered_from(alert: Alert) -> Level | None:
    """The highest level a warning was lowered from since it last rose; None where it was not lowered."""
    found: Level | None = None
    before = alert.level
    for step in reversed([one for one in alert.history if one.what.startswith("第")]):
        level = next(one for one in Level if step.what.endswith(level_zh(one)))
        if level > before:
            break
        if level < before:
            found = before = level
    return found


def _told_steps(alert: Alert) -> Iterator[Step]:
    lowered = {step.at for step in alert.history if step.what.startswith(LOWERED)}
    told = (step for step in reversed(alert.history) if step.what.startswith(("第", JOINED)))
    return (step for step in told if step.at not in lowered)


def _keep_answer(alert: Alert, standing: Alert | None) -> Alert:
    """An update leaves a warning with who has it: reported upwards it stays there, and who has acknowledged
    it need not do so again unless the level rises."""
    if standing is None:
        return alert
    if any(step.what.startswith(ESCALATED) for step in standing.history):
        alert = replace(alert, route=standing.route)
    if standing.state in {AlertState.ACKNOWLEDGED, AlertState.SNOOZED} and alert.level >= standing.level:
        alert = replace(alert, state=standing.state, until=standing.until)
    return alert


def with_joined(reason: str, history: tuple[Step, ...]) -> str:
    """The reason with the matters that have joined and their places, before the list of posts."""
    joined = [step.what.removeprefix(f"{JOINED}：") for step in history if step.what.startswith(JOINED)]
    if not joined:
        return reason
    says, mark, posts = reason.partition(CITATION)
    own = says.partition(_JOINED_SAYS)[0]
    places = joined_places(history)
    shown = "、".join(places[:_MOST_PLACES]) + (" 等" if len(places) > _MOST_PLACES else "")
    where = f"，涉及 {len(places)} 处：{shown}" if places else ""
    latest = "；".join(joined[-3:])
    return f"{own}{_JOINED_SAYS} {len(joined)} 次并入本预警{where}；最近：{latest}。{mark}{posts}"
