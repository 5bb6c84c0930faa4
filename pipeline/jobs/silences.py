"""Silences: made with a reason and an end, listed with what they mute, ended before their time."""

import secrets
from datetime import datetime

from sqlalchemy import Connection

from alerts.wording import full_time, level_zh
from pipeline.rooms import Rooms
from schemas.errors import ReadError, Where, one_of
from schemas.silences import Silence
from schemas.taxonomy.labels import label_zh
from schemas.taxonomy.patterns import ALLOWED, match_pattern
from schemas.taxonomy.places import Deployment
from stores.database.alerts import alerts_by_id
from stores.database.silences import all_silences, end_silence, muted_alerts, save_silence, silences_at

_WHERE = Where("qianshao silences")


def make_silence(
    author: str,
    reason: str,
    since: datetime,
    until: datetime,
    *,
    place: str = "",
    label: str = "",
    rule: str = "",
    group: str = "",
) -> Silence:
    """A silence with a new number. Raises ReadError where it has no reason or no end, or would mute all."""
    if not reason.strip():
        raise ReadError(_WHERE, "--reason", reason, "为什么静默，写给接班的人看")
    if until <= since:
        raise ReadError(_WHERE, "--until", until.isoformat(), "将来的时间")
    if not (place or label or rule or group):
        raise ReadError(_WHERE, "--place、--label、--rule", "", "至少写一个：不能静默全部预警")
    key = secrets.token_hex(3)
    return Silence(key, author, reason, since, until, place=place, label=label, rule=rule, group=group)


def add_silence(rooms: Rooms, silence: Silence) -> Silence:
    """Put a silence in force. Its place may be a name or a code of the deployment.

    Raises ReadError for a place, label or rule that is none.
    """
    rules = [rule.name for rule in rooms.knowledge.rules]
    if silence.rule and silence.rule not in rules:
        raise ReadError(_WHERE, "--rule", silence.rule, one_of(rules))
    if silence.label and not match_pattern(silence.label):
        raise ReadError(_WHERE, "--label", silence.label, ALLOWED)
    with rooms.database.begin() as db:
        save_silence(db, silence)
    return silence


def find_path(deployment: Deployment, place: str) -> str:
    """The path of a place given by name or code. Raises ReadError for none, or a name that several have."""
    found = deployment.by_name.get(place, ())
    if place in deployment.by_code:
        found = (deployment.by_code[place],)
    if len(found) != 1:
        several = "、".join(f"{one.code} {deployment.path(one.code)}" for one in found)
        raise ReadError(_WHERE, "--place", place, several or f"{deployment.name}的地名或编码")
    return deployment.path(found[0].code)


def end_by_key(rooms: Rooms, key: str, who: str, now: datetime) -> None:
    """End a silence now; what it muted and still stands goes out with the next run. Raises ReadError."""
    with rooms.database.begin() as db:
        if not end_silence(db, key, who, now):
            raise ReadError(_WHERE, "编号", key, "生效中的静默，见 qianshao silences list")


def end_silences_of(db: Connection, group: str, who: str, now: datetime) -> None:
    """End every silence of one matter."""
    for silence in silences_at(db, now):
        if silence.group == group:
            end_silence(db, silence.id, who, now)


def silence_rows(rooms: Rooms, now: datetime, *, past: bool = False) -> list[dict[str, object]]:
    """The silences in force, or all, each with how many warnings it has muted."""
    with rooms.database.read() as db:
        found = all_silences(db) if past else silences_at(db, now)
        muted = {silence.id: muted_alerts(db, silence.id) for silence in found}
    return [
        {
            "编号": silence.id,
            "静默什么": describe(silence),
            "理由": silence.reason,
            "设置人": silence.author,
            "起": full_time(silence.since),
            "止": full_time(silence.until) + (f"（{silence.ended_by}提前结束）" if silence.ended_by else ""),
            "压下的预警": len(muted[silence.id]),
        }
        for silence in found
    ]


def muted_rows(rooms: Rooms, key: str) -> list[dict[str, object]]:
    """The warnings that a silence has muted, each as it stands now."""
    with rooms.database.read() as db:
        ids = muted_alerts(db, key)
        alerts = alerts_by_id(db, ids)
    return [
        {
            "编号": alert_id,
            "级别": level_zh(alerts[alert_id].level),
            "事项": alerts[alert_id].title,
            "时间": full_time(alerts[alert_id].raised_at),
        }
        for alert_id in ids
    ]


def describe(silence: Silence) -> str:
    """What a silence mutes, in words."""
    label = label_zh(silence.label) if silence.label and "*" not in silence.label else silence.label
    named = (("地点", silence.place), ("类别", label), ("规则", silence.rule), ("同一件事", silence.group))
    return "，".join(f"{name} {value}" for name, value in named if value)
