"""Incident kinds: the taxonomy's own examples, look-alikes, drills, worries, and numbers that hide a call."""

import pytest

from nlp.incident import NONE, IncidentJudge
from nlp.phrases import PhraseFinder, PhraseSet
from schemas.taxonomy.labels import load_families
from tests.nlp.incident_cases import HAPPENING, NOT_HAPPENING

FAMILY = load_families()["incident"]
JUDGE = IncidentJudge(FAMILY)
EXAMPLES = {example: name for name, label in FAMILY.labels.items() for example in label.examples}

NO_INCIDENT = {
    "drill": "明天上午全校进行地震演练，听到警报请勿惊慌",
    "anniversary": "今天是大地震十周年，愿逝者安息",
    "look_alike": "周末去吃火锅，这家店太火了",
    "look_alike_inside": "换了个爆炸头，心情好",
    "film": "昨晚看了一部讲洪水的电影，特效很真实",
    "worry": "楼道里堆满杂物，万一发生火灾怎么办，隐患太大了",
    "another_country": "日本一商场起火",
    "court": "砍人案二审开庭",
    "show_business": "她的新歌舞台爆炸了",
    "advice": "火灾自救指南",
    "old_disaster": "这首歌为汶川大地震所写",
    "number": "今年共有11198人报名",
    "empty": "",
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_taxonomys_own_examples(example: str) -> None:
    assert JUDGE.judge(example).name == EXAMPLES[example]


@pytest.mark.parametrize("case", NO_INCIDENT)
def test_what_is_no_incident(case: str) -> None:
    label = JUDGE.judge(NO_INCIDENT[case])
    assert label.name == "none"
    assert label.words == ()


def test_more_words_make_it_surer_and_are_told() -> None:
    one, more = JUDGE.judge("新桥路着火了"), JUDGE.judge("新桥路着火了，火势很大，浓烟滚滚，消防车来了")
    assert one.name == more.name == "fire"
    assert one.probability < more.probability < 1
    assert "着火" in one.words
    assert all(
        part in "新桥路着火了，火势很大，浓烟滚滚，消防车来了" for word in more.words for part in word.split()
    )


def test_our_people_abroad_are_our_concern() -> None:
    assert JUDGE.judge("三名中国游客在泰国沉船事故中遇难").name != "none"


def test_people_hurt_make_it_surer() -> None:
    assert JUDGE.judge("新桥路着火，两人受伤").probability > JUDGE.judge("新桥路着火").probability


def test_what_is_told_in_passing_far_down_counts_less() -> None:
    story = "小区的绿化带好久没人打理，" * 20
    assert JUDGE.judge(f"三号楼起火。{story}").name == "fire"
    assert JUDGE.judge(f"{story}听说别处起火。").name == "none"


def test_parts_of_a_phrase_stand_in_one_sentence() -> None:
    finder = PhraseSet(["电梯 困", "停水"])
    assert [hit.phrase for hit in finder.find("有人困在电梯里。停水了")] == [0, 1]
    assert not finder.find("电梯很好。她很困")


def test_without_a_telling_phrase_there_are_no_hits() -> None:
    finder = PhraseSet(["着火", "演练"], [True, False])
    assert not finder.find("明天演练")
    assert len(finder.find("演练着火")) == 2


def test_several_sets_share_one_pass_and_each_has_its_own_hits() -> None:
    fire, calm = PhraseSet(["着火", "演练"], [True, False]), PhraseSet(["演练", "锦旗"])
    found = PhraseFinder([fire, calm]).find("演练！锦旗")
    assert [[hit.phrase for hit in hits] for hits in found] == [[], [0, 1]]
    assert [hit.sentence for hit in found[1]] == [0, 3]


def test_digits_around_a_number_make_it_another() -> None:
    finder = PhraseSet(["119"])
    assert [hit.start for hit in finder.find("1198，119来了，3119")] == [5]


@pytest.mark.parametrize(("text", "kind"), HAPPENING.items(), ids=HAPPENING)
def test_own_sentences_of_what_is_happening(text: str, kind: str) -> None:
    assert JUDGE.judge(text).name == kind


@pytest.mark.parametrize("why", NOT_HAPPENING)
def test_own_sentences_that_only_speak_of_it(why: str) -> None:
    told = [text for text in NOT_HAPPENING[why] if JUDGE.judge(text).name != NONE]
    # What kills many abroad is told as an incident: news of it is labelled so too.
    assert len(told) <= (2 if why == "别国" else 0), told
