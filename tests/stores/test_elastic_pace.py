"""The size of bulk requests, disk marks and months as numbers."""

from datetime import datetime

import pytest

from schemas.elasticsearch import load_templates
from schemas.times import SHANGHAI
from stores.elastic_bulk import BYTES, DOCUMENTS, LEAST, MOST, Pace
from stores.elastic_disk import least_free
from stores.elastic_retention import lifecycle_policy, month_start, oldest_kept

DISK = "cluster.routing.allocation.disk.watermark"


def test_requests_grow_while_answers_are_fast_and_halve_when_refused() -> None:
    pace = Pace()
    assert (pace.documents, pace.bytes) == (DOCUMENTS, BYTES)
    pace.answered(0.2)
    assert pace.documents == 2 * DOCUMENTS
    pace.answered(3.0)
    assert pace.documents == 2 * DOCUMENTS, "neither fast nor slow"
    pace.refused()
    pace.answered(30.0)
    assert pace.documents == DOCUMENTS // 2
    pace.answered(0.1)
    assert pace.documents == int(DOCUMENTS / 2 * 1.1), "slowly above what was refused"
    for _ in range(20):
        pace.refused()
    assert (pace.scale, pace.documents) == (LEAST, int(DOCUMENTS * LEAST))
    for _ in range(60):
        pace.answered(0.1)
    assert pace.scale == MOST


@pytest.mark.parametrize(
    ("settings", "free"),
    [
        ({DISK + ".low": "85%"}, 150),
        ({DISK + ".low": "0.85"}, 150),
        ({DISK + ".low": "85%", DISK + ".low.max_headroom": "100b"}, 100),
        ({DISK + ".low": "85%", DISK + ".low.max_headroom": "-1"}, 150),
        ({DISK + ".low": "500b"}, 500),
        ({DISK + ".low": "1.5kb"}, 1536),
    ],
    ids=["percent", "ratio", "headroom", "no headroom", "bytes", "kilobytes"],
)
def test_a_mark_is_read_as_the_server_reads_it(settings: dict[str, str], free: float) -> None:
    assert least_free(settings, "low", 1000) == pytest.approx(free)


@pytest.mark.parametrize(
    ("months", "oldest"), [(0, ""), (1, "2025.12"), (12, "2025.01"), (24, "2024.01"), (13, "2024.12")]
)
def test_whole_months_are_kept(months: int, oldest: str) -> None:
    assert oldest_kept(datetime(2026, 1, 31, 23, tzinfo=SHANGHAI), months) == oldest


def test_the_policy_deletes_no_sooner_than_we_would() -> None:
    ends = month_start("2024.10", months_on=1)
    days = int(lifecycle_policy(24)["phases"]["delete"]["min_age"].removesuffix("d"))
    assert days >= (month_start("2026.11") - ends).days


@pytest.mark.parametrize(
    ("plugins", "chosen", "analyzer"),
    [
        ((), "", None),
        (("analysis-icu",), "", None),
        (("analysis-smartcn",), "smartcn", "smartcn"),
        (("analysis-ik", "analysis-smartcn"), "ik", "ik_smart"),
    ],
)
def test_the_plugin_of_the_server_decides_the_analysis(
    plugins: tuple[str, ...], chosen: str, analyzer: str | None
) -> None:
    templates, name = load_templates().with_plugins(plugins)
    assert name == chosen
    for field in ("title", "text"):
        mapping = templates.mappings("posts")["properties"][field]
        assert mapping["analyzer"] == "standard"
        assert mapping.get("fields", {}).get("zh", {}).get("analyzer") == analyzer
