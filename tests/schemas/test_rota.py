"""The rota: who is on call when, through midnight, holidays and gaps; and what waits for the morning."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.errors import ReadError
from schemas.records import Level
from schemas.taxonomy.duty import DUTY, Duty, DutyGroup, load_duty
from schemas.times import SHANGHAI

ROTA: list[dict[str, Any]] = [
    {"dates": ["2026-10-01至2026-10-03", "2026-10-07"], "people": ["林岚 <linlan@hubin.example>"]},
    {
        "days": ["周五"],
        "hours": "20:00-08:00",
        "people": ["晚班 <wan@hubin.example>"],
        "deputies": ["副晚班 <fuwan@hubin.example>"],
    },
    {"days": ["周一", "周五"], "hours": "08:00-20:00", "people": ["早班 <zao@hubin.example>"]},
]


def duty_with(tmp_path: Path, **changed: object) -> Duty:
    """The shipped groups with a change to 湖滨街道."""
    tree = yaml.safe_load(DUTY.read_text(encoding="utf-8"))
    next(group for group in tree["groups"] if group["name"] == "hubin_street").update(changed)
    path = tmp_path / "duty.yml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return load_duty(path)


@pytest.fixture
def street(tmp_path: Path) -> DutyGroup:
    return duty_with(tmp_path, rota=ROTA).groups["hubin_street"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "person"),
    [
        pytest.param("2026-09-25 19:59", "zao", id="Friday by day"),
        pytest.param("2026-09-25 20:00", "wan", id="Friday night"),
        pytest.param("2026-09-26 07:59", "wan", id="Saturday morning still belongs to Friday night"),
        pytest.param("2026-09-26 08:00", "zhiban", id="Saturday: a gap"),
        pytest.param("2026-09-25 07:00", "zhiban", id="Friday before dawn is Thursday's night: a gap"),
        pytest.param("2026-10-02 23:00", "linlan", id="a Friday of the holiday"),
        pytest.param("2026-10-07 00:00", "linlan", id="a single day"),
        pytest.param("2026-10-05 12:00", "zao", id="Monday between the dates"),
    ],
)
def test_who_is_on_call(street: DutyGroup, moment: str, person: str) -> None:
    (mail,) = street.on_call(at(moment)).people
    assert f"{person}@" in mail


def test_it_says_why(street: DutyGroup) -> None:
    assert street.on_call(at("2026-09-25 21:00")).why == "值班表：周五 20:00-08:00"
    assert "没有排" in street.on_call(at("2026-09-26 12:00")).why
    assert street.on_call_deputies(at("2026-09-25 21:00")).people == ("副晚班 <fuwan@hubin.example>",)
    assert street.on_call_deputies(at("2026-09-25 12:00")).people == street.deputies


@pytest.mark.parametrize(
    ("level", "moment", "until"),
    [
        (Level.BLUE, "2026-09-25 21:59", None),
        (Level.BLUE, "2026-09-25 22:00", "2026-09-26 07:00"),
        (Level.BLUE, "2026-09-26 06:59", "2026-09-26 07:00"),
        (Level.BLUE, "2026-09-26 07:00", None),
        (Level.YELLOW, "2026-09-26 03:00", None),
        (Level.RED, "2026-09-26 03:00", None),
    ],
)
def test_what_waits_for_the_morning(tmp_path: Path, level: Level, moment: str, until: str | None) -> None:
    street = duty_with(tmp_path, night={"hours": "22:00-07:00", "levels": ["blue"]}).groups["hubin_street"]
    assert street.night is not None
    assert street.night.until(level, at(moment)) == (None if until is None else at(until))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"rota": [{"people": ["林岚"]}]}, "people = '林岚'：应为 name@host", id="no address"),
        pytest.param({"rota": [ROTA[1] | {"days": ["周八"]}]}, "days = '周八'：应为 周一、", id="weekday"),
        pytest.param({"rota": [ROTA[1] | {"hours": "8点"}]}, "hours = '8点'：应为 20:00-08:00", id="hours"),
        pytest.param(
            {"rota": [ROTA[1] | {"dates": ["2026-10-01"]}]}, "days 与 dates 只写一个", id="days and dates"
        ),
        pytest.param(
            {"rota": [ROTA[0] | {"dates": ["2026-10-08至2026-10-01"]}]}, "应为 2026-10-01 或", id="backwards"
        ),
        pytest.param({"rota": []}, "rota = []：应为 键值表的列表", id="empty"),
        pytest.param(
            {"night": {"hours": "22:00-07:00", "levels": ["orange"]}},
            "levels = 'orange'：应为 yellow、blue 之一",
            id="orange never waits",
        ),
    ],
)
def test_broken_rota(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    with pytest.raises(ReadError) as caught:
        duty_with(tmp_path, **changed)
    assert message in str(caught.value)
