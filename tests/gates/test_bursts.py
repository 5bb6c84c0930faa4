"""Floors for events and warnings on the labelled bursts; they may rise and not fall."""

import pytest

from benchmarks.warning import FIRST, MORE, measure_bursts
from tests.gates.bursts import NAMED, STREAM

pytestmark = [
    pytest.mark.data,
    pytest.mark.slow,
    pytest.mark.skipif(not STREAM.exists(), reason=f"shared data absent: {STREAM}"),
]


def test_bursts_become_events_and_are_warned_of_soon() -> None:
    outcome = measure_bursts(STREAM, (FIRST, MORE))
    assert outcome.mean_f1("tune") >= 0.93
    assert outcome.mean_f1("report") >= 0.87
    named = {burst.name: burst.yellow for burst in outcome.bursts if burst.name in NAMED}
    assert {name for name, messages in named.items() if messages is None or messages > 6} == set()
    assert len(outcome.others) <= outcome.weeks
