"""Training: splits nobody stands on both sides of, honest scores, a model that learns; and its card."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.sparse import csr_array

from nlp.classifier import LinearTasks
from nlp.training.cards import Card, Source
from nlp.training.complaint import Message, train_complaint
from nlp.training.emotion import Said, train_emotion
from nlp.training.linear import fit_calibration
from nlp.training.rumour import Claim, train_rumour
from nlp.training.scores import calibration_error, count_confusions, macro_f1, score_probabilities
from nlp.training.splits import fold_groups, group_duplicates, hash_text

SUBJECTS = {
    "urban_rural": ["物业", "电梯", "违建", "路灯", "漏水", "小区"],
    "labour_security": ["工资", "社保", "欠薪", "工伤", "加班", "合同"],
    "other": ["电影", "好吃", "天气", "歌手", "球赛", "打卡"],
}


def messages() -> list[Message]:
    random = np.random.default_rng(7)
    made = []
    for label, words in SUBJECTS.items():
        for number in range(80):
            said = [words[at] for at in random.integers(0, 6, 8)] + [f"编号{label}{number}"]
            made.append(Message(said, label, hash_text(f"{label}{number}"), raw=number % 3 > 0))
    return made


def test_complaint_learns_and_is_scored_on_rows_it_did_not_see() -> None:
    fitted = train_complaint(messages(), [["物业", "工资", "电影"]])
    assert fitted.scores.measures["macro_f1"].value > 0.95
    assert 0 < fitted.held_out < fitted.trained
    tasks = LinearTasks([fitted.model])
    assert [label.name for label in tasks.classify([["工资", "欠薪"], ["电梯", "漏水"]])["complaint"]] == [
        "labour_security",
        "urban_rural",
    ]


def test_training_twice_gives_the_same_model() -> None:
    one, other = train_complaint(messages(), []), train_complaint(messages(), [])
    assert np.array_equal(one.model.weights, other.model.weights)
    assert one.scores == other.scores


def test_rumour_is_scored_on_the_last_quarter_in_time() -> None:
    start = datetime(2012, 1, 1, tzinfo=UTC)
    random = np.random.default_rng(3)
    claims = [
        Claim(
            [
                *(["转发", "扩散", "震惊"] if number % 2 else ["通报", "记者", "现场"]),
                f"词{random.integers(0, 40)}",
            ],
            rumour=number % 2 == 1,
            time=start + timedelta(days=number),
            timed=True,
        )
        for number in range(200)
    ]
    untimed = [Claim(["震惊", "扩散", f"新{number}"], True, start, False) for number in range(20)]
    fitted = train_rumour([*untimed, *reversed(claims)])
    assert fitted.held_out == 50
    assert fitted.trained == 220
    assert fitted.scores.measures["macro_f1"].value == 1.0


def test_emotion_learns_and_weak_posts_are_not_scored() -> None:
    random = np.random.default_rng(5)
    shown = {
        "happy": ["开心", "加油", "[哈哈]", "谢谢", "太好了", "温暖", "点赞", "幸福"],
        "sad": ["难过", "走好", "[泪]", "心疼", "哭", "唉", "可怜", "[蜡烛]"],
        "neutral": ["通知", "时间", "地点", "发布", "地址", "今天", "下午", "两点"],
    }
    said = [
        Said([*random.choice(words, 5).tolist(), f"编号{name}{at}"], name, hash_text(f"{name}{at}"))
        for name, words in shown.items()
        for at in range(60)
    ]
    weak = [Said(["路灯", f"号{at}"], "neutral", hash_text(f"weak{at}"), 0.3, weak=True) for at in range(40)]
    fitted = train_emotion([*said, *weak])
    assert fitted.scores.measures["macro_f1"].value > 0.9
    assert fitted.held_out < 90
    assert [
        one.name
        for one in LinearTasks([fitted.model]).classify([["走好", "[泪]"], ["通知", "时间"]])["emotion"]
    ] == [
        "sad",
        "neutral",
    ]


def test_near_duplicates_share_a_group_and_a_fold() -> None:
    rows = csr_array(np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.6, -0.8]]))
    groups = group_duplicates(rows, 0.7)
    assert groups[0] == groups[1] != groups[2]
    assert groups[3] not in (groups[0], groups[2])
    folds = fold_groups(groups, [9, 4, 6, 3], 4)
    assert folds.tolist() == [0, 0, 2, 3]


def test_scores_on_known_answers() -> None:
    truth = np.array([0, 0, 1, 1])
    given = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]], dtype=np.float32)
    assert macro_f1(truth, given) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert [
        (one.label, one.taken_for, one.count) for one in count_confusions(truth, given.argmax(1), ("a", "b"))
    ] == [("a", "b", 1)]
    scores = score_probabilities(truth, given, ("a", "b"))
    assert scores.measures["accuracy"].value == 0.75
    assert scores.measures["auc"].value == 0.5
    assert (
        scores.measures["macro_f1"].low
        <= scores.measures["macro_f1"].value
        <= scores.measures["macro_f1"].high
    )


def test_calibration_error_is_the_gap_between_sureness_and_truth() -> None:
    sure = np.tile(np.array([[0.9, 0.1]], dtype=np.float32), (10, 1))
    assert calibration_error(np.zeros(10, dtype=np.int64), sure) == pytest.approx(0.1, abs=1e-6)
    assert calibration_error(np.array([0] * 9 + [1]), sure) == pytest.approx(0.0, abs=1e-6)


def test_calibration_finds_the_scale_the_scores_were_made_with() -> None:
    random = np.random.default_rng(1)
    scores = random.normal(size=(4000, 1)).astype(np.float32)
    truth = (random.random(4000) < 1 / (1 + np.exp(-(3 * scores[:, 0] + 1)))).astype(np.int64)
    scale, shift = fit_calibration(scores, truth)
    assert scale == pytest.approx(3, abs=0.3)
    assert shift[0] == pytest.approx(1, abs=0.3)


def test_a_card_says_what_it_was_made_of() -> None:
    fitted = train_complaint(messages(), [])
    source = Source("own", "ab" * 32, 240, "标注", "自编")
    card = Card(
        "complaint", "诉求分类", "派单参考", "线性", "按散列", (source,), fitted.model.labels,
        len(fitted.model.columns), fitted.trained, fitted.scores, 0.4, ("只是试验",), {"numpy": "2"},
    )  # fmt: skip
    text = card.to_markdown()
    assert "| macro_f1 | " in text
    assert "只是试验" in text
    assert "`abababababababab…`" in text
    assert card.to_json() == card.to_json()
    assert card.rows()[0]["指标"] == "macro_f1"
