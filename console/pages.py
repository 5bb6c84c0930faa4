"""The pages as HTML: one warning with what can be done, and short messages. No script, nothing remote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from alerts.levels import CITATION
from alerts.path.answer import STATES, WORDS, Action, last_answer
from alerts.path.escalate import waiting_since
from alerts.wording import LEVELS, day_and_time, full_time, level_zh, place_zh
from schemas.records import Alert, ClassifiedPost, Event, Level
from schemas.taxonomy.duty import DutyGroup
from schemas.taxonomy.labels import label_zh
from stores.database.links import UsedLink

MOST_POSTS = 5
MOST_STEPS = 12
_EXCERPT = 200
ASKS = {
    Action.ACKNOWLEDGE: "我来负责，不用再往上报",
    Action.SNOOZE: "现在先不管，到时间还没办结就再发一次",
    Action.CLOSE: "这件事已经结束；再有反映会是新的预警",
    Action.FALSE_ALARM: "这不是真的；30 天内同一件事不再发信（红色除外）",
    Action.REOPEN: "没有结束，再发一次给责任单位",
}
NOTES = {
    Action.ACKNOWLEDGE: "说明（可不填）",
    Action.SNOOZE: "说明（可不填）",
    Action.CLOSE: "处置结果（可不填）",
    Action.FALSE_ALARM: "为什么不是真的（必填）",
    Action.REOPEN: "为什么重新打开（可不填）",
}
SNOOZES = {"30": "30 分钟", "60": "1 小时", "120": "2 小时", "240": "4 小时"}


@dataclass(frozen=True, slots=True)
class View:
    """What the page of one warning shows. `actions` are tokens by what they do; `action` is the one asked
    for, None where it cannot be done any more; `opened` is the revision of the mail the link stood in."""

    alert: Alert
    event: Event | None
    posts: Sequence[ClassifiedPost]
    group: DutyGroup
    publishers: Mapping[str, str]
    action: Action | None
    actions: Mapping[Action, str]
    opened: int
    used: UsedLink | None = None
    problem: str = ""
    who: str = ""
    note: str = ""


def render_alert(view: View) -> str:
    """The page of one warning."""
    alert, event = view.alert, view.event
    answered = last_answer(alert)
    facts = {
        "view": view,
        "alert": alert,
        "level": level_zh(alert.level),
        "tone": alert.level.name.lower(),
        "state": STATES[alert.state],
        "answered": answered,
        "answer_by": waiting_since(alert) + timedelta(minutes=view.group.acknowledge_minutes[alert.level]),
        "is_red": alert.level == Level.RED,
        "headline": f"{place_zh(alert.place)} {label_zh(alert.label)}",
        "count": len(alert.post_ids) if event is None else event.heat,
        "reason": [f"{line}。" for line in alert.reason.partition(CITATION)[0].split("。") if line.strip()],
        "posts": [_quote(post, view.publishers) for post in view.posts[:MOST_POSTS]],
        "steps": alert.history[-MOST_STEPS:],
        "asks": ASKS,
        "notes": NOTES,
        "snoozes": SNOOZES,
        "words": WORDS,
        "colour": LEVELS[alert.level],
    }
    return _templates().get_template("alert.html.j2").render(facts)


def render_message(title: str, lines: Sequence[str]) -> str:
    """A page that only says something."""
    return _templates().get_template("message.html.j2").render(title=title, lines=lines)


def _quote(post: ClassifiedPost, publishers: Mapping[str, str]) -> dict[str, str]:
    title = " ".join(post.clean.title.split())
    text = " ".join(post.clean.text.split()).removeprefix(title.removesuffix("…")).strip()
    source = post.origin.source
    return {
        "title": title,
        "text": f"{text[:_EXCERPT]}…" if len(text) > _EXCERPT else text,
        "where": f"{day_and_time(post.origin.time)} · {publishers.get(source, source)}",
    }


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"full_time": full_time, "day_and_time": day_and_time}
    return environment


def snooze_until(choice: str, now: datetime) -> datetime | None:
    """The end of a chosen snooze; None where nothing of the list was chosen."""
    return now + timedelta(minutes=int(choice)) if choice in SNOOZES else None
