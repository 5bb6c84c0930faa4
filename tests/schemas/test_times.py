"""Times as sources write them."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import ReadError, Where
from schemas.times import SHANGHAI, parse_time

# A busy machine is no failure of the code.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
HERE = Where("帖文.jsonl", 1)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2019-02-28 11:25:05", "2019-02-28T11:25:05+08:00"),
        ("2019-02-28T11:25:05.000", "2019-02-28T11:25:05+08:00"),
        ("2021-07-22 01:58:33+0800", "2021-07-22T01:58:33+08:00"),
        ("2021-07-22T01:58:33Z", "2021-07-22T01:58:33+00:00"),
        ("2021-07-22T01:58:33-05:30", "2021-07-22T01:58:33-05:30"),
        ("2007-7-26", "2007-07-26T00:00:00+08:00"),
        ("2007/7/26 8:05", "2007-07-26T08:05:00+08:00"),
        ("2007.07.26 18:05", "2007-07-26T18:05:00+08:00"),
        ("2008年4月5日 09:12", "2008-04-05T09:12:00+08:00"),
        ("2019-02-28 11:25:05.123456789", "2019-02-28T11:25:05.123456+08:00"),
        (" 2019-02-28 ", "2019-02-28T00:00:00+08:00"),
    ],
)
def test_readable(text: str, iso: str) -> None:
    assert parse_time(text, HERE, "time").isoformat() == iso


@pytest.mark.parametrize(
    "text",
    [
        "", "昨天", "2019-02-30", "2019-13-01", "2019-02-28 24:00", "2019-02-28 11:60", "19-02-28", "2019-02",
        "1548893105", "2019-02-28 11:25:05 PM",
        "0001-01-01", "9999-12-31", "２０１９-02-28", "2019-02-28 11:25+99:99",
        "2019-02-28\n11:25\n", "二〇一九年二月一日",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(ReadError, match="time = ") as caught:
        parse_time(text, HERE, "time")
    assert caught.value.value == text


ZONES = (SHANGHAI, UTC, timezone(timedelta(hours=-9, minutes=-30)))
EPOCHS = st.integers(700_000_000, 4_000_000_000)


@UNHURRIED
@given(EPOCHS, st.sampled_from(ZONES))
def test_iso_times_come_back(seconds: int, zone: tzinfo) -> None:
    moment = datetime.fromtimestamp(seconds, zone)
    assert parse_time(moment.isoformat(), HERE, "time") == moment
