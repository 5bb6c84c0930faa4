"""The shipped label families, and what a broken one says."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.errors import ReadError
from schemas.taxonomy.labels import (
    FAMILIES,
    TAXONOMY,
    all_labels,
    label_def,
    label_zh,
    load_families,
    load_family,
)
from schemas.taxonomy.patterns import match_pattern, match_patterns

Tree = dict[str, Any]
Change = Callable[[Tree], None]

COMPLAINTS = {
    "urban_rural": "城乡建设",
    "labour_security": "劳动和社会保障",
    "education_culture": "教育文体",
    "commerce_tourism": "商贸旅游",
    "environment": "环境保护",
    "health": "卫生计生",
    "transport": "交通运输",
    "other": "其他",
}
KINDS = {
    "natural": "flood storm earthquake landslide marine wildfire pest",
    "accident": (
        "fire explosion gas_leak traffic_accident work_accident collapse utility_failure pollution radiation"
    ),
    "public_health": (
        "epidemic unknown_disease food_poisoning water_contamination occupational_harm animal_epidemic"
    ),
    "social_security": "gathering violence terror financial_risk foreign_affair",
}


def test_complaint_classes_are_those_of_the_data() -> None:
    assert {name: label.zh for name, label in load_families()["complaint"].labels.items()} == COMPLAINTS


def test_incident_kinds_stand_under_the_four_classes_of_the_law() -> None:
    incident = load_families()["incident"]
    found = {
        name: " ".join(label.name for label in incident.labels.values() if label.parent == name)
        for name in incident.classes
    }
    assert found == KINDS
    assert [(one.zh, one.gbt35561_class) for one in incident.classes.values()] == [
        ("自然灾害", 1),
        ("事故灾难", 2),
        ("公共卫生", 3),
        ("社会安全", 4),
    ]
    assert incident.labels["none"].parent is None


def test_incident_codes_count_within_their_class() -> None:
    letters = {"natural": "A", "accident": "B", "public_health": "C", "social_security": "D", None: "E"}
    for label in load_families()["incident"].labels.values():
        assert re.fullmatch(rf"{letters[label.parent]}\d\d", label.code)


def test_codes_and_chinese_names_are_unique_over_all_families() -> None:
    labels = [label_def(label) for label in all_labels()]
    assert len({label.code for label in labels}) == len(labels)
    for family in load_families().values():
        assert len({label.zh for label in family.labels.values()}) == len(family.labels)


@pytest.mark.parametrize("label", all_labels())
def test_label_is_described(label: str) -> None:
    found = label_def(label)
    assert len(found.definition) >= 10
    assert len(set(found.examples)) == 2
    assert all(len(example) >= 15 for example in found.examples)
    assert found.seeds or label == "incident.none"


def test_no_example_stands_twice() -> None:
    examples = [example for label in all_labels() for example in label_def(label).examples]
    assert len(set(examples)) == len(examples)


@pytest.mark.parametrize("label", [one for one in all_labels() if one.startswith("incident.")])
def test_own_examples_lean_to_their_own_label(label: str) -> None:
    """The plainest check of the seeds: an example's own label gets the highest sum of seed weights."""
    incident = load_families()["incident"]
    for example in label_def(label).examples:
        points = {
            name: sum(seed.weight for seed in one.seeds if all(part in example for part in seed.parts))
            for name, one in incident.labels.items()
        }
        best = max(points.values())
        expected = 0 if label == "incident.none" else best
        assert points[label.partition(".")[2]] == expected, (example, points)
        assert best > 0 or label == "incident.none"


def test_against_and_not_now_never_name_a_seed_itself() -> None:
    incident = load_families()["incident"]
    for label in incident.labels.values():
        seeds = {seed.phrase for seed in label.seeds}
        assert not seeds & {*label.against, *incident.not_now}


def test_label_zh() -> None:
    assert label_zh("incident.fire") == "火灾"
    with pytest.raises(KeyError):
        label_zh("incident.fires")


@pytest.mark.parametrize(
    ("pattern", "count", "closeness"),
    [
        ("incident.fire", 1, {3}),
        ("incident.natural.*", 7, {2}),
        ("complaint.*", 8, {1}),
        ("*", len(all_labels()), {0}),
        ("incident.gas", 0, set()),
        ("incident.weather.*", 0, set()),
        ("incidents.*", 0, set()),
        ("fire", 0, set()),
    ],
)
def test_patterns(pattern: str, count: int, closeness: set[int]) -> None:
    found = match_pattern(pattern)
    assert len(found) == count
    assert set(found.values()) == closeness


def test_closest_pattern_wins() -> None:
    found = match_patterns(["incident.*", "incident.fire", "incident.accident.*"])
    assert (found["incident.fire"], found["incident.explosion"], found["incident.flood"]) == (3, 2, 1)


def _broken(tmp_path: Path, change: Change) -> Path:
    tree = yaml.safe_load((TAXONOMY / "incident.yml").read_text(encoding="utf-8"))
    change(tree)
    path = tmp_path / "incident.yml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    return path


def _set(*keys_and_value: Any) -> Change:
    *keys, last, value = keys_and_value

    def change(tree: Tree) -> None:
        for key in keys:
            tree = tree[key]
        tree[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            _set("labels", "fire", "class", "accidents"),
            "labels.fire.class = 'accidents'：应为 accident、natural、public_health、social_security 之一",
            id="class that is none",
        ),
        pytest.param(
            _set("labels", "fire", "examples", ["只有一句。"]), "文字的列表，至少 2 项", id="one example"
        ),
        pytest.param(
            _set("labels", "fire", "examples", ["甲", "乙", "丙"]), "应为 恰好两句", id="three examples"
        ),
        pytest.param(
            _set("labels", "flood", "code", "B01"),
            "labels.flood.code = 'B01'：应为 本文件中没有用过的编码",
            id="code twice",
        ),
        pytest.param(
            _set("classes", "natural", "gbt35561_class", 5),
            "classes.natural.gbt35561_class = 5：应为 1 到 4",
            id="class 5",
        ),
        pytest.param(
            _set("labels", "fire", "seeds", {4: ["着火"]}),
            "seeds.4 = ['着火']：应为 权重 1、2、3",
            id="weight 4",
        ),
        pytest.param(
            _set("labels", "fire", "seeds", {3: ["着火"], 1: ["着火"]}), "每个词只有一个权重", id="seed twice"
        ),
        pytest.param(_set("labels", "fire", "colour", "red"), "只有这些键", id="unknown key"),
        pytest.param(
            _set("family", "incidents"), "family = 'incidents'：应为 incident 之一", id="family and file"
        ),
    ],
)
def test_broken_family(tmp_path: Path, change: Change, message: str) -> None:
    with pytest.raises(ReadError) as caught:
        load_family(_broken(tmp_path, change))
    assert "incident.yml:" in str(caught.value)
    assert message in str(caught.value)


def test_every_family_file_is_a_family() -> None:
    assert set(FAMILIES) <= {path.stem for path in TAXONOMY.glob("*.yml")}
