"""A warning as a mail: plain text and HTML that a duty officer can act on from a phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from alerts.levels import CITATION
from alerts.render.chart import count_rise, draw_rise
from alerts.wording import casualties, day_and_time, full_time, level_zh, place_zh
from schemas.records import Alert, AlertState, ClassifiedPost, Event, Level, Mail
from schemas.rules.loader import Rule
from schemas.taxonomy.duty import DutyGroup
from schemas.taxonomy.labels import label_zh

MOST_POSTS = 5
MOST_STEPS = 8
_EXCERPT = 160
_COLOURS = {Level.RED: "#b3261e", Level.ORANGE: "#b45309", Level.YELLOW: "#8a6d00", Level.BLUE: "#1d4f91"}
_URGENCIES = {"critical": "紧急", "urgent": "急", "normal": "一般", "low": "低"}


@dataclass(frozen=True, slots=True)
class Quote:
    """One post as the mail shows it."""

    number: int
    id: str
    title: str
    text: str
    time: str
    source: str


@cache
def _templates() -> Environment:
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
    digest: Sequence[Alert] = (),
    domain: str = "qianshao.invalid",
) -> Mail:
    """The mail for one revision of an alert to one duty group.

    `posts` are the alert's posts (any number, the five most telling are shown), `previous` the Message-IDs of
    the alert's earlier mails, `rule` the one that decided, for its guide, `digest` further alerts that this
    mail tells in short. Texts must be masked already.
    """
    rise = count_rise([post.origin.time for post in posts], alert.raised_at)
    picture = f"rise.{alert.id}.{alert.revision}@{domain}"
    facts = {
        "alert": alert,
        "event": event,
        "group": group,
        "rule": rule,
        "reason": alert.reason.partition(CITATION)[0],
        "colour": _COLOURS[alert.level],
        "headline": headline(alert, event),
        "place": place_zh(alert.place),
        "label": label_zh(alert.label),
        "known": _known(alert, event),
        "unknown": _unknown(alert, event),
        "numbers": _numbers(alert, event),
        "rise": rise,
        "picture": picture,
        "minutes": group.acknowledge_minutes[alert.level],
        "answer_by": alert.raised_at + timedelta(minutes=group.acknowledge_minutes[alert.level]),
        "is_over": alert.state == AlertState.CLOSED,
        "digest": [(subject(one, None), one.reason.partition(CITATION)[0], one.id) for one in digest],
        "steps": alert.history[-MOST_STEPS:],
        "rumour": round(100 * alert.rumour),
        "quotes": _quotes(alert, posts),
    }
    return Mail(
        message_id=make_message_id(alert.id, alert.revision, domain),
        alert_id=alert.id,
        revision=alert.revision,
        to=group.mails,
        subject=subject(alert, event) + (f"（另有 {len(digest)} 个预警汇总）" if digest else ""),
        text=_templates().get_template("mail.txt.j2").render(facts),
        html=_templates().get_template("mail.html.j2").render(facts),
        references=tuple(previous),
        images=() if rise is None else ((picture, draw_rise(rise, _COLOURS[alert.level])),),
    )


def headline(alert: Alert, event: Event | None) -> str:
    """Place, what, how many: `汀东区柳浪街道 燃气泄漏 6 条反映，受伤 2 人`."""
    count = len(alert.post_ids) if event is None else event.heat
    hurt = "" if event is None else casualties(event.facts)
    return f"{place_zh(alert.place)} {label_zh(alert.label)} {count} 条反映" + (f"，{hurt}" if hurt else "")


def subject(alert: Alert, event: Event | None) -> str:
    """The subject line: level, whether it is an update, place, what, how many, and the title."""
    update = "" if alert.revision == 1 else f"·更新{alert.revision - 1}"
    if alert.state == AlertState.CLOSED:
        return f"【{level_zh(alert.level)}预警解除】{headline(alert, event)}：{alert.title}"
    return f"【{level_zh(alert.level)}预警{update}】{headline(alert, event)}：{alert.title}"


def _known(alert: Alert, event: Event | None) -> list[tuple[str, str]]:
    rows = [("事项", alert.title), ("类别", label_zh(alert.label)), ("地点", place_zh(alert.place))]
    if event is None:
        return rows
    rows.append(("首次出现", full_time(event.first_seen)))
    rows.append(("最近出现", full_time(event.last_seen)))
    if event.facts.time is not None:
        rows.append(("文中所说时间", full_time(event.facts.time)))
    if hurt := casualties(event.facts):
        rows.append(("文中所说伤亡", hurt))
    rows.append(("紧急程度", _URGENCIES[event.urgency]))
    return rows


def _unknown(alert: Alert, event: Event | None) -> list[str]:
    """What nobody has said yet: the reader must not take silence for zero."""
    missing = ["以上均为网上和热线的说法，尚未经现场核实"]
    if alert.place is None:
        missing.append("具体地点")
    if event is not None:
        facts = event.facts
        persons = (
            ("死亡", facts.deaths),
            ("受伤", facts.injured),
            ("失联", facts.missing),
            ("被困", facts.trapped),
        )
        unsaid = [word for word, count in persons if count is None]
        if unsaid:
            missing.append(f"{'、'.join(unsaid)}人数（没有信息提到，不等于没有）")
    return missing


def _numbers(alert: Alert, event: Event | None) -> list[tuple[str, str]]:
    if event is None:
        return [("相关信息", f"{len(alert.post_ids)} 条")]
    return [
        ("反映总数", f"{event.heat} 条"),
        ("不同内容", f"{event.reports} 篇"),
        ("不同的人", f"{event.authors} 人" if event.authors else "来源未提供"),
        ("来源", "、".join(event.sources)),
    ]


def _quotes(alert: Alert, posts: Sequence[ClassifiedPost]) -> list[Quote]:
    by_id = {post.origin.id: post for post in posts}
    shown = [by_id[post_id] for post_id in alert.post_ids if post_id in by_id][:MOST_POSTS]
    return [_quote(number, post) for number, post in enumerate(shown, start=1)]


def _quote(number: int, post: ClassifiedPost) -> Quote:
    title = " ".join(post.clean.title.split())
    text = " ".join(post.clean.text.split()).removeprefix(title).strip()
    if len(text) > _EXCERPT:
        text = f"{text[:_EXCERPT]}…"
    origin = post.origin
    return Quote(number, origin.ticket or origin.id, title, text, full_time(origin.time), origin.source)
