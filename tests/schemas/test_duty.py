"""Who answers: the shipped duty groups over every place and label, and what a broken file says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.errors import ReadError
from schemas.records import Level, Place
from schemas.rules.loader import load_rules
from schemas.taxonomy.duty import DUTY, Duty, load_duty
from schemas.taxonomy.labels import all_labels

Tree = dict[str, Any]
Change = Callable[[Tree], None]


@pytest.fixture(scope="module")
def duty() -> Duty:
    return load_duty()


def _at(code: str | None) -> Place:
    return Place("某地", code, "community", 1.0)


def test_every_place_and_label_has_a_group_at_the_place_or_above(duty: Duty) -> None:
    for place in duty.deployment.places:
        line = {place.code, *(above.code for above in duty.deployment.ancestors(place.code))}
        for label in all_labels():
            group = duty.route(_at(place.code), label)
            assert group.place in line
            assert label in group.labels


def test_every_street_has_one_group_of_its_own(duty: Duty) -> None:
    streets = {place.code for place in duty.deployment.of_level("street")}
    assert sorted(group.place for group in duty.groups.values() if group.level == "street") == sorted(streets)


def test_every_group_is_routed_to(duty: Duty) -> None:
    """A group that no place and label leads to, that no rule names and that nobody escalates to, would be
    dead paper."""
    routed = {
        duty.route(_at(place.code), label).name for place in duty.deployment.places for label in all_labels()
    }
    parents = {group.parent for group in duty.groups.values()}
    assert set(duty.groups) <= routed | parents | {rule.owner for rule in load_rules()}


@pytest.mark.parametrize(
    ("code", "label", "group"),
    [
        pytest.param("990101001001E01", "incident.gas_leak", "liulang_community", id="community has its own"),
        pytest.param("990101001002", "incident.gas_leak", "liulang_street", id="community without hands up"),
        pytest.param(
            "990101001001", "incident.epidemic", "tingdong_health", id="specialised in the district"
        ),
        pytest.param("990101", "incident.fire", "tingdong_emergency", id="class of the district"),
        pytest.param("990102", "incident.food_poisoning", "tingxi_market", id="label beats family"),
        pytest.param("990102003", "complaint.labour_security", "tingxi_labour", id="labour"),
        pytest.param("990103003F01", "incident.pollution", "qingshi_town", id="firm to its town"),
        pytest.param("990103", "incident.pollution", "yunhu_environment", id="environment"),
        pytest.param("990101001001", "rumour.rumour", "city_internet", id="rumour to the city"),
        pytest.param("9901", "incident.fire", "city_emergency", id="city"),
        pytest.param("110101", "incident.fire", "city_emergency", id="place of another city: the default"),
        pytest.param(None, "incident.fire", "city_emergency", id="place without code: the default"),
    ],
)
def test_route(duty: Duty, code: str | None, label: str, group: str) -> None:
    assert duty.route(_at(code), label).name == group


def test_no_place_goes_to_the_default_named_in_the_file(duty: Duty) -> None:
    assert duty.route(None, "complaint.transport") is duty.default


def test_unknown_label_is_no_route(duty: Duty) -> None:
    with pytest.raises(KeyError):
        duty.route(None, "incident.fires")


def test_escalation_goes_up_and_ends(duty: Duty) -> None:
    order = ("city", "district", "street", "community")
    for group in duty.groups.values():
        line = [group]
        while (above := duty.parent(line[-1])) is not None:
            assert order.index(above.level) <= order.index(line[-1].level)
            line.append(above)
        assert line[-1] is duty.default


def test_escalation_from_community_to_city(duty: Duty) -> None:
    names = []
    group = duty.groups["liulang_community"]
    while group is not None:
        names.append(group.name)
        group = duty.parent(group)
    assert names == ["liulang_community", "liulang_street", "tingdong_emergency", "city_emergency"]


def test_higher_levels_wait_no_longer(duty: Duty) -> None:
    for group in duty.groups.values():
        waits = [group.acknowledge_minutes[level] for level in sorted(Level)]
        assert waits == sorted(waits)


def test_mail_addresses_are_reserved_ones(duty: Duty) -> None:
    for group in duty.groups.values():
        assert all(mail.endswith(".example") for mail in (*group.mails, *group.deputies))


def test_mail_addresses_and_names_are_unique(duty: Duty) -> None:
    mails = [mail for group in duty.groups.values() for mail in (*group.mails, *group.deputies)]
    assert len(set(mails)) == len(mails)
    assert len({group.zh for group in duty.groups.values()}) == len(duty.groups)


def _change(name: str, key: str, value: object) -> Change:
    def change(tree: Tree) -> None:
        group = next(group for group in tree["groups"] if group["name"] == name)
        group[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            lambda tree: tree.update(default="nobody"),
            "default = 'nobody'：应为 city_emergency、",
            id="default",
        ),
        pytest.param(
            lambda tree: tree.update(deployment="别处"),
            "deployment = '别处'：应为 云汀市示例 之一",
            id="deployment",
        ),
        pytest.param(
            _change("city_finance", "place", "1101"), "place = '1101'：应为 云汀市示例 的地点编码", id="place"
        ),
        pytest.param(
            _change("city_finance", "labels", ["incident.finance"]),
            "labels = 'incident.finance'：应为 *、",
            id="label",
        ),
        pytest.param(
            _change("city_finance", "mails", ["值班室"]),
            "mails = '值班室'：应为 name@host.example",
            id="mail",
        ),
        pytest.param(
            _change("city_finance", "mails", []), "mails = []：应为 文字的列表，至少 1 项", id="no mail"
        ),
        pytest.param(
            _change("city_finance", "parent", "city_money"),
            "parent = 'city_money'：应为 city_emergency",
            id="parent",
        ),
        pytest.param(
            _change("city_finance", "acknowledge_minutes", {"red": 5, "orange": 5, "yellow": 5}),
            "acknowledge_minutes.blue = None：应为 不小于 1 的整数",
            id="minutes of blue",
        ),
        pytest.param(
            _change("city_finance", "name", "city_internet"),
            "name = 'city_internet'：应为 没有用过的组名",
            id="name",
        ),
        pytest.param(
            _change("tingdong_market", "labels", ["complaint.health"]),
            "labels = 'complaint.health'：应为 本地点 tingdong_market 没有同样写明的标签",
            id="two for one label",
        ),
        pytest.param(_change("city_finance", "mail", "x"), ".mail = 'x'：应为 只有这些键", id="unknown key"),
    ],
)
def test_broken_duty(tmp_path: Path, change: Change, message: str) -> None:
    tree = yaml.safe_load(DUTY.read_text(encoding="utf-8"))
    change(tree)
    path = tmp_path / "duty.yml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(ReadError) as caught:
        load_duty(path)
    assert "duty.yml" in str(caught.value)
    assert message in str(caught.value)
