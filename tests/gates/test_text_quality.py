"""Quality gates of the text core: scores on the shared data do not fall below their pinned floors."""

import orjson
import pytest

from nlp.linear import MODELS
from tests.gates.text_quality import FILES, data_paths, hash_data, is_worse, measure, read_pins

pytestmark = [pytest.mark.data, pytest.mark.slow]


def _skip_without_data(gate: str) -> None:
    missing = [path.name for path in data_paths(gate) if not path.is_file()]
    if missing:
        pytest.skip(
            f"缺少 ../shared/data 的 {'、'.join(missing)}，质量门未测 (data beside the checkout is missing)"
        )


@pytest.mark.parametrize("gate", FILES)
def test_scores_hold_their_floors(gate: str) -> None:
    _skip_without_data(gate)
    pinned = read_pins()[gate]
    assert hash_data(gate) == pinned["data"], "other data than the floors were pinned on"
    found = measure(gate)
    fallen = {
        name: (found[name], floor)
        for name, floor in pinned["floors"].items()
        if is_worse(name, found[name], floor)
    }
    assert not fallen, f"figure and floor: {fallen}"


@pytest.mark.parametrize("task", ["complaint", "rumour", "spread", "emotion"])
def test_the_shipped_card_tells_the_pinned_scores(task: str) -> None:
    card = orjson.loads((MODELS / f"{task}.card.json").read_bytes())
    for name, floor in read_pins()[task]["floors"].items():
        assert card["scores"]["measures"][name]["value"] == pytest.approx(floor, abs=0.0005)
