"""Offsets: the clean text is the same with them, and each character leads back to its own in the raw text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.clean import clean_text, clean_with_offsets
from nlp.clean_characters import Simplifier, narrow_characters
from nlp.clean_offsets import follow_characters
from tests.nlp.test_clean import PAGE, RULES

_SIMPLIFIER = Simplifier()
_RECODED = {"GB18030被当成Latin-1", "UTF-8被当成Latin-1", "UTF-8被当成GB18030", "HTML实体"}
PUT_IN = " \n…*-"

PIECES = [
    "小区停水了",
    "，",
    "社區(qū)應(yīng)急",
    "請儘快處理",
    "[泪]",
    "😭",
    "http://t.cn/AbC123 ",
    "@平安示例 ",
    "#暴雨互助#",
    "//@小明:",
    "１３８００１３８０００",
    "我叫王小明，",
    "联系电话0731-88881234",
    "\u200b",
    "\u3000",
    "\n",
    "首页\n",
    "<b>急</b>",
    "<br/>",
    "&amp;",
    "查看全文",
    "...全文",
    "Ａ栋",
    "  ",
    "今天全区停水通知\n",
]


def same(clean: str, raw: str) -> bool:
    """Whether a character is another one up to width and form, or one that cleaning puts in."""
    return clean in PUT_IN or clean == _SIMPLIFIER.simplify(narrow_characters(raw))


@pytest.mark.parametrize("raw", [raw for raw, _ in RULES.values()] + [PAGE], ids=[*RULES, "网页"])
def test_the_clean_text_is_the_same(raw: str) -> None:
    assert clean_with_offsets(raw).text == clean_text(raw)


@pytest.mark.parametrize("name", [name for name in RULES if name not in _RECODED])
def test_each_character_leads_to_its_own(name: str) -> None:
    raw = RULES[name][0]
    traced = clean_with_offsets(raw)
    assert [one for one, at in zip(traced.text, traced.places, strict=True) if not same(one, raw[at])] == []


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@settings(max_examples=400, deadline=None)
def test_generated_texts(raw: str) -> None:
    traced = clean_with_offsets(raw)
    assert traced.text == clean_text(raw)
    assert list(traced.places) == sorted(traced.places)
    assert [one for one, at in zip(traced.text, traced.places, strict=True) if not same(one, raw[at])] == []


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text(raw: str) -> None:
    traced = clean_with_offsets(raw)
    assert traced.text == clean_text(raw)
    assert len(traced.places) == len(traced.text)
    assert all(0 <= at < len(raw) for at in traced.places)


WHERE = {
    "网址之后": ("看http://t.cn/AbC停水 起火了", "起火"),
    "重复的词在网址里": ("http://fire.example.com/fire 有fire", "fire"),
    "注音之间": ("社區(qū)應(yīng)急起火", "应急起火"),
    "遮蔽之后": ("请拨13800138000，三楼起火", "三楼起火"),
    "标签之后": ("<p>停水</p><p>三楼起火</p>", "三楼起火"),
    "乱码之后": ("三楼起火".encode("gb18030").decode("latin-1") + "，请救援", "请救援"),
}
RAW = {
    "网址之后": "起火",
    "重复的词在网址里": "fire",
    "注音之间": "應(yīng)急起火",
    "遮蔽之后": "三楼起火",
    "标签之后": "三楼起火",
    "乱码之后": "请救援",
}


@pytest.mark.parametrize("name", WHERE)
def test_what_is_highlighted(name: str) -> None:
    raw, sought = WHERE[name]
    traced = clean_with_offsets(raw)
    start = traced.text.index(sought)
    begin, end = traced.raw_span(start, start + len(sought))
    assert raw[begin:end] == RAW[name]
    assert end == len(raw) or name != "重复的词在网址里"


def test_an_empty_span_is_empty() -> None:
    assert clean_with_offsets("停水").raw_span(1, 1) == (0, 0)


@pytest.mark.parametrize(
    ("old", "new", "places"),
    [
        ("甲乙丙", "甲丙", [0, 2]),
        ("甲 乙", "甲乙", [0, 2]),
        ("甲[泪]乙", "甲 乙", [0, 1, 4]),
        ("甲乙甲乙丙", "甲乙丙", [0, 1, 4]),
        ("甲", "", []),
    ],
    ids=["删一字", "删空格", "换成空格", "能早则早", "全删"],
)
def test_one_rule(old: str, new: str, places: list[int]) -> None:
    assert list(follow_characters(old, new)) == places
