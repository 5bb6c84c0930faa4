"""The demo deployment, and what a broken one says."""

from pathlib import Path

import pytest

from schemas.errors import ReadError
from schemas.gazetteer import load_gazetteer
from schemas.records import PLACE_LEVELS
from schemas.taxonomy.places import Deployment, load_places

ESTATE = "990101001001E01"


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return load_places()


def test_city_is_fictional(deployment: Deployment) -> None:
    real = {entry.code[:2] for entry in load_gazetteer()}
    assert {place.code[:2] for place in deployment.places} == {"99"}
    assert "99" not in real
    names = {entry.name for entry in load_gazetteer() if entry.level in {"city", "district"}}
    assert not names & {place.name for place in deployment.of_level("city") + deployment.of_level("district")}


def test_three_districts_with_streets_communities_estates_roads_firms(deployment: Deployment) -> None:
    counts = {level: len(deployment.of_level(level)) for level in PLACE_LEVELS}
    assert counts["city"] == 1
    assert counts["district"] == 3
    for district in deployment.of_level("district"):
        streets = [one for one in deployment.of_level("street") if one.parent == district.code]
        assert 3 <= len(streets) <= 4
        for street in streets:
            communities = [one for one in deployment.of_level("community") if one.parent == street.code]
            assert 3 <= len(communities) <= 4
    assert min(counts["estate"], counts["road"], counts["firm"]) >= 30


def test_path_and_ancestors(deployment: Deployment) -> None:
    assert deployment.path(ESTATE) == "云汀市/汀东区/柳浪街道/柳浪社区/柳浪家园"
    assert [one.level for one in deployment.ancestors(ESTATE)] == ["community", "street", "district", "city"]
    assert deployment.path("9901") == "云汀市"
    assert deployment.ancestors("9901") == ()
    with pytest.raises(KeyError):
        deployment.path("110101")


def test_at_level(deployment: Deployment) -> None:
    assert deployment.at_level(ESTATE, "street").name == "柳浪街道"
    assert deployment.at_level(ESTATE, "estate").name == "柳浪家园"
    assert deployment.at_level("990101", "street") is None


def test_names_and_aliases_are_words(deployment: Deployment) -> None:
    assert {"柳浪家园", "柳浪小区", "云汀二院", "市二院"} <= set(deployment.words)
    assert len(set(deployment.words)) == len(deployment.words)
    assert [one.code for one in deployment.by_name["柳浪小区"]] == [ESTATE]


def test_a_name_may_stand_in_two_districts(deployment: Deployment) -> None:
    districts = {deployment.at_level(one.code, "district").name for one in deployment.by_name["建设路"]}
    assert districts == {"汀东区", "汀西区"}


def test_geometry_is_coherent(deployment: Deployment) -> None:
    """Nothing lies farther from its parent than a district from its city; no two places share a point."""
    for place in deployment.places[1:]:
        above = deployment.by_code[place.parent]
        reach = {"city": 0.09, "district": 0.04, "street": 0.02, "community": 0.008}[above.level]
        assert abs(place.lng - above.lng) <= reach
        assert abs(place.lat - above.lat) <= reach
    assert len({(one.lng, one.lat) for one in deployment.places}) == len(deployment.places)


CITY = '  - {code: "99", name: 某市, level: city, lng: 110, lat: 30}\n'


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param("", "places = None：应为 键值表的列表，至少 1 项", id="no place"),
        pytest.param(
            CITY + CITY.replace("某市", "另市"), "places[2].code = '99'：应为 没有用过的编码", id="code twice"
        ),
        pytest.param(
            CITY + '  - {code: "991", name: 甲, level: village, parent: "99", lng: 110, lat: 30}\n',
            "level = 'village'：应为 province、city",
            id="level",
        ),
        pytest.param(
            CITY + '  - {code: "991", name: 甲, level: district, parent: "98", lng: 110, lat: 30}\n',
            "parent = '98'：应为 写在前面的、比 district 高一级以上的地点的编码",
            id="parent that is none",
        ),
        pytest.param(
            CITY + '  - {code: "991", name: 甲, level: city, parent: "99", lng: 110, lat: 30}\n',
            "比 city 高一级以上",
            id="parent of the same level",
        ),
        pytest.param(
            CITY + '  - {code: "991", name: 甲, level: district, lng: 110, lat: 30}\n',
            "parent = None：应为 非空文字",
            id="second without parent",
        ),
        pytest.param(
            CITY.replace("lng: 110", "lng: 210"), "lng = 210：应为 -180 到 180 的数", id="longitude"
        ),
        pytest.param(CITY.replace('"99"', "99"), "code = 99：应为 非空文字", id="code unquoted"),
        pytest.param(
            CITY + '  - {code: "991", name: 甲厂, level: firm, parent: "99", lng: 110, lat: 30}\n',
            "kind = None：应为 school、",
            id="firm without kind",
        ),
        pytest.param(
            CITY.replace("lng", "aliases: [某市], lng"),
            "aliases = '某市'：应为 与正名不同的别名",
            id="alias is name",
        ),
        pytest.param(
            CITY.replace("lng", "lnt: 1, lng"), "places[1].lnt = 1：应为 只有这些键", id="unknown key"
        ),
    ],
)
def test_broken_deployment(tmp_path: Path, rows: str, message: str) -> None:
    path = tmp_path / "places.yml"
    path.write_text(f"deployment: 某市\nplaces:\n{rows}", encoding="utf-8")
    with pytest.raises(ReadError) as caught:
        load_places(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
