"""The chart of the rise: counted by the hour or the day, and a PNG that any program reads."""

import zlib
from datetime import timedelta
from struct import unpack
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.render.chart import Rise, count_rise, draw_rise
from alerts.render.strokes import draw_label
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


def pixels_of(png: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The palette indices of a PNG, every chunk of it checked."""
    chunks, at = {}, 8
    while at < len(png):
        (length,) = unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert unpack(">I", png[at + 8 + length : at + 12 + length]) == (zlib.crc32(kind + body),)
        chunks[kind] = body
        at += 12 + length
    width, height = unpack(">II", chunks[b"IHDR"][:8])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert len(chunks[b"PLTE"]) > 3 * int(rows.max())
    return rows[:, 1:]


def test_the_png_is_whole_and_its_bars_are_as_high_as_their_counts() -> None:
    rise = Rise(START, timedelta(hours=1), (1, 2, 4))
    png = draw_rise(rise, "#b3261e")
    assert png == draw_rise(rise, "#b3261e")
    pixels = pixels_of(png)
    low, mid, high = ((pixels[:, (2 * bar + 1) * 600 // 6] == 1).sum() for bar in range(3))
    assert high == pytest.approx(2 * mid, abs=2)
    assert high == pytest.approx(4 * low, abs=4)


@given(st.lists(st.integers(0, 99_999), min_size=1, max_size=60).filter(any), st.booleans())
def test_any_rise_is_drawn_with_its_peak_and_its_times_in_ink(counts: list[int], by_hour: bool) -> None:
    rise = Rise(START, timedelta(hours=1) if by_hour else timedelta(days=1), tuple(counts))
    pixels = pixels_of(draw_rise(rise, "#1d4f91"))
    assert (pixels[:170] > 2).any()
    assert (pixels[172:] > 2).any()


def test_labels_are_strokes_and_an_unknown_character_is_no_box() -> None:
    one, two = draw_label("1", 24), draw_label("日", 24)
    assert 0 < one.sum() < two.sum()
    with pytest.raises(KeyError):
        draw_label("汀", 24)
