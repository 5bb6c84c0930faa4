"""A warning as a CAP 1.2 message (OASIS Common Alerting Protocol) for other systems; see docs/cap.md."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from alerts.render.characters import xml_text
from alerts.render.subject import headline, report_count
from alerts.standing import is_measured
from alerts.wording import SHANGHAI, level_zh
from schemas.reading import Section, read_yaml
from schemas.records import PLACE_LEVELS, Alert, Event, Level, Place
from schemas.rules.loader import Rule
from schemas.taxonomy.labels import Family, label_def, label_zh, load_families
from schemas.taxonomy.patterns import match_pattern, read_patterns

Status = Literal["Actual", "Exercise", "System", "Test", "Draft"]
NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

_RESTRICTION = "仅供应急值守内部使用；内容来自{}，未经现场核实，不得对外发布"
_SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
_URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
_LIKELY_SOURCES, _LIKELY_AUTHORS = 2, 3
_NO_NAME = re.compile(r"[\s,<&]+")


@dataclass(frozen=True, slots=True)
class Mapped:
    """What cap.yml says: CAP's word for a label, a level and an urgency; kilometres around a place."""

    category: Mapping[str, str]
    severity: Mapping[Level, str]
    urgency: Mapping[str, str]
    radius: Mapping[str, float]
    # The class number 1..4 of GB/T 35561-2017 of the labels that have one.
    national_class: Mapping[str, int]


@cache
def load_mapping() -> Mapped:
    """The mapping of the shipped file. Raises ReadError with file, key, value and what is allowed."""
    top = read_yaml(Path(__file__).with_name("cap.yml"))
    families = load_families()
    severity, urgency, radius = top.section("severity"), top.section("urgency"), top.section("radius")
    mapped = Mapped(
        category=_read_categories(top.section("categories")),
        severity={level: severity.choice(level.name.lower(), _SEVERITIES) for level in Level},
        urgency={name: urgency.choice(name, _URGENCIES) for name in families["urgency"].labels},
        radius={level: radius.number(level, 0, 1000) for level in PLACE_LEVELS},
        national_class=_national_classes(families.values()),
    )
    for section in (severity, urgency, radius, top):
        section.close()
    return mapped


def _national_classes(families: Iterable[Family]) -> dict[str, int]:
    return {
        f"{family.name}.{name}": family.classes[label.parent].gbt35561_class
        for family in families
        for name, label in family.labels.items()
        if label.parent is not None
    }


def _read_categories(section: Section) -> dict[str, str]:
    closest: dict[str, tuple[int, str]] = {}
    for category in section.names():
        for pattern in read_patterns(section, category):
            for label, closeness in match_pattern(pattern).items():
                if closeness >= closest.get(label, (-1, ""))[0]:
                    closest[label] = closeness, category
    return {label: category for label, (_, category) in closest.items()}


def render_cap(
    alert: Alert,
    event: Event | None,
    *,
    audience: str,
    rule: Rule | None = None,
    told: Sequence[Alert] = (),
    sender: str = "qianshao.invalid",
    status: Status = "Actual",
) -> bytes:
    """One revision of a warning as a CAP 1.2 message (UTF-8 XML), valid against the XSD of OASIS.

    `told` are the earlier revisions that were mailed: with any, this is an Update, or a Cancel once the
    warning is over. `audience` is the duty group that answers, `sender` the domain of this deployment.
    """
    root = Element("alert", xmlns=NAMESPACE)
    _add(root, "identifier", _identifier(alert))
    _add(root, "sender", _name(sender))
    _add(root, "sent", _time(alert.raised_at))
    _add(root, "status", status)
    _add(root, "msgType", _message_type(alert, told))
    _add(root, "source", f"前哨 {alert.rule}")
    _add(root, "scope", "Restricted")
    _add(root, "restriction", _RESTRICTION.format("传感器读数" if _is_read_off(alert) else "网上和热线"))
    if status != "Actual":
        _add(root, "note", "演练或测试：不是真实警情")
    if told:
        earlier = sorted(told, key=lambda one: one.revision)
        triples = (f"{_name(sender)},{_identifier(one)},{_time(one.raised_at)}" for one in earlier)
        _add(root, "references", " ".join(triples))
    if alert.event_id is not None:
        _add(root, "incidents", _name(alert.event_id))
    _add_info(root, alert, event, audience, rule)
    indent(root)
    message: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return message


def _message_type(alert: Alert, told: Sequence[Alert]) -> str:
    """A cancel or update must name what it cancels or updates; without that it stands for itself."""
    if not told:
        return "Alert"
    return "Cancel" if alert.state.is_over else "Update"


def _add_info(root: Element, alert: Alert, event: Event | None, audience: str, rule: Rule | None) -> None:
    mapped = load_mapping()
    info = SubElement(root, "info")
    _add(info, "language", "zh-CN")
    _add(info, "category", mapped.category[alert.label])
    _add(info, "event", label_zh(alert.label))
    _add(info, "responseType", "AllClear" if alert.state.is_over else "Assess")
    _add(info, "urgency", _urgency(alert, event))
    _add(info, "severity", mapped.severity[alert.level])
    _add(info, "certainty", _certainty(alert, event))
    _add(info, "audience", audience)
    for name, value in _event_codes(alert):
        _add_pair(info, "eventCode", name, value)
    _add(info, "effective", _time(alert.raised_at))
    if event is not None and event.facts.time is not None:
        _add(info, "onset", _time(event.facts.time))
    if rule is not None:
        _add(info, "expires", _time(alert.raised_at + timedelta(hours=rule.over_hours)))
    _add(info, "senderName", "前哨舆情与突发事件预警系统")
    _add(info, "headline", f"{level_zh(alert.level)}：{headline(alert, event)}")
    _add(info, "description", f"{alert.title}。{alert.reason}")
    if rule is not None and not alert.state.is_over:
        _add(info, "instruction", rule.guide)
    for name, value in _parameters(alert, event):
        _add_pair(info, "parameter", name, value)
    if alert.place is not None:
        _add_area(info, alert.place)


def _urgency(alert: Alert, event: Event | None) -> str:
    if alert.state.is_over:
        return "Past"
    return "Unknown" if event is None else load_mapping().urgency[event.urgency]


def _is_read_off(alert: Alert) -> bool:
    """Whether only a sensor tells it."""
    return is_measured(alert) and not alert.post_ids


def _certainty(alert: Alert, event: Event | None) -> str:
    """Nothing that was only read is Observed; several voices from several sources make it Likely, and so do
    several readings of a sensor."""
    if _is_read_off(alert):
        return "Likely"
    if event is None:
        return "Possible"
    several = len(event.sources) >= _LIKELY_SOURCES and event.authors >= _LIKELY_AUTHORS
    return "Likely" if several else "Possible"


def _event_codes(alert: Alert) -> Iterator[tuple[str, str]]:
    yield "qianshao.label", alert.label
    yield "qianshao.code", label_def(alert.label).code
    national = load_mapping().national_class.get(alert.label)
    if national is not None:
        yield "GB/T 35561-2017 class", str(national)


def _parameters(alert: Alert, event: Event | None) -> Iterator[tuple[str, str]]:
    yield "levelColour", alert.level.name.lower()
    yield "levelName", level_zh(alert.level)
    yield "revision", str(alert.revision)
    yield "reports", str(report_count(alert, event))
    yield "rumourProbability", f"{alert.rumour:.2f}"
    if event is None:
        return
    yield "sources", str(len(event.sources))
    yield "authors", str(event.authors)
    for name in ("deaths", "injured", "missing", "trapped"):
        count = getattr(event.facts, name)
        if count is not None:
            yield name, str(count)


def _add_area(info: Element, place: Place) -> None:
    area = SubElement(info, "area")
    _add(area, "areaDesc", (place.path or place.name).replace("/", " "))
    if place.lng is not None and place.lat is not None:
        radius = load_mapping().radius[place.level]
        _add(area, "circle", f"{place.lat:.5f},{place.lng:.5f} {radius:g}")
    digits = re.match(r"\d*", place.code or "")
    code = digits.group() if digits else ""
    if len(code) >= 2:
        _add_pair(area, "geocode", "GB/T 2260", code[:6].ljust(6, "0"))
    if len(code) >= 9:
        _add_pair(area, "geocode", "统计用区划代码", code[:12].ljust(12, "0"))


def _identifier(alert: Alert) -> str:
    return _name(f"{alert.id}.{alert.revision}")


def _name(text: str) -> str:
    """A name without what CAP forbids in one: spaces, commas, < and &."""
    return _NO_NAME.sub("_", xml_text(text))


def _time(at: datetime) -> str:
    """`2026-04-01T14:00:00+08:00`: CAP knows neither Z nor fractions of a second."""
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = xml_text(text)


def _add_pair(parent: Element, name: str, value_name: str, value: str) -> None:
    pair = SubElement(parent, name)
    _add(pair, "valueName", value_name)
    _add(pair, "value", value)
