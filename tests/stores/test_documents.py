"""Records as documents: nothing invented, nothing known left out, every field in the mapping."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.elasticsearch import load_templates
from schemas.records import AlertState, Facts, Label, Level, Place, Step
from schemas.tickets import Ticket, TicketStep
from stores.database.coverage import LOST, Gap, split_by_day
from stores.database.series import Cell, Count
from stores.documents import (
    LEVEL_ZH,
    STATE_ZH,
    alert_document,
    coverage_document,
    event_document,
    main_place,
    post_document,
    series_document,
    ticket_document,
)
from stores.names import Names
from stores.tokens import join_words
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
    assert document["place"]["district"] == "云汀市/汀东区"
    assert document["place"]["street"] == "汀东区/柳浪街道"
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


def make_ticket() -> Ticket:
    """A ticket that two units worked on and that was answered after its time limit."""
    steps = (
        TicketStep("r1", NOON, "new"),
        TicketStep("r2", NOON + timedelta(hours=1), "assigned", "汀东区住建局", due=NOON + timedelta(days=1)),
        TicketStep("r3", NOON + timedelta(days=2), "answered", "云汀燃气集团", replied=True),
    )
    return Ticket(
        "post1", "demo_12345", "YT100001", "闻到燃气味", "urban_rural", "utilities", "gas_leak", STREET,
        NOON, steps,
    )  # fmt: skip


def test_a_ticket_says_who_has_it_in_hand_and_how_long_it_took() -> None:
    document = ticket_document(make_ticket(), Names({"demo_12345": "12345 热线"}))
    assert (document["publisher"], document["unit"]) == ("12345 热线", "云汀燃气集团")
    assert document["state"] == {"name": "answered", "zh": "已答复"}
    assert document["stage"] == {"name": "done", "zh": "办结"}
    assert (document["open"], document["late"], document["transfers"]) == (False, True, 1)
    assert (document["hours_to_reply"], document["accepted_at"]) == (48.0, "2026-03-05T13:00:00+08:00")
    assert not {"closed_at", "hours_to_close"} & set(document)
    assert document["complaint"]["detail"] == {"name": "utilities", "zh": "供水供电供气供暖"}
    assert document["place"]["within"][-1] == STREET.path
    assert [step["state"] for step in document["history"]] == ["待受理", "已派单", "已答复"]


def test_a_ticket_of_which_nothing_is_told_is_neither_open_nor_done() -> None:
    told = replace(make_ticket(), steps=(TicketStep("r1", NOON),), place=None, submitted=None, detail=None)
    document = ticket_document(told)
    assert (document["stage"]["zh"], document["open"], document["time"]) == (
        "未写明",
        False,
        NOON.isoformat(),
    )
    assert not {"unit", "state", "due", "late", "place", "submitted"} & set(document)


def test_a_count_names_its_hour_of_beijing_its_place_and_label() -> None:
    hour = int(NOON.timestamp()) // 3_600
    document = series_document(Count(Cell(hour, STREET.path, "990101001", "incident.gas_leak"), 3))
    assert (document["hour"], document["hour_of_day"], document["weekday"]) == (
        "2026-03-05T12:00:00+08:00",
        12,
        4,
    )
    assert document["family"] == {"name": "incident", "zh": "突发事件"}
    assert document["label"] == {"name": "incident.gas_leak", "zh": "燃气泄漏"}
    assert (document["place"]["name"], document["count"]) == ("柳浪街道", 3)
    assert document["place"]["street"] == "汀东区/柳浪街道"
    nowhere = series_document(Count(Cell(hour, "", "", "spam"), 0))
    assert (nowhere["label"]["zh"], nowhere["count"]) == ("广告", 0)
    assert "place" not in nowhere


def test_an_event_says_what_became_of_it_and_names_its_sources() -> None:
    merged = replace(make_event(), merged_into="event9", sources=("forum", "forum2"))
    document = event_document(merged, Names({"forum": "街坊论坛", "forum2": "街坊论坛"}))
    assert (document["merged_into"], document["ended"]) == ("event9", True)
    assert (document["sources"], document["publishers"]) == (["forum", "forum2"], ["街坊论坛"])
    assert event_document(make_event())["publishers"] == ["云汀论坛"]


def test_an_alert_names_its_duty_group() -> None:
    alert = make_alert()
    assert alert_document(alert, Names(groups={alert.route: "柳浪街道值班室"}))["duty"] == "柳浪街道值班室"
    assert alert_document(alert)["duty"] == alert.route
    assert "page" not in alert_document(alert)
    paged = Names(page=lambda alert_id: f"https://zhiban.example/v/{alert_id}")
    assert alert_document(alert, paged)["page"] == "https://zhiban.example/v/alert1"


def test_a_day_of_a_source_is_as_bad_as_its_worst_run() -> None:
    morning = make_run(started=NOON - timedelta(hours=4), status="failed", fetched=0, new=0, note="HTTP 503")
    document = coverage_document(split_by_day([make_run(), morning])[0])
    assert (document["runs"], document["fetched"], document["new"]) == (2, 30, 4)
    assert document["status"] == {"name": "failed", "zh": "失败"}
    assert (document["last_success"], document["note"]) == (NOON.isoformat(), "HTTP 503")
    assert document["day"] == "2026-03-05T00:00:00+08:00"


def test_a_day_says_why_something_is_missing_and_in_which_gap_it_lies() -> None:
    run = replace(make_run(), failures={"超时": 1}, refusals={"缺标题或正文": 2}, complete=False)
    gap = Gap(
        run.source,
        NOON - timedelta(hours=30),
        NOON,
        "超时",
        NOON,
        LOST,
        3,
        NOON,
        "来源已不再列出断档之前的内容",
    )
    missed, told = [coverage_document(day) for day in split_by_day([run], [gap])]
    assert told["failures"] == [{"reason": "超时", "count": 1}]
    assert (told["refusals"], told["cut_runs"]) == ([{"reason": "缺标题或正文", "count": 2}], 1)
    assert (told["gaps"][0]["hours"], told["gaps"][0]["state"]["zh"]) == (30.0, "补不回")
    assert (missed["status"]["zh"], missed["runs"]) == ("没有采集", 0)
    assert leaf_names(told) | leaf_names(missed) <= set(load_templates().fields("coverage"))


def test_days_are_days_of_beijing() -> None:
    late = make_run(started=datetime(2026, 3, 5, 16, 30, tzinfo=UTC))
    assert [day.day.isoformat() for day in split_by_day([make_run(), late])] == ["2026-03-05", "2026-03-06"]


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("posts", post_document(make_post(flags=("spam",)), "event1")),
        ("events", event_document(make_event())),
        ("alerts", alert_document(make_alert())),
        ("series", series_document(Count(Cell(490_000, STREET.path, "990101001", "incident.gas_leak"), 3))),
        ("tickets", ticket_document(make_ticket())),
        ("coverage", coverage_document(split_by_day([make_run()])[0])),
    ],
    ids=["posts", "events", "alerts", "series", "tickets", "coverage"],
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
