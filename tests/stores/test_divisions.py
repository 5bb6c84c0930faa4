"""District and street of a place, told by its path: of the deployment exactly, and of the whole country."""

from functools import cache

import pytest

from schemas.gazetteer import load_gazetteer
from schemas.taxonomy.places import PlaceDef, load_places
from stores.divisions import find_divisions

PLACES = load_places()
# What the statistics bureau writes between two divisions where there is none.
_UNNAMED = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}


@pytest.mark.parametrize("place", PLACES.places, ids=[place.code for place in PLACES.places])
def test_every_place_of_the_deployment_counts_in_its_district_and_street(place: PlaceDef) -> None:
    code = place.code
    above = [PLACES.at_level(code, level) for level in ("district", "street")]
    wanted = ["" if one is None else "/".join(PLACES.path(one.code).split("/")[-2:]) for one in above]
    assert list(find_divisions(PLACES.path(code), code)) == wanted


def test_the_divisions_of_the_country_are_found_but_for_a_handful() -> None:
    by_code = {entry.code: entry for entry in load_gazetteer()}

    @cache
    def names(code: str | None) -> tuple[str, ...]:
        if code is None:
            return ()
        entry = by_code[code]
        return (*names(entry.parent), *([] if entry.name in _UNNAMED else [entry.name]))

    wrong = {"district": 0, "street": 0}
    for entry in by_code.values():
        if entry.level in wrong and entry.name not in _UNNAMED:
            told = dict(zip(wrong, find_divisions("/".join(names(entry.code)), entry.code), strict=True))
            wrong[entry.level] += told[entry.level].rpartition("/")[2] != entry.name
            above = by_code[entry.parent or ""]
            if entry.level == "street" and above.name not in _UNNAMED:
                wrong["district"] += told["district"].rpartition("/")[2] != above.name
    # 西沙群岛 and the like, whose names end as no district's do.
    assert wrong == {"district": 12, "street": 0}


@pytest.mark.parametrize(
    ("path", "code", "divisions"),
    [
        pytest.param("", None, ("", ""), id="nowhere"),
        pytest.param("浙江省/杭州市", "3301", ("", ""), id="city"),
        pytest.param("浙江省/嘉兴市/海宁市", None, ("嘉兴市/海宁市", ""), id="city in a city"),
        pytest.param("北京市/朝阳区/望京街道", None, ("北京市/朝阳区", "朝阳区/望京街道"), id="municipality"),
        pytest.param("广东省/东莞市/虎门镇", None, ("广东省/东莞市", "东莞市/虎门镇"), id="no districts"),
        pytest.param("汀东区/柳浪街道", None, ("汀东区", "汀东区/柳浪街道"), id="deployment of a district"),
        pytest.param("广西壮族自治区/南宁市", None, ("", ""), id="autonomous region"),
        pytest.param("云汀市/汀东区/幸福小区", None, ("云汀市/汀东区", ""), id="estate in a district"),
        pytest.param("云汀市/东郊工业园区", "9901F09", ("", ""), id="firm by its code"),
    ],
)
def test_divisions_of_a_path(path: str, code: str | None, divisions: tuple[str, str]) -> None:
    assert find_divisions(path, code) == divisions
