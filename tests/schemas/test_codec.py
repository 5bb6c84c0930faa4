"""Records to JSON and back, and the one-line errors."""

from datetime import datetime, timedelta

import pytest

from schemas.codec import decode, encode
from schemas.errors import ReadError, Where, one_of
from schemas.records import Alert, AlertState, Facts, Label, Level, Place, Step
from schemas.times import SHANGHAI

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=SHANGHAI)
ALERT = Alert(
    id="a1",
    revision=2,
    group="g",
    rule="growth_hazard",
    event_id=None,
    level=Level.ORANGE,
    title="柳浪家园燃气泄漏",
    reason="24 小时内 6 人反映。",
    post_ids=("p1", "p2"),
    label="incident.gas_leak",
    place=Place("柳浪家园", "990101001001E01", "estate", 0.9, "云汀市/汀东区"),
    route="liulang_community",
    raised_at=NOW,
    state=AlertState.SENT,
    history=(Step(NOW + timedelta(minutes=1), "sent"),),
)


def test_alert_comes_back_as_it_was() -> None:
    line = encode(ALERT)
    assert b"\n" not in line
    back = decode(Alert, line, Where("alerts.jsonl", 1))
    assert back == ALERT
    assert (type(back.level), type(back.state), type(back.history[0])) == (Level, AlertState, Step)


def test_time_keeps_its_moment() -> None:
    assert decode(Facts, encode(Facts(time=NOW)), Where("x")).time == NOW


@pytest.mark.parametrize(
    ("data", "field"),
    [
        pytest.param(b'{"name": "x"}', "probability", id="missing field"),
        pytest.param(b'{"name": "x", "probability": "high"}', "probability", id="wrong type"),
        pytest.param(b'{"name": "x", "probability": 0.5, "words": [1]}', "words.0", id="wrong item"),
        pytest.param(b'{"name": ', "Label", id="cut"),
        pytest.param(b"[]", "Label", id="list"),
    ],
)
def test_line_that_is_no_record(data: bytes, field: str) -> None:
    with pytest.raises(ReadError) as caught:
        decode(Label, data, Where("labels.jsonl", 3))
    assert str(caught.value).startswith(f"labels.jsonl:3: {field} = ")


@pytest.mark.parametrize("value", [{"a": 1}, "text", Label])
def test_only_records_are_encoded(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)


def test_long_values_are_cut_in_errors() -> None:
    error = ReadError(Where("工单.csv", 3), "时间", "长" * 500, "时间")
    assert len(str(error)) < 150
    assert str(error).startswith("工单.csv:3: 时间 = '长长")


def test_where_without_line() -> None:
    assert str(Where("工单.csv")) == "工单.csv"
    assert one_of(["甲", "乙"]) == "甲、乙 之一"
