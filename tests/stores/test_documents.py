"""Records as documents: nothing invented, nothing known left out, every field in the mapping."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.elasticsearch import load_templates
from schemas.records import AlertState, Facts, Label, Level, Place, Step
from stores.database.coverage import split_by_day
from stores.documents import (
    LEVEL_ZH,
    STATE_ZH,
    alert_document,
    coverage_document,
    event_document,
    join_words,
    main_place,
    post_document,
)
from tests.stores.examples import NOON, STREET, make_alert, make_event, make_post, make_run


def leaf_names(document: dict[str, Any], prefix: str = "") -> set[str]:
    names: set[str] = set()
    for name, value in document.items():
        inner = value if isinstance(value, list) else [value]
        objects = [one for one in inner if isinstance(one, dict)]
        for one in objects if name != "location" else []:
            names |= leaf_names(one, f"{prefix}{name}.")
        if name == "location" or not objects:
            names.add(f"{prefix}{name}")
    return names


def test_a_post_says_who_where_what_and_when() -> None:
    document = post_document(make_post(), "event1")
    assert document["words"] == "柳浪街道 燃气 泄漏"
    assert document["time"] == "2026-03-05T11:55:00+08:00"
    assert document["incident"] == {
        "name": "gas_leak",
        "zh": "燃气泄漏",
        "probability": 0.9,
        "words": ["燃气", "泄漏"],
    }
    assert document["place"]["name"] == "柳浪街道"
    assert document["place"]["location"] == {"lon": 117.67, "lat": 26.91}
    assert document["place"]["names"] == ["云汀市", "汀东区", "柳浪街道"]
    assert document["place"]["within"] == ["云汀市", "云汀市/汀东区", "云汀市/汀东区/柳浪街道"]
    assert document["facts"] == {"deaths": 0, "injured": 2, "time": "2026-03-05T11:00:00+08:00"}
    assert document["urgency"] == {"name": "urgent", "zh": "急"}
    assert (document["event_id"], document["heat"], document["spam"]) == ("event1", {"likes": 3}, False)


def test_what_is_not_known_is_left_out() -> None:
    bare = replace(make_post(), places=(), facts=Facts(), words=())
    document = post_document(bare, None)
    assert not {"place", "places", "facts", "words", "event_id", "ticket", "district"} & set(document)
    unplaced = event_document(replace(make_event(), place=Place("某小区", None, "estate", 0.4)))
    assert unplaced["place"] == {"name": "某小区", "level": "estate", "score": 0.4}


def test_zero_is_kept_and_is_not_the_same_as_unknown() -> None:
    alert = alert_document(make_alert())
    assert alert["rumour"] == 0.0
    assert post_document(make_post(), None)["facts"]["deaths"] == 0


def test_a_label_taken_out_of_the_taxonomy_keeps_its_name() -> None:
    document = post_document(replace(make_post(), incident=Label("retired_kind", 0.5)), None)
    assert document["incident"] == {"name": "retired_kind", "probability": 0.5}


def test_spam_is_marked() -> None:
    document = post_document(make_post(flags=("spam",)), None)
    assert (document["spam"], document["flags"]) == (True, ["spam"])


def test_an_alert_shows_level_and_state_in_chinese() -> None:
    document = alert_document(make_alert(level=Level.RED))
    assert document["level"] == {"number": 1, "name": "red", "zh": "红"}
    assert document["state"] == {"name": "raised", "zh": "待发送"}
    assert document["label"] == {"name": "incident.gas_leak", "zh": "燃气泄漏"}
    assert document["history"] == [{"at": NOON.isoformat(), "what": "raised", "note": "首次发出"}]
    assert set(LEVEL_ZH) == set(Level)
    assert set(STATE_ZH) == set(AlertState)


def test_an_event_counts_its_members_and_does_not_list_them() -> None:
    document = event_document(make_event(posts=("a", "b"), heat=5))
    assert (document["posts"], document["heat"]) == (2, 5)
    assert "post_ids" not in document


def test_an_alert_says_how_long_it_waited_for_an_answer() -> None:
    raised = make_alert()
    steps = (
        Step(NOON + timedelta(minutes=12, seconds=30), "签收：张班长"),
        Step(NOON + timedelta(hours=3), "办结：张班长", "已恢复供气"),
    )
    document = alert_document(replace(raised, history=(*raised.history, *steps)))
    assert document["first_raised_at"] == NOON.isoformat()
    assert (document["minutes_to_acknowledge"], document["minutes_to_close"]) == (12.5, 180.0)
    waiting = alert_document(raised)
    assert not {"acknowledged_at", "closed_at", "minutes_to_acknowledge", "minutes_to_close"} & set(waiting)


def test_a_day_of_a_source_is_as_bad_as_its_worst_run() -> None:
    morning = make_run(started=NOON - timedelta(hours=4), status="failed", fetched=0, new=0, note="HTTP 503")
    document = coverage_document(split_by_day([make_run(), morning])[0])
    assert (document["runs"], document["fetched"], document["new"]) == (2, 30, 4)
    assert document["status"] == {"name": "failed", "zh": "失败"}
    assert (document["last_success"], document["note"]) == (NOON.isoformat(), "HTTP 503")
    assert document["day"] == "2026-03-05T00:00:00+08:00"


def test_days_are_days_of_beijing() -> None:
    late = make_run(started=datetime(2026, 3, 5, 16, 30, tzinfo=UTC))
    assert [day.day.isoformat() for day in split_by_day([make_run(), late])] == ["2026-03-05", "2026-03-06"]


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("posts", post_document(make_post(flags=("spam",)), "event1")),
        ("events", event_document(make_event())),
        ("alerts", alert_document(make_alert())),
        ("coverage", coverage_document(split_by_day([make_run()])[0])),
    ],
    ids=["posts", "events", "alerts", "coverage"],
)
def test_every_field_is_in_the_mapping(kind: str, document: dict[str, Any]) -> None:
    names = leaf_names(document)
    assert len(names) > 10
    assert names <= set(load_templates().fields(kind))


def test_the_main_place_is_the_surest_then_the_narrowest() -> None:
    city, street = Place("云汀市", "9901", "city", 0.9), STREET
    assert main_place([city, street]) is street
    assert main_place([replace(city, score=0.95), street]).name == "云汀市"  # type: ignore[union-attr]
    assert main_place([]) is None


@given(st.lists(st.text()))
def test_joined_words_come_apart_again_at_the_spaces(words: list[str]) -> None:
    tokens = join_words(words).split()
    assert len(tokens) == sum(bool(word.strip()) for word in words)
    assert join_words(tokens) == join_words(words)
