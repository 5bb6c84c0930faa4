"""The second level of complaints: within the class, surest in the lead, silent where little is said."""

import pytest

from nlp.details import DetailJudge
from schemas.codec import decode, encode
from schemas.errors import Where
from schemas.records import ClassifiedPost
from schemas.taxonomy.details import detail_zh, load_details
from schemas.taxonomy.labels import load_families
from tests.nlp.classified import classified

DETAILS = load_details()
JUDGE = DetailJudge(DETAILS)
CASES = {
    "物业": ("柳浪家园物业收了钱不做事，业委会也选不出来", "urban_rural", "property"),
    "违建": ("楼上顶层违建，私自搭建阳光房，挡光", "urban_rural", "planning"),
    "停水": ("小区停水三天了，自来水公司说在抢修", "urban_rural", "utilities"),
    "欠薪": ("在云汀电子厂干了四个月，拖欠工资不给", "labour_security", "wages"),
    "社保": ("公司不给缴社保，养老保险断了两年", "labour_security", "insurance"),
    "入学": ("孩子要上一年级，划片之后学区变了，入学名额不够", "education_culture", "admission"),
    "补课": ("云湖中学周末还在补课，作业做到半夜", "education_culture", "school"),
    "电梯": ("三栋电梯天天坏，电梯年检标志也过期了", "commerce_tourism", "equipment"),
    "传销": ("隔壁租户在搞传销，把年轻人骗进来洗脑", "commerce_tourism", "fraud"),
    "油烟": ("楼下烧烤店油烟直排，臭味熏得睡不着", "environment", "air"),
    "计生": ("独生子女奖励金领不了，计生办说材料不全", "health", "family"),
    "快递": ("快递送到驿站也不打电话，取件还要收钱", "transport", "post"),
    "公交": ("19路公交车晚上七点就收班，公交站也没有雨棚", "transport", "transit"),
}


@pytest.mark.parametrize(("text", "complaint", "name"), CASES.values(), ids=CASES)
def test_the_detail_within_the_class(text: str, complaint: str, name: str) -> None:
    found = JUDGE.judge(text, complaint)
    assert found is not None
    assert found.name == name
    assert 0.5 <= found.probability < 1
    assert all(word in text for word in found.words)


def test_the_same_words_mean_another_detail_in_another_class() -> None:
    text = "电梯坏了半个月，物业不修"
    told = [JUDGE.judge(text, name) for name in ("urban_rural", "commerce_tourism")]
    assert [one.name if one else None for one in told] == ["property", "equipment"]


@pytest.mark.parametrize("complaint", ["other", "none"])
def test_other_has_no_detail(complaint: str) -> None:
    assert JUDGE.judge("物业不管，小区停水", complaint) is None


@pytest.mark.parametrize("text", ["", "请领导关注", "希望早日解决", "规划、拆迁、绿化、路灯都没人管"])
def test_nothing_where_too_little_or_too_much_is_said(text: str) -> None:
    assert JUDGE.judge(text, "urban_rural") is None


def test_what_stands_first_says_what_it_is_about() -> None:
    behind = "领导您好，" + "我们已经反映很多次了，" * 8
    found = JUDGE.judge(f"停水三天，自来水公司不管{behind}绿化也没有", "urban_rural")
    assert found is not None
    assert found.name == "utilities"


def test_every_class_but_other_has_details() -> None:
    assert {detail.parent for detail in DETAILS.values()} == {*load_families()["complaint"].labels} - {
        "other"
    }
    assert detail_zh("noise") == "噪声污染"


def test_posts_stored_before_there_were_details_still_read() -> None:
    post = classified("水管爆了")
    stored = encode(post).replace(b',"detail":null', b"")
    assert b"detail" not in stored
    assert decode(ClassifiedPost, stored, Where("posts")) == post
