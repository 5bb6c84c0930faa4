"""A warning as a mail: text and HTML that a duty officer can act on from a phone, and CAP for machines."""

from collections.abc import Mapping, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from alerts.path.escalate import waiting_since
from alerts.render import telling
from alerts.render.cap import Status, render_cap
from alerts.render.chart import Rise, count_rise, draw_rise
from alerts.render.subject import (
    digest_subject,
    find_turn,
    headline,
    place_and_kind,
    report_count,
    write_subject,
)
from alerts.standing import is_drift, is_measured
from alerts.wording import casualties, day_and_time, full_time, level_zh
from schemas.records import Alert, AlertState, Attachment, ClassifiedPost, Event, Level, Mail
from schemas.rules.loader import Rule
from schemas.taxonomy.duty import DutyGroup

MOST_STEPS = 8
# A digest carries the CAP message of so many of its warnings, the gravest: the mail stays below 200 kB.
MOST_CAPS = 12
_WHY = 90
COLOURS = {Level.RED: "#b3261e", Level.ORANGE: "#b45309", Level.YELLOW: "#8a6d00", Level.BLUE: "#1d4f91"}
_OVER = "#2f6b45"
_NOWHERE = "\uffff"

Links = Mapping[str, str]


@cache
def templates() -> Environment:
    """The templates of this folder, with the words for times and levels."""
    environment = Environment(
        loader=PackageLoader("alerts.render"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"full_time": full_time, "day_and_time": day_and_time, "level": level_zh}
    return environment


def make_message_id(alert_id: str, revision: int, domain: str) -> str:
    """The Message-ID of a revision, in brackets: always the same, so that a repeat is recognised."""
    return f"<{alert_id}.{revision}@{domain}>"


def render_mail(
    alert: Alert,
    event: Event | None,
    posts: Sequence[ClassifiedPost],
    group: DutyGroup,
    *,
    rule: Rule | None = None,
    previous: Sequence[str] = (),
    revisions: Sequence[Alert] = (),
    digest: Sequence[Alert] = (),
    links: Links | None = None,
    sources: Mapping[str, str] | None = None,
    domain: str = "qianshao.invalid",
    status: Status = "Actual",
) -> Mail:
    """The mail for one revision of an alert to one duty group.

    `posts` are the alert's posts (any number, the five most telling are shown), `previous` the Message-IDs of
    the alert's earlier mails, `revisions` the alert's revisions (any; those mailed are told apart by
    `previous`), `rule` the one that decided, for its guide, `digest` further alerts: then the mail lists all
    of them in short. `links` are buttons, label to URL (in a digest the id of a warning to the page that
    answers it), `sources` the Chinese names of the sources. `status`
    other than Actual marks a drill. Texts must be masked already.
    """
    told = _mailed(alert, revisions, previous, domain)
    names = sources or {}
    if digest:
        return _digest_mail((alert, *digest), group, previous, links or {}, domain, status)
    rise = count_rise([post.origin.time for post in posts], alert.raised_at)
    picture = f"rise.{alert.id}.{alert.revision}@{domain}"
    before = max(told, key=lambda one: one.revision, default=None)
    turn = find_turn(alert, before)
    facts = {
        **_matter(alert, event, before),
        "known": telling.list_known(alert, event) + telling.list_rebuttals(posts, names),
        **_answer(alert, group, links or {}),
        "turn": turn,
        "drill": status != "Actual",
        "numbers": telling.list_numbers(alert, event, names),
        "rule": rule,
        "rise": rise,
        "picture": picture,
        "quotes": telling.list_quotes(alert, posts, names),
        "rebuttals": sum(post.rumour.name == "rebuttal" for post in posts),
    }
    return Mail(
        message_id=make_message_id(alert.id, alert.revision, domain),
        alert_id=alert.id,
        revision=alert.revision,
        to=group.mails,
        subject=write_subject(alert, event, turn, drill=status != "Actual"),
        text=templates().get_template("mail.txt.j2").render(facts),
        html=templates().get_template("mail.html.j2").render(facts),
        references=tuple(previous),
        images=_images(rise, picture, alert.level),
        attachments=(_attach_cap(alert, event, group, rule, told, domain, status),),
    )


def _mailed(alert: Alert, revisions: Sequence[Alert], previous: Sequence[str], domain: str) -> list[Alert]:
    """The earlier revisions that were mailed; one told in a digest went under another alert's Message-ID."""
    earlier = [one for one in revisions if one.revision < alert.revision]
    own = [one for one in earlier if make_message_id(one.id, one.revision, domain) in previous]
    return own or (earlier[-1:] if previous else [])


def _matter(alert: Alert, event: Event | None, before: Alert | None) -> dict[str, object]:
    """What the mail says of the matter itself."""
    return {
        "alert": alert,
        "event": event,
        "title": telling.title_of(alert),
        "colour": _OVER if alert.state.is_over else COLOURS[alert.level],
        "headline": place_and_kind(alert),
        "grave": _grave(alert, event),
        "reason": telling.split_reason(alert),
        "law": telling.cite_law(alert),
        "unknown": telling.list_unknown(alert, event),
        "changes": telling.list_changes(alert, before),
        "steps": alert.history[-MOST_STEPS:],
        # Nothing written, nothing to doubt.
        "rumour": round(100 * alert.rumour) if alert.post_ids else None,
    }


def _grave(alert: Alert, event: Event | None) -> str:
    """`死亡 2 人、受伤 11 人，61 条反映`; of what nobody has reported, what has told it."""
    count = report_count(alert, event)
    if not count:
        if is_drift(alert):
            return "采集出了问题"
        return "传感器读数" if is_measured(alert) else "没有新内容"
    hurt = "" if event is None else casualties(event.facts)
    return f"{hurt}，{count} 条反映" if hurt else f"{count} 条反映"


def _answer(alert: Alert, group: DutyGroup, links: Links) -> dict[str, object]:
    """Who has to do what until when, and how."""
    minutes = group.acknowledge_minutes[alert.level]
    return {
        "group": group,
        "minutes": minutes,
        # An update at the same level gives nobody new time.
        "since": waiting_since(alert),
        "answered": telling.answered_by(alert) if alert.state == AlertState.ACKNOWLEDGED else "",
        "is_over": alert.state.is_over,
        "links": {label: url for label, url in links.items() if telling.web_link(url)},
    }


def _images(rise: Rise | None, picture: str, level: Level) -> tuple[tuple[str, bytes], ...]:
    return () if rise is None else ((picture, draw_rise(rise, COLOURS[level])),)


def _attach_cap(
    alert: Alert,
    event: Event | None,
    group: DutyGroup,
    rule: Rule | None,
    told: Sequence[Alert],
    domain: str,
    status: Status,
) -> Attachment:
    name = f"cap-{alert.id}-{alert.revision}.xml"
    content = render_cap(alert, event, audience=group.zh, rule=rule, told=told, sender=domain, status=status)
    return Attachment(name, "application/cap+xml", content)


def _digest_mail(
    alerts: Sequence[Alert],
    group: DutyGroup,
    previous: Sequence[str],
    links: Links,
    domain: str,
    status: Status,
) -> Mail:
    """One mail for many warnings: the gravest first, then by place and number."""
    first = alerts[0]
    ranked = sorted(alerts, key=_order)
    facts = {
        "group": group,
        "count": len(ranked),
        "parts": _digest_parts(ranked, group, links),
        "first": headline(ranked[0], None),
        "colour": COLOURS[ranked[0].level],
        "at": max(alert.raised_at for alert in alerts),
        "drill": status != "Actual",
    }
    return Mail(
        message_id=make_message_id(first.id, first.revision, domain),
        alert_id=first.id,
        revision=first.revision,
        to=group.mails,
        subject=digest_subject(ranked, drill=status != "Actual"),
        text=templates().get_template("digest.txt.j2").render(facts),
        html=templates().get_template("digest.html.j2").render(facts),
        references=tuple(previous),
        attachments=tuple(
            _attach_cap(one, None, group, None, (), domain, status) for one in ranked[:MOST_CAPS]
        ),
    )


def _order(alert: Alert) -> tuple[bool, Level, str, int, str]:
    """What is over last; then by level, by street, by number; a place unknown comes after those known."""
    path = _NOWHERE if alert.place is None else alert.place.path
    return (
        alert.state.is_over,
        alert.level,
        "/".join(path.split("/")[:3]),
        -report_count(alert, None),
        alert.id,
    )


def _digest_parts(
    ranked: Sequence[Alert], group: DutyGroup, links: Links
) -> list[tuple[str, str, list[dict[str, object]]]]:
    """The warnings by level, each level with its name and colour; those that are over by themselves."""
    parts: dict[tuple[str, str], list[dict[str, object]]] = {}
    for number, alert in enumerate(ranked, start=1):
        key = ("已解除", _OVER) if alert.state.is_over else (level_zh(alert.level), COLOURS[alert.level])
        parts.setdefault(key, []).append({"number": number, **_digest_row(alert, group, links)})
    return [(*key, rows) for key, rows in parts.items()]


def _digest_row(alert: Alert, group: DutyGroup, links: Links) -> dict[str, object]:
    """One warning of a digest."""
    return {
        "id": alert.id,
        "turn": find_turn(alert, None),
        "headline": headline(alert, None),
        "title": telling.title_of(alert),
        "why": telling.shorten("".join(telling.split_reason(alert)), _WHY),
        "is_over": alert.state.is_over,
        "link": telling.web_link(links.get(alert.id)),
        "minutes": group.acknowledge_minutes[alert.level],
    }
