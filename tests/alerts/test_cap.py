"""CAP messages: valid against the OASIS schema for every label, level and rule, whatever a post says."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from alerts.render.cap import Status, load_mapping, render_cap
from alerts.render.mail import make_message_id, render_mail
from schemas.records import Alert, AlertState, Event, Facts, Level, Place
from schemas.rules.loader import load_rules
from schemas.taxonomy.labels import all_labels
from tests.alerts.examples import ALERT, DUTY, EVENT, GROUP, POSTS, RULE, UPDATE
from tests.nlp.classified import START

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("cap") / "CAP-v1.2.xsd"))
DOC = Path(__file__).parents[2] / "docs" / "cap.md"
RULES = load_rules(duty=DUTY)
AUDIENCE = "汀东区应急管理局值班组"


def told(message: bytes) -> dict[str, list[str]]:
    """The texts of a valid message by element; pairs as `name=value`."""
    root = etree.fromstring(message)
    SCHEMA.assertValid(root)
    found: dict[str, list[str]] = {}
    for element in root.iter():
        name = etree.QName(element).localname
        pair = [child.text or "" for child in element]
        text = "=".join(pair) if name in {"eventCode", "parameter", "geocode"} else element.text or ""
        found.setdefault(name, []).append(text)
    return found


def test_one_warning_as_other_systems_read_it() -> None:
    message = told(render_cap(ALERT, EVENT, audience=AUDIENCE, rule=RULE, sender="qianshao.example"))
    wanted = {
        "identifier": f"{ALERT.id}.1", "sender": "qianshao.example", "sent": "2026-04-01T14:00:00+08:00",
        "status": "Actual", "msgType": "Alert", "scope": "Restricted", "incidents": EVENT.id,
        "language": "zh-CN", "category": "Safety", "event": "燃气泄漏", "responseType": "Assess",
        "urgency": "Immediate", "severity": "Severe", "certainty": "Likely", "audience": AUDIENCE,
        "expires": "2026-04-04T14:00:00+08:00", "instruction": RULE.guide,
        "areaDesc": "云汀市 汀东区 柳浪街道 柳浪社区",
    }  # fmt: skip
    assert {name: message[name] for name in wanted} == {name: [text] for name, text in wanted.items()}
    assert message["eventCode"] == [
        "qianshao.label=incident.gas_leak", "qianshao.code=B03", "GB/T 35561-2017 class=2"
    ]  # fmt: skip
    assert message["geocode"] == ["GB/T 2260=990101", "统计用区划代码=990101001001"]
    assert {"levelColour=orange", "reports=7", "injured=2", "rumourProbability=0.12"} <= set(
        message["parameter"]
    )
    assert not {"references", "deaths", "circle"} & set(message)


def test_a_known_point_becomes_a_circle_as_wide_as_its_place_is() -> None:
    place = Place("柳浪社区", "990101001001", "community", 1.0, "云汀市/柳浪社区", lng=117.6701, lat=26.9129)
    message = told(render_cap(replace(ALERT, place=place), EVENT, audience=AUDIENCE))
    assert message["circle"] == ["26.91290,117.67010 1"]


@pytest.mark.parametrize("status", ["Actual", "Exercise", "Test"])
@pytest.mark.parametrize("level", Level)
def test_every_label_is_valid_at_every_level(level: Level, status: Status) -> None:
    for label in all_labels():
        alert = replace(ALERT, label=label, level=level)
        message = told(render_cap(alert, replace(EVENT, label=label), audience=AUDIENCE, status=status))
        assert message["severity"] == [load_mapping().severity[level]]
        assert message["status"] == [status]
        assert ("note" in message) == (status != "Actual")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("event", [EVENT, None], ids=["event", "series"])
def test_every_rule_is_valid(rule: type[RULE], event: Event | None) -> None:
    message = told(render_cap(ALERT, event, audience=AUDIENCE, rule=rule))
    assert message["instruction"] == [rule.guide]
    assert message["source"] == [f"前哨 {ALERT.rule}"]


@pytest.mark.parametrize(
    ("state", "kind", "response", "urgency"),
    [
        (AlertState.RAISED, "Update", "Assess", "Immediate"),
        (AlertState.CLOSED, "Cancel", "AllClear", "Past"),
        (AlertState.FALSE_ALARM, "Cancel", "AllClear", "Past"),
    ],
)
def test_a_later_message_names_the_earlier_ones(
    state: AlertState, kind: str, response: str, urgency: str
) -> None:
    later = replace(UPDATE, revision=3, state=state, raised_at=START + timedelta(hours=9))
    message = told(render_cap(later, EVENT, audience=AUDIENCE, told=[UPDATE, ALERT], sender="q.example"))
    assert (message["msgType"], message["responseType"], message["urgency"]) == (
        [kind],
        [response],
        [urgency],
    )
    sent = "2026-04-01T14:00:00+08:00"
    assert message["references"] == [f"q.example,{ALERT.id}.1,{sent} q.example,{ALERT.id}.2,{sent}"]


def test_without_an_earlier_mail_it_stands_for_itself() -> None:
    message = told(render_cap(UPDATE, EVENT, audience=AUDIENCE))
    assert message["msgType"] == ["Alert"]


@pytest.mark.parametrize(
    ("sources", "authors", "certainty"), [(2, 3, "Likely"), (1, 9, "Possible"), (3, 2, "Possible")]
)
def test_nothing_that_was_only_read_is_observed(sources: int, authors: int, certainty: str) -> None:
    event = replace(EVENT, sources=("甲", "乙", "丙")[:sources], authors=authors)
    assert told(render_cap(ALERT, event, audience=AUDIENCE))["certainty"] == [certainty]


ANYTHING = st.text(st.characters(), max_size=80)


@settings(max_examples=40, deadline=None)
@given(
    ANYTHING,
    ANYTHING,
    st.builds(
        Place,
        ANYTHING,
        st.one_of(st.none(), ANYTHING, st.integers(0, 10**12).map(str)),
        st.sampled_from(["city", "street", "road"]),
        st.floats(0, 1),
        ANYTHING,
        lng=st.one_of(st.none(), st.floats(-180, 180)),
        lat=st.one_of(st.none(), st.floats(-90, 90)),
    ),
    st.builds(Facts, deaths=st.one_of(st.none(), st.integers(0))),
    ANYTHING,
)
def test_any_words_make_a_valid_message(
    title: str, reason: str, place: Place, facts: Facts, sender: str
) -> None:
    alert = replace(ALERT, title=title, reason=reason, place=place)
    message = told(render_cap(alert, replace(EVENT, facts=facts), audience=title, sender=sender))
    assert not re.search(r"[\s,<&]", message["sender"][0] + message["identifier"][0])


def test_the_mail_carries_it() -> None:
    first = make_message_id(ALERT.id, 1, "qianshao.invalid")
    mail = render_mail(UPDATE, EVENT, POSTS, GROUP, rule=RULE, previous=[first], revisions=[ALERT, UPDATE])
    (file,) = mail.attachments
    assert (file.name, file.type) == (f"cap-{ALERT.id}-2.xml", "application/cap+xml")
    assert told(file.content)["msgType"] == ["Update"]


def digest_of(count: int) -> list[Alert]:
    """So many warnings."""
    return [replace(ALERT, id=f"{number:024x}") for number in range(count)]


def test_a_digest_carries_one_for_each() -> None:
    mail = render_mail(ALERT, EVENT, POSTS, GROUP, digest=digest_of(3), status="Exercise")
    messages = [told(file.content) for file in mail.attachments]
    assert len({message["identifier"][0] for message in messages}) == 4
    assert {message["status"][0] for message in messages} == {"Exercise"}


def test_the_document_says_what_the_file_says() -> None:
    mapped, text = load_mapping(), DOC.read_text()
    rows = {tuple(cell.strip(" `") for cell in line.strip("|").split("|")) for line in text.splitlines()}
    wanted = {(level.name.lower(), word) for level, word in mapped.severity.items()}
    wanted |= set(mapped.urgency.items())
    wanted |= {(level, f"{radius:g}") for level, radius in mapped.radius.items()}
    assert wanted <= {row[:2] for row in rows}
