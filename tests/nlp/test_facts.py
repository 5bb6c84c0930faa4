"""Facts: casualties in Chinese and Arabic numerals, zero and unknown, money, times seen from the post."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.batches import TextBatch
from nlp.clean import clean_with_offsets
from nlp.facts import find_facts, find_facts_batch
from nlp.numerals import read_number
from schemas.codec import decode, encode
from schemas.errors import Where
from schemas.records import Facts
from tests.nlp.facts_cases import COUNTS, SUMS
from tests.nlp.facts_cases import TIMES as WHEN

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 7, 22, 9, 30, tzinfo=ZONE)

CASUALTIES = {
    "阿拉伯数字": ("事故造成6人死亡，3人重伤，14人轻微伤", {"deaths": 6, "injured": 17}),
    "简写": ("两车相撞1死3伤", {"deaths": 1, "injured": 3}),
    "汉字简写": ("造成二死二伤", {"deaths": 2, "injured": 2}),
    "动词在前": ("死亡一人，受伤5人，失踪2人", {"deaths": 1, "injured": 5, "missing": 2}),
    "人数": ("死亡人数已达12人", {"deaths": 12}),
    "约数": ("致20余人受伤，另有50多人被困", {"injured": 20, "trapped": 50}),
    "当场": ("十人当场死亡，二人受重伤", {"deaths": 10, "injured": 2}),
    "男女相加": ("车上三男两女全部死亡", {"deaths": 5}),
    "其中": ("34人受伤，其中重伤8人", {"injured": 34}),
    "没有伤亡": ("大火被扑灭，所幸未造成人员伤亡", {"deaths": 0, "injured": 0}),
    "无人员伤亡": ("厂房起火，无人员伤亡", {"deaths": 0, "injured": 0}),
    "伤亡不明": ("发生爆炸，人员伤亡情况不明", {}),
    "死亡人数不明": ("楼房垮塌，死亡人数不明", {}),
    "尚未接到报告": ("目前尚未接到人员伤亡报告", {}),
    "往年的数不算": ("发生地震，暂无人员伤亡。2010年的地震造成500人死亡", {"deaths": 0, "injured": 0}),
    "数字上升": ("爆炸造成3人死亡。截至今早，死亡人数升至7人", {"deaths": 7}),
    "一人": ("货车侧翻，司机受伤送医", {"injured": 1}),
    "一名": ("一环卫工人被撞身亡", {"deaths": 1}),
    "被困": ("电梯故障3人被困", {"trapped": 3}),
    "无人被困": ("明火已灭，现场无人员被困", {"trapped": 0}),
    "受灾": ("全镇1.2万人受灾", {"affected": 12000}),
    "中毒": ("食堂32名学生疑似食物中毒", {"affected": 32}),
    "数十不是数": ("数十人受伤", {}),
    "死伤合计不算": ("63人死伤", {}),
    "平常投诉": ("小区停水3天，2栋没人管", {}),
    "死角不是死亡": ("3个监控死角没人管", {}),
}


@pytest.mark.parametrize(("text", "counts"), CASUALTIES.values(), ids=CASUALTIES)
def test_casualties(text: str, counts: dict[str, int]) -> None:
    assert_counts(text, counts)


@pytest.mark.parametrize(("text", "counts"), COUNTS.items(), ids=COUNTS)
def test_how_people_write_casualties(text: str, counts: dict[str, int]) -> None:
    assert_counts(text, counts)


def assert_counts(text: str, counts: dict[str, int]) -> None:
    facts = find_facts(text, AT)
    names = ("deaths", "injured", "missing", "trapped", "affected")
    assert {name: getattr(facts, name) for name in names if getattr(facts, name) is not None} == counts


TIMES = {
    "昨晚八点": ("昨晚8点厂房起火", "2026-07-21 20:00"),
    "今早": ("今早停水", "2026-07-22 08:00"),
    "今天下午三点半": ("今天下午3点半停电", "2026-07-22 15:30"),
    "昨天凌晨": ("昨天凌晨1时10分左右发生车祸", "2026-07-21 01:10"),
    "前天": ("前天下午2点多", "2026-07-20 14:00"),
    "月日": ("7月21日发生爆炸", "2026-07-21 00:00"),
    "月日时分": ("7月20日22时05分接报", "2026-07-20 22:05"),
    "年月日": ("2025年12月3日上午", "2025-12-03 10:00"),
    "横线日期": ("2026-07-19 08:15 停水", "2026-07-19 08:15"),
    "去年的月份": ("12月25日晚上摔倒", "2025-12-25 20:00"),
    "只有日": ("12日早7时许发生", "2026-07-12 07:00"),
    "中文日期": ("七月二十一日晚七时许", "2026-07-21 19:00"),
    "小时前": ("3小时前还在冒烟", "2026-07-22 06:30"),
    "刚刚": ("刚刚听到爆炸声", "2026-07-22 09:30"),
    "电头不算": ("示例网7月22日电，7月20日发生", "2026-07-20 00:00"),
    "正午": ("昨天中午12点", "2026-07-21 12:00"),
}


@pytest.mark.parametrize(("text", "when"), TIMES.values(), ids=TIMES)
def test_time(text: str, when: str) -> None:
    assert find_facts(text, AT).time == datetime.fromisoformat(when).replace(tzinfo=ZONE)


@pytest.mark.parametrize(("text", "when"), WHEN.items(), ids=WHEN)
def test_how_people_write_times(text: str, when: str | None) -> None:
    expected = None if when is None else datetime.fromisoformat(when).replace(tzinfo=ZONE)
    assert find_facts(text, AT).time == expected


@pytest.mark.parametrize("text", ["小区停水", "每天都这样", "6.3级地震", "3号楼停电了", "5-8人"])
def test_no_time(text: str) -> None:
    assert find_facts(text, AT).time is None


MONEY = {
    "拖欠": ("拖欠工资35万元", 350_000.0),
    "损失": ("经济损失达1亿多元", 100_000_000.0),
    "中文": ("火灾致损失两万元", 20_000.0),
    "取最大": ("被骗3000元，又被骗走1.5万元", 15_000.0),
    "价格不算": ("停车费每小时5元", None),
}


@pytest.mark.parametrize(("text", "yuan"), [*MONEY.values(), *SUMS.items()], ids=[*MONEY, *SUMS])
def test_money(text: str, yuan: float | None) -> None:
    assert find_facts(text, AT).money == yuan


SPANS = {
    "死伤": ("厂房坍塌，造成二死三伤", {"deaths": "二死", "injured": "三伤"}),
    "死亡在前": ("事故造成死亡5人，另有2人失联", {"deaths": "死亡5人", "missing": "2人失联"}),
    "重伤轻伤相加": ("6人死亡，3人重伤，14人轻微伤", {"deaths": "6人死亡", "injured": "3人重伤，14人轻微伤"}),
    "男女相加": ("火灭了。车上三男两女全部死亡", {"deaths": "三男两女全部死亡"}),
    "没有伤亡": ("大火扑灭，无人员伤亡", {"deaths": "无人员伤亡", "injured": "无人员伤亡"}),
    "没有数": ("货车侧翻，司机受伤送医", {"injured": "司机受伤"}),
    "全角数字": ("昨晚８点，３人被困", {"trapped": "３人被困", "time": "昨晚８点"}),
    "金额": ("被骗3000元，又被骗走1.5万元", {"money": "1.5万元"}),
    "时间": ("听说7月21日晚9点多塌了", {"time": "7月21日晚9点"}),
    "什么也没有": ("小区停水", {}),
}


@pytest.mark.parametrize(("text", "stated"), SPANS.values(), ids=SPANS)
def test_each_fact_says_where_it_stands(text: str, stated: dict[str, str]) -> None:
    facts = find_facts(text, AT)
    assert {span.name: text[span.start : span.end] for span in facts.spans} == stated
    assert {name for name in stated if getattr(facts, name) is None} == set()
    assert decode(Facts, encode(facts), Where("facts")) == facts


def test_a_fact_is_found_again_in_the_raw_text() -> None:
    raw = "<p>社區(qū)火災(zāi)：造成２死<br/>３傷&nbsp;[泪]</p>"
    traced = clean_with_offsets(raw)
    places = {span.name: traced.raw_span(span.start, span.end) for span in find_facts(traced.text, AT).spans}
    assert {name: raw[start:end] for name, (start, end) in places.items()} == {
        "deaths": "２死",
        "injured": "３傷",
    }


NUMERALS = {
    "十": 10, "二十三": 23, "一百零六": 106, "一百二": 120, "两千": 2000, "三万五": 35000, "1.2万": 12000,
    "1,200": 1200, "二〇二一": 2021, "一亿": 100_000_000, "3千": 3000, "５": 5,
}  # fmt: skip


@pytest.mark.parametrize(("text", "number"), NUMERALS.items(), ids=NUMERALS)
def test_numeral(text: str, number: float) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["", "人", "十人", "万岁"])
def test_no_numeral(text: str) -> None:
    assert read_number(text) is None


@given(st.integers(min_value=1, max_value=99_999))
def test_chinese_numeral_is_its_number(number: int) -> None:
    assert read_number(spell(number)) == number


def spell(number: int) -> str:
    """A number up to 99,999 in Chinese."""
    text, zero = "", False
    for unit, name in ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            text += ("零" if zero else "") + "零一二三四五六七八九"[digit] + name
        zero = bool(text) and not digit and number > 0
    return text


@given(
    st.lists(
        st.sampled_from(
            ["3", "人", "死亡", "伤", "今天", "7月", "点", "，", "元", "损失", "无", "人员伤亡", "十", "万"]
        ),
        max_size=12,
    ).map("".join)
)
def test_any_text_is_read(text: str) -> None:
    facts = find_facts(text, AT)
    assert facts.deaths is None or facts.deaths >= 0


def test_a_batch_gives_what_each_text_gives() -> None:
    """Texts that can state nothing are told from the others by their characters alone."""
    cases = (CASUALTIES, TIMES, MONEY, SPANS)
    texts = [*COUNTS, *WHEN, *SUMS, *(case[0] for found in cases for case in found.values()), "昨晚８点", ""]
    assert find_facts_batch(TextBatch.of(texts), [AT] * len(texts)) == [
        find_facts(text, AT) for text in texts
    ]


_WAYS = st.sampled_from(
    ["3", "１", "半", "二十", "2026", "个", "小时", "天", "周", "星期", "礼拜", "三", "日", "月", "号", "年",
     "之", "前", "今", "昨", "晚", "(", "12", "刚", "才", "凌晨", "点", "-", "/", ".", "上", "这", "人",
     "死亡", "伤", "被困", "影响", "损失", "欠", "元", "万", "块", "，", "水"]
)  # fmt: skip


@given(st.lists(st.lists(_WAYS, max_size=8).map("".join), min_size=1, max_size=8))
@settings(max_examples=600, deadline=None)
def test_a_batch_of_any_texts_gives_what_each_gives(texts: list[str]) -> None:
    found = find_facts_batch(TextBatch.of(texts), [AT] * len(texts))
    assert found == [find_facts(text, AT) for text in texts]
