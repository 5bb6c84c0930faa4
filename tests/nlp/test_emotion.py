"""The writer's emotion: signs behind the words, answers with the phrases that decided, neutral is none."""

from datetime import UTC, datetime

import pytest

from nlp.core import TextCore
from nlp.emotion import EmotionSigns
from schemas.records import Label, Origin, RawPost
from schemas.taxonomy.labels import load_families

SIGNS = EmotionSigns(load_families()["emotion"])
NOW = datetime(2026, 7, 22, 9, tzinfo=UTC)
FELT = {
    "愤怒": ("打了八个电话都推来推去，气死我了，这帮人真不要脸！", "angry"),
    "高兴": ("水终于来了，哈哈太开心了[鼓掌]", "happy"),
    "悲伤": ("多好的小伙子，一路走好[泪][蜡烛]", "sad"),
    "恐惧": ("余震一来吊灯就晃，孩子吓得发抖，我真的好怕", "fear"),
    "惊讶": ("震惊！昨天还在营业，今天居然贴了封条，没想到", "surprise"),
}
UNFELT = {
    "路灯": "小区西门的路灯坏了两盏，麻烦安排人来修一下。",
    "停水通知": "云汀供水集团通知，柳浪社区今晚十点至明早六点因管道检修停水。",
    "咨询": "想问一下外地户口的老人投靠子女落户要准备哪些材料。",
    "空白": "",
}


@pytest.fixture(scope="module")
def core() -> TextCore:
    return TextCore.load(None)


def emotion(core: TextCore, text: str) -> Label | None:
    return core.enrich([RawPost(Origin("id", "1", "示例", NOW), "", text)])[0].emotion


@pytest.mark.parametrize(("text", "name"), FELT.values(), ids=FELT.keys())
def test_what_the_writer_shows(core: TextCore, text: str, name: str) -> None:
    found = emotion(core, text)
    assert found is not None
    assert found.name == name
    assert found.words
    assert all(word[0] < "\ue000" or word[0] > "\uf8ff" for word in found.words)


@pytest.mark.parametrize("text", UNFELT.values(), ids=UNFELT.keys())
def test_no_emotion_where_none_shows(core: TextCore, text: str) -> None:
    assert emotion(core, text) is None


def test_a_tag_alone_turns_the_answer(core: TextCore) -> None:
    plain, crying = emotion(core, "知道了"), emotion(core, "知道了[泪][泪][伤心]")
    assert plain is None or plain.name != "sad"
    assert crying is not None
    assert crying.name == "sad"


def test_signs_stand_behind_the_words_and_seeds_once_more_where_surer() -> None:
    words = ["知道", "了"]
    assert SIGNS.add_signs(words, (), ()) is words
    sure = SIGNS.add_signs(words, ("泪",), [Label("sad", 0.95, ("难过",))])
    likely = SIGNS.add_signs(words, (), [Label("sad", 0.45, ("泪",))])
    assert [*sure[:3]] == ["知道", "了", "[泪]"]
    assert len(sure) == 6
    assert likely[2] == sure[3]


def test_neutral_is_none_and_marks_are_not_told() -> None:
    assert SIGNS.explain(Label("neutral", 0.9), ()) is None
    found = SIGNS.explain(Label("sad", 0.8, ("\ue112", "今天", "难过")), [Label("sad", 0.9, ("难过",))])
    assert found == Label("sad", 0.8, ("难过", "今天"))
