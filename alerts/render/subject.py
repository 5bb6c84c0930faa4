"""The subject line of a mail: level, place, what and how many, within what a phone's list shows."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from alerts.path.escalate import DEPUTY, ESCALATED, REOPENED, WOKEN
from alerts.standing import is_drift, last_measures
from alerts.wording import LEVELS
from schemas.records import Alert, Event, Facts, Place
from schemas.taxonomy.labels import label_zh

# What the inbox of a phone shows in two lines.
LONGEST = 40
_LONGEST_PLACE = 14
_DISTRICTS = ("区", "县", "旗", "市")
_NO_DISTRICTS = ("社区", "小区")


class Turn(StrEnum):
    """What a mail says of its warning that the mail before did not; the value stands after the level."""

    FIRST = "预警"
    UPDATED = "更新"
    RAISED = "升级"
    LOWERED = "降级"
    DEPUTY = "转副班"
    ESCALATED = "上报"
    WOKEN = "再提醒"
    REOPENED = "重开"
    OVER = "解除"


# Steps of the history that ask somebody anew.
_ASKED = {DEPUTY: Turn.DEPUTY, ESCALATED: Turn.ESCALATED, WOKEN: Turn.WOKEN, REOPENED: Turn.REOPENED}


def find_turn(alert: Alert, before: Alert | None) -> Turn:
    """What is new; `before` is the revision that the mail before told, None where there was none."""
    if alert.state.is_over:
        return Turn.OVER
    told = 0 if before is None else len(before.history)
    for step in reversed(alert.history[told:]):
        for what, turn in _ASKED.items():
            if step.what.startswith(what):
                return turn
    if before is None:
        return Turn.FIRST if alert.revision == 1 else Turn.UPDATED
    if alert.level != before.level:
        return Turn.RAISED if alert.level < before.level else Turn.LOWERED
    return Turn.UPDATED


def write_subject(alert: Alert, event: Event | None, turn: Turn = Turn.FIRST, *, drill: bool = False) -> str:
    """At most 40 characters, the telling first: `【红色升级】汀东区船厂宿舍 爆炸 2死11伤 61条：楼塌了`.

    `drill` marks what is no real warning. The title fills the room that is left.
    """
    marks = f"【{'演练·' if drill else ''}{LEVELS[alert.level]}{turn.value}】"
    told = f"{marks}{headline(alert, event)}"
    return _cut(f"{told}：{_title_alone(alert)}", LONGEST)


def digest_subject(alerts: Sequence[Alert], *, drill: bool = False) -> str:
    """How many of which level, and the gravest: `【汇总】9个预警 橙1黄8，最高橙色：汀东区柳浪家园 火灾`."""
    ranked = sorted(alerts, key=lambda alert: (alert.state.is_over, alert.level))
    counts = Counter("解除" if alert.state.is_over else LEVELS[alert.level][0] for alert in ranked)
    levels = "".join(f"{level}{count}" for level, count in counts.items())
    gravest = headline(ranked[0], None)
    marks = f"【{'演练·' if drill else ''}汇总】"
    return _cut(f"{marks}{len(ranked)}个预警 {levels}，最高{LEVELS[ranked[0].level]}：{gravest}", LONGEST)


def headline(alert: Alert, event: Event | None) -> str:
    """Place, what, how grave, how many: `汀东区船厂宿舍 爆炸 2死11伤 61条`; no number where nobody has
    reported, such as of a sensor's reading."""
    count = report_count(alert, event)
    hurts = "" if event is None else hurt(event.facts)
    parts = (place_and_kind(alert), hurts, f"{count}条" if count else "")
    return " ".join(part for part in parts if part)


def place_and_kind(alert: Alert) -> str:
    """`汀东区船厂宿舍 爆炸`; what is wrong with a source has no place."""
    if is_drift(alert):
        return "采集异常"
    return f"{short_place(alert.place)} {label_zh(alert.label)}"


def report_count(alert: Alert, event: Event | None) -> int:
    """How many have reported: all of the event, else what the warning measured, else its posts."""
    if event is not None:
        return event.heat
    return last_measures(alert).get("reports") or len(alert.post_ids)


def hurt(facts: Facts) -> str:
    """`2死11伤6人被困`; empty where none are stated."""
    named = (
        (facts.deaths, "死"),
        (facts.injured, "伤"),
        (facts.missing, "人失联"),
        (facts.trapped, "人被困"),
    )
    return "".join(f"{count}{word}" for count, word in named if count)


def short_place(place: Place | None) -> str:
    """District and the smallest place: `汀东区船厂宿舍`; `地点不明` for none."""
    if place is None:
        return "地点不明"
    *above, last = [step for step in place.path.split("/") if step] or [place.name]
    districts = [] if _is_district(last) else [step for step in above if _is_district(step)]
    return _cut("".join((*districts[-1:], last)), _LONGEST_PLACE)


def _is_district(name: str) -> bool:
    return name.endswith(_DISTRICTS) and not name.endswith(_NO_DISTRICTS)


def _title_alone(alert: Alert) -> str:
    """The title without the place that stands before it already."""
    title = " ".join(alert.title.split())
    if alert.place is None:
        return title
    return title.removeprefix(alert.place.name).lstrip("的，。：: ") or title


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
