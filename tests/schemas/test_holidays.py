"""The official calendar against days that the notices name."""

from datetime import date

import pytest

from schemas.holidays import DayKind, day_kind, holiday_name, is_free, is_published


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        pytest.param(date(2026, 2, 17), DayKind.HOLIDAY, "春节", id="new year's day of the lunar calendar"),
        pytest.param(date(2026, 2, 14), DayKind.WORK, None, id="a Saturday worked for the Spring Festival"),
        pytest.param(date(2026, 10, 1), DayKind.HOLIDAY, "国庆节", id="National Day"),
        pytest.param(date(2025, 5, 1), DayKind.HOLIDAY, "劳动节", id="Labour Day"),
        pytest.param(date(2026, 11, 21), DayKind.WEEKEND, None, id="a plain Saturday"),
        pytest.param(date(2026, 11, 23), DayKind.WORK, None, id="a plain Monday"),
        pytest.param(date(2020, 2, 2), DayKind.HOLIDAY, "春节", id="the Spring Festival prolonged in 2020"),
    ],
)
def test_the_notices_are_followed(day: date, kind: DayKind, name: str | None) -> None:
    assert day_kind(day) is kind
    assert holiday_name(day) == name
    assert is_free(day) is (kind is not DayKind.WORK)


@pytest.mark.parametrize("year", range(2019, 2027))
def test_every_published_year_has_its_seven_holidays(year: int) -> None:
    assert is_published(year)
    assert {
        holiday_name(date(year, 1, 1)),
        holiday_name(date(year, 5, 1)),
        holiday_name(date(year, 10, 1)),
    } >= {
        "元旦",
        "劳动节",
    }


def test_a_year_without_a_notice_has_only_its_weekends() -> None:
    assert not is_published(2040)
    assert day_kind(date(2040, 10, 1)) is DayKind.WORK
    assert day_kind(date(2040, 10, 6)) is DayKind.WEEKEND
