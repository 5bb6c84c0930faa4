"""Places: the deployment's own, the gazetteer with its ambiguities, patterns and their boundaries."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.places import PlaceFinder
from nlp.places_gazetteer import shorten_name
from nlp.places_names import THRESHOLD
from schemas.gazetteer import load_gazetteer
from schemas.records import PLACE_LEVELS
from schemas.taxonomy.places import Deployment, PlaceDef, load_places

FINDER = PlaceFinder(load_places(), load_gazetteer())


def names(text: str, district: str | None = None) -> dict[str, str]:
    """Name and level of the places found."""
    return {place.name: place.level for place in FINDER.find(text, district)}


FOUND = {
    "省市区": ("湖南省长沙市岳麓区", {"岳麓区": "district", "长沙市": "city", "湖南省": "province"}),
    "直辖市": (
        "上海市浦东新区川沙新镇",
        {"川沙新镇": "street", "浦东新区": "district", "上海市": "province"},
    ),
    "短名": ("郑州暴雨", {"郑州市": "city"}),
    "短名在上级里": ("湖南长沙岳麓发大水", {"岳麓区": "district", "长沙市": "city", "湖南省": "province"}),
    "民族自治州": ("恩施州巴东县", {"恩施土家族苗族自治州": "city", "巴东县": "district"}),
    "部署地点": ("云汀市柳浪家园停电", {"柳浪家园": "estate", "云汀市": "city"}),
    "部署别名": ("云汀市新桥水厂水浑", {"云汀供水新桥水厂": "firm", "云汀市": "city"}),
    "小区": ("投诉金桂花园小区物业", {"金桂花园小区": "estate"}),
    "之城": ("住在星河之城的业主", {"星河之城": "estate"}),
    "新城": ("丽景新城旁边的工地", {"丽景新城": "estate"}),
    "社区": ("请松竹社区处理", {"松竹社区": "community"}),
    "道路": ("位于枫林三路的工地", {"枫林三路": "road"}),
    "国道": ("在104国道翻车", {"104国道": "road"}),
    "公司": ("举报宏图建材有限公司", {"宏图建材有限公司": "firm"}),
    "学校": ("我在新世纪小学门口", {"新世纪小学": "firm"}),
    "路与小学": ("五一路小学放学堵车", {"五一路小学": "firm"}),
    "路后的小区": ("五一路金地花园停水", {"五一路": "road", "金地花园": "estate"}),
    "匿名区": ("A市A3区和B9市", {"A3区": "district", "A市": "city", "B9市": "district"}),
    "城市与路": ("武汉汉兴街起火", {"武汉市": "city", "汉兴街": "road"}),
    "词前的动词": ("反映翠湖小区停水，驶往东风路", {"翠湖小区": "estate", "东风路": "road"}),
    "词前的介词": ("沿滨江大道走，对云山小区影响大", {"滨江大道": "road", "云山小区": "estate"}),
    "名字里的动词": ("振兴小区和解放路都停电", {"振兴小区": "estate", "解放路": "road"}),
    "不认识的词不是动词": ("请处理星邮小区的垃圾", {"星邮小区": "estate"}),
    "路口": ("在枫林路口撞车", {"枫林路": "road"}),
    "台湾": ("台湾发生地震，香港有震感", {"台湾省": "province", "香港特别行政区": "province"}),
    "香港路": ("香港路堵车", {"香港路": "road"}),
    "城区": ("唐山城区暴雨", {"唐山市": "city"}),
    "第一中学": ("长沙市第一中学失火", {"长沙市": "city"}),
    "机关说话": ("记者从湖南省公安厅获悉，长沙市起火", {"长沙市": "city"}),
    "机关连着说话": ("湖南省长沙市消防支队赶到，浏阳市一工厂爆炸", {"浏阳市": "district"}),
    "机关更细": ("湖南发生车祸，记者从浏阳市宣传部门了解到", {"湖南省": "province", "浏阳市": "district"}),
    "只有机关": ("长沙市公安局不理我", {"长沙市": "city"}),
    "机关门口": ("示范路堵车，长沙市政府门口有人聚集", {"示范路": "road", "长沙市": "city"}),
    "某地人": ("驾驶员，四川人，在长沙市翻车", {"长沙市": "city"}),
    "来自": ("来自四川的游客在长沙市受伤", {"长沙市": "city"}),
    "并列": ("桂苑小区和梅苑小区都停水", {"桂苑小区": "estate", "梅苑小区": "estate"}),
}

NONE = {
    "泛称小区": "我们小区和老旧小区都停水",
    "该公司": "该公司拖欠工资，物业公司不管",
    "道路": "道路和马路都坏了，铁路也停了",
    "单独的鼓楼区": "鼓楼区起火",
    "南京路不是南京": "时间和平安很重要",
    "政府": "请政府和法院处理",
    "几所医院": "送到五所医院抢救",
    "字母场": "A市场太吵",
    "词的一部分": "已造成部分乡镇停电，引起极大关注",
    "路边": "轿车连撞路边四车，货车冲下路基",
    "短路": "可能与用电短路有关",
    "连词": "尽管小区外面有人",
    "一家工厂": "石头镇外一工厂和一所学校",
    "空": "",
}


@pytest.mark.parametrize(("text", "places"), FOUND.values(), ids=FOUND)
def test_found(text: str, places: dict[str, str]) -> None:
    assert names(text) == places


@pytest.mark.parametrize("text", NONE.values(), ids=NONE)
def test_none_found(text: str) -> None:
    assert names(text) == {}


def test_the_city_beside_it_tells_which_district() -> None:
    place = next(one for one in FINDER.find("南京市鼓楼区起火") if one.name == "鼓楼区")
    assert (place.code, place.path) == ("320106", "江苏省/南京市/鼓楼区")


@pytest.mark.parametrize("district", ["350102", "350100", "福州市"])
def test_the_source_tells_which_district(district: str) -> None:
    place = FINDER.find("鼓楼区起火", district)[0]
    assert place.path == "福建省/福州市/鼓楼区"


def test_a_road_named_after_a_city_is_a_road() -> None:
    assert names("南京路堵车") == {"南京路": "road"}


def test_dateline_is_no_place() -> None:
    assert names("示例社北京5月12日电 长沙市起火") == {"长沙市": "city"}


def test_deployment_place_has_path_code_and_point() -> None:
    place = FINDER.find("柳浪家园停电")[0]
    assert place.path == "云汀市/汀东区/柳浪街道/柳浪社区/柳浪家园"
    assert place.code == "990101001001E01"
    assert place.lng is not None
    assert place.lat is not None


def test_a_name_in_two_districts_needs_one_of_them() -> None:
    def place(code: str, name: str, level: str, parent: str | None) -> PlaceDef:
        return PlaceDef(code, name, level, parent, (), 117.0, 27.0)

    deployment = Deployment(
        "示例",
        (
            place("99", "示例市", "city", None),
            place("9901", "东示区", "district", "99"),
            place("9902", "西示区", "district", "99"),
            place("9901R", "建设路", "road", "9901"),
            place("9902R", "建设路", "road", "9902"),
        ),
    )
    finder = PlaceFinder(deployment, ())
    assert [one.code for one in finder.find("西示区建设路塌陷") if one.level == "road"] == ["9902R"]
    assert finder.find("建设路塌陷") == ()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("浚县新镇有村民被困", "河南省/鹤壁市/浚县/新镇镇"),
        ("奈曼旗新镇停电", "内蒙古自治区/通辽市/奈曼旗/新镇"),
        ("昌平区城南的路灯不亮", "北京市/昌平区/城南街道"),
    ],
)
def test_a_street_is_known_without_its_suffix_where_that_is_another_places_name(text: str, path: str) -> None:
    assert FINDER.find(text)[0].path == path


def test_a_pattern_place_lies_in_the_division_before_it() -> None:
    place = next(one for one in FINDER.find("A市A3区联丰路堵车") if one.level == "road")
    assert place.path == "A市/A3区/联丰路"


def test_surest_first_then_finest() -> None:
    found = FINDER.find("湖南省长沙市岳麓区金桂花园小区停水")
    order = [(-one.score, -PLACE_LEVELS.index(one.level)) for one in found]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("岳麓区", ("岳麓",)),
        ("恩施土家族苗族自治州", ("恩施", "恩施州")),
        ("赵县", ()),
        ("新疆维吾尔自治区", ("新疆",)),
    ],
)
def test_short_name(name: str, short: tuple[str, ...]) -> None:
    assert shorten_name(name) == short


_PIECES = st.sampled_from(
    [
        "湖南省",
        "长沙",
        "岳麓区",
        "鼓楼区",
        "柳浪",
        "花园",
        "小区",
        "路",
        "12号",
        "，",
        "在",
        "的",
        "和",
        "公司",
        "A3区",
        "1月2日电",
    ]
)


@given(st.lists(_PIECES, max_size=14).map("".join))
@settings(max_examples=300, deadline=None)
def test_offsets_scores_and_levels(text: str) -> None:
    for place in FINDER.find(text):
        assert THRESHOLD <= place.score <= 1
        assert place.level in PLACE_LEVELS
        assert place.start is not None
        assert place.end is not None
        assert 0 <= place.start < place.end <= len(text)
        assert place.path.split("/")[-1] == place.name
