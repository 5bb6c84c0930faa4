"""The chart of the rise: counted by the hour or the day, and a PNG that any program reads."""

import zlib
from datetime import timedelta
from struct import unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.render.chart import count_rise, draw_bars
from tests.nlp.classified import START


def test_two_days_are_counted_by_the_hour_and_more_by_the_day() -> None:
    at = START + timedelta(hours=3)
    hours = count_rise([START, START + timedelta(minutes=70), at], at)
    assert hours is not None
    assert (hours.counts, hours.unit_zh) == ((1, 1, 0, 1), "小时")
    days = count_rise(
        [START, START + timedelta(days=3), START + timedelta(days=3)], START + timedelta(days=3)
    )
    assert days is not None
    assert (days.counts, days.unit_zh, days.lines()) == ((1, 0, 0, 2), "天", "4月1日 1 条，4月4日 2 条")


def test_an_all_clear_days_later_still_shows_the_rise() -> None:
    rise = count_rise([START, START + timedelta(hours=2)], START + timedelta(days=9))
    assert rise is not None
    assert rise.counts == (1, 0, 1)


@pytest.mark.parametrize("count", [0, 1])
def test_one_post_is_no_rise(count: int) -> None:
    assert count_rise([START] * count, START) is None


@given(st.lists(st.integers(0, 24 * 200), min_size=2, max_size=60))
def test_no_post_is_lost_within_the_span_shown(hours: list[int]) -> None:
    times = [START + timedelta(hours=hour) for hour in hours]
    rise = count_rise(times, max(times))
    assert rise is not None
    assert sum(rise.counts) == sum(at >= rise.start for at in times)


def test_the_png_is_whole_and_its_bars_are_as_high_as_their_counts() -> None:
    png = draw_bars((1, 2, 4), "#b3261e")
    assert png == draw_bars((1, 2, 4), "#b3261e")
    chunks, at = {}, 8
    while at < len(png):
        (length,) = unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert unpack(">I", png[at + 8 + length : at + 12 + length]) == (zlib.crc32(kind + body),)
        chunks[kind] = body
        at += 12 + length
    width, height = unpack(">II", chunks[b"IHDR"][:8])
    pixels = zlib.decompress(chunks[b"IDAT"])
    rows = [pixels[n * (width + 1) + 1 : (n + 1) * (width + 1)] for n in range(height)]
    low, mid, high = (sum(row[(2 * bar + 1) * width // 6] == 1 for row in rows) for bar in range(3))
    assert high == pytest.approx(2 * mid, abs=2)
    assert high == pytest.approx(4 * low, abs=4)
