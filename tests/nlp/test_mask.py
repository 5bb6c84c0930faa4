"""Masking: every kind in its spellings, what must stay, and precision and recall on generated cases."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.masking import plant_cases, run, tally_cases
from nlp.mask import find_personal, mask_text
from nlp.mask_checks import identity_check_digit, is_bank_card, is_evenly_written

MASKED = {
    "手机号": ("请拨13800138000谢谢", "请拨138****8000谢谢"),
    "手机号带空格": ("电话138 0013 8000", "电话138****8000"),
    "手机号带横线": ("电话138-0013-8000", "电话138****8000"),
    "手机号逐位空格": ("1 3 8 0 0 1 3 8 0 0 0", "138****8000"),
    "手机号全角": ("电话１３８００１３８０００", "电话138****8000"),
    "手机号汉字": ("一三八零零一三八零零零", "138****8000"),
    "手机号混写": ("一3八0013八000", "138****8000"),
    "手机号加国家码": ("+86 13800138000", "138****8000"),
    "两个手机号相连": ("13800138000/13912345678", "138****8000/139****5678"),
    "座机": ("单位电话0731-88881234", "单位电话0731-******34"),
    "座机括号": ("（0731）88881234", "0731-******34"),
    "座机三位区号": ("01088881234", "010-******34"),
    "座机无区号有语境": ("举报电话：4383999", "举报电话：*****99"),
    "身份证": ("身份证11010519491231002X", "身份证1***************2X"),
    "身份证无语境": ("本人 11010519491231002X ，", "本人 1***************2X ，"),
    "身份证分组": ("110105 19491231 002X", "1***************2X"),
    "老身份证": ("身份证号：110105491231002", "身份证号：1************02"),
    "银行卡": ("打到6222020200112230012", "打到***************0012"),
    "银行卡有语境不合校验": ("卡号6222020200112230013", "卡号***************0013"),
    "车牌": ("湘A12345违停", "湘A1***5违停"),
    "新能源车牌": ("粤BD12345", "粤BD****5"),
    "车牌带点": ("京A·88Z88", "京A8***8"),
    "小写车牌": ("赣a50397", "赣a5***7"),
    "邮箱": ("邮箱zhang.san@163.com", "邮箱z****@163.com"),
    "QQ": ("加QQ：123456789", "加QQ：12*******"),
    "QQ群": ("QQ群号288190661", "QQ群号28*******"),
    "微信": ("微信：abc_123456", "微信：ab********"),
    "姓名我叫": ("我叫王小明，今年三十岁", "我叫王**，今年三十岁"),
    "姓名后接动词": ("我叫李四住在三楼", "我叫李*住在三楼"),
    "姓名复姓": ("联系人：欧阳小明", "联系人：欧阳**"),
    "姓名两字": ("姓名：王芳，女", "姓名：王*，女"),
    "姓名接电话": ("投诉人李明13800138000", "投诉人李*138****8000"),
}
KEPT = {
    "门牌": "3栋2单元1203室",
    "价格": "每平方米12800.50元",
    "大额": "拖欠工程款13800138000元",
    "日期": "2019-01-05 09:32:09",
    "汉字日期": "二〇一九年一月二十五日",
    "工单号": "工单编号20190105123456",
    "十一位单号": "快递单号13812345678",
    "热线": "打了12345和110，400-800-8820也打不通",
    "时间段": "每天8:30-17:30，每周1-5",
    "已匿名": "电话0000-00000000，联系<TEL>",
    "称呼": "联系人张女士",
    "职务": "联系人：秦队长，举报人张警官",
    "某某": "姓名：李某某",
    "动词不是姓": "联系人应先登记",
    "微信公众号": "关注微信公众号了解",
    "楼号": "A12345栋是仓库",
}


@pytest.mark.parametrize(("text", "masked"), MASKED.values(), ids=MASKED)
def test_personal_is_masked(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_other_numbers_stay(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize("text", [text for text, _ in MASKED.values()], ids=MASKED)
def test_nothing_personal_is_left(text: str) -> None:
    masked = mask_text(text)
    assert find_personal(masked) == []
    assert mask_text(masked) == masked


def test_offsets_are_those_of_the_text() -> None:
    text = "我叫王小明，电话１３８ ００１３ ８０００。"
    assert [(one.kind, text[one.start : one.end]) for one in find_personal(text)] == [
        ("name", "王小明"),
        ("mobile", "１３８ ００１３ ８０００"),
    ]


def test_check_digit_is_that_of_the_standard() -> None:
    assert identity_check_digit("11010519491231002") == "X"


def test_luhn() -> None:
    assert is_bank_card("6222020200112230012")
    assert not is_bank_card("6222020200112230013")


def test_a_list_of_ranges_is_no_number() -> None:
    assert is_evenly_written("138-0013-8000")
    assert not is_evenly_written("13-15 16-18 19-2")


def test_generated_cases() -> None:
    """5,000 seeded cases: at least 99 of 100 personal items are gone, 99 of 100 harmless texts unchanged."""
    row = run()[0]
    assert float(str(row["查准"])) >= 0.99, row
    assert float(str(row["查全"])) >= 0.99, row


def test_cases_stay_right_behind_other_text() -> None:
    texts = ["小区停水三天了，物业不管。工单编号20260401001，谢谢！", "路灯坏了两盏"]
    row = tally_cases([*plant_cases(texts, 500, seed=9)]).row("")
    assert float(str(row["查准"])) >= 0.99, row
    assert float(str(row["查全"])) >= 0.98, row


def test_what_a_file_holds_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_text('{"text": "请拨13800138000，联系人：王小明"}\n', "utf-8")
    look = run(file)[-1]
    assert look["个人信息"] == 2
    assert str(look["错"]).startswith("漏 0")


_PIECES = st.sampled_from(
    [
        "电话",
        "我叫",
        "王明",
        "，",
        " ",
        "-",
        "138",
        "00",
        "8",
        "湘A",
        "@qq.com",
        "QQ",
        "微信",
        "五",
        "６",
        "*",
        "身份证",
    ]
)


@given(st.lists(_PIECES, max_size=14).map("".join))
@example("我叫王明我叫王明")
@settings(max_examples=400, deadline=None)
def test_masking_twice_is_masking_once(text: str) -> None:
    masked = mask_text(text)
    assert mask_text(masked) == masked
    assert find_personal(masked) == []


@given(
    st.text(alphabet="一在楼下吵，。 ab", max_size=12),
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.text(alphabet="在楼下吵，。 ", max_size=12),
)
@settings(max_examples=200, deadline=None)
def test_a_mobile_number_never_survives(before: str, number: str, after: str) -> None:
    assert re.search(r"1[3-9]\d{9}", mask_text(f"{before}{number}{after}")) is None
