"""Linear tasks: one product for all, probabilities that sum to one, abstention, the words that decided."""

import dataclasses
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.classifier import Classifier, LinearTasks, calibrate
from nlp.features import hash_features
from nlp.linear import MODELS, LinearModel, load_model
from nlp.segment import Segmenter
from schemas.errors import ReadError
from schemas.taxonomy.labels import load_families
from tests.nlp.complaint_cases import complaint_cases

SEGMENTER = Segmenter()
CASES = {
    "公司拖欠我们三个月工资，社保也没交": "labour_security",
    "学校强制学生参加收费的补课班，老师在校外办培训机构": "education_culture",
    "化工厂夜里偷排废气，河水发黑发臭，环保局没人管": "environment",
    "医院护士打错针，医生态度恶劣，卫生局不处理医疗事故": "health",
    "出租车拒载，公交车等一个小时不来，运管处不接电话": "transport",
    "小区违章建筑一直不拆，路灯坏了，城管推给规划局": "urban_rural",
    "今天的火锅真好吃，周末再来打卡": "other",
}


def tiny_model(task: str = "complaint", **changes: object) -> LinearModel:
    """Two words speak for two labels."""
    columns = [int(hash_features([[word]]).columns[0]) for word in ("停水", "欠薪")]
    model = LinearModel(
        task=task,
        labels=("water", "wages"),
        columns=np.array(columns, dtype=np.int64),
        idf=np.ones(2, dtype=np.float32),
        weights=np.array([[2, -1], [-1, 2]], dtype=np.float32),
        intercept=np.zeros(2, dtype=np.float32),
        scale=1.0,
        shift=np.zeros(2, dtype=np.float32),
    )
    return dataclasses.replace(model, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", CASES)
def test_shipped_complaint_model_on_plain_sentences(text: str) -> None:
    label = Classifier.load("complaint").predict([SEGMENTER.segment(text)])[0]
    assert label.name == CASES[text]


def test_shipped_rumour_model_tells_a_chain_letter_from_a_repair_notice() -> None:
    texts = (
        "紧急通知！自来水厂被人投毒了，家里有小孩的千万别喝，转给你爱的人！",
        "小区西门的路灯坏了两盏，麻烦安排人来修一下。",
    )
    first, second = Classifier.load("rumour").predict([SEGMENTER.segment(text) for text in texts])
    assert first.probability > 0.8 > 0.5 > second.probability
    assert first.words


def test_words_that_decided_stand_in_the_text() -> None:
    words = SEGMENTER.segment("公司一直拖欠工资，社保也没交")
    label = Classifier.load("complaint").predict([words])[0]
    assert label.words
    assert set(label.words) <= set(words)
    assert "拖欠工资" in label.words


def test_tasks_together_answer_as_each_alone() -> None:
    posts = [SEGMENTER.segment(text) for text in CASES]
    together = LinearTasks.load(["complaint", "rumour"]).classify(posts)
    for task in ("complaint", "rumour"):
        for one, other in zip(together[task], Classifier.load(task).predict(posts), strict=True):
            assert (one.name, one.words) == (other.name, other.words)
            assert one.probability == pytest.approx(other.probability, abs=2e-4)


def test_a_known_word_decides_and_an_unknown_text_is_even() -> None:
    given_ = LinearTasks([tiny_model()]).probabilities([["停水"], ["欠薪"], ["无关"]])["complaint"]
    assert given_.argmax(axis=1)[:2].tolist() == [0, 1]
    assert given_[2].tolist() == [0.5, 0.5]


def test_below_the_threshold_it_abstains_with_what_is_left() -> None:
    tasks = LinearTasks([tiny_model(threshold=0.6, abstain="other")])
    sure, unsure = tasks.classify([["停水"], ["无关"]])["complaint"]
    assert sure.name == "water"
    assert (unsure.name, unsure.probability, unsure.words) == ("other", 0.5, ())


@given(st.lists(st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=2), min_size=1, max_size=5))
def test_probabilities_sum_to_one(scores: list[list[float]]) -> None:
    given_ = calibrate(np.array(scores, dtype=np.float32), tiny_model())
    assert np.allclose(given_.sum(axis=1), 1, atol=1e-5)


def test_a_model_written_and_read_answers_the_same(tmp_path: Path) -> None:
    model = load_model("rumour")
    model.save(tmp_path / "rumour.npz")
    posts = [SEGMENTER.segment(text) for text in CASES]
    one = LinearTasks([model]).scores(posts)["rumour"]
    other = LinearTasks([load_model("rumour", tmp_path)]).scores(posts)["rumour"]
    assert np.array_equal(one, other)


def test_a_missing_or_cut_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="qianshao train"):
        load_model("complaint", tmp_path)
    np.savez(tmp_path / "complaint.npz", labels=np.array(["a"]))
    with pytest.raises(ReadError, match="还要有"):
        load_model("complaint", tmp_path)


def test_shipped_models_are_small_quick_and_without_pickle() -> None:
    assert sum(path.stat().st_size for path in MODELS.iterdir()) < 10_000_000
    for task in ("complaint", "rumour"):
        start = time.process_time()
        load_model(task)
        assert time.process_time() - start < 0.3


def test_labels_of_the_shipped_models_are_the_taxonomys() -> None:
    families = load_families()
    assert set(load_model("complaint").labels) == set(families["complaint"].labels)
    assert set(load_model("rumour").labels) < set(families["rumour"].labels)


def test_most_own_short_complaints_are_told() -> None:
    cases = complaint_cases()
    labels = Classifier.load("complaint").predict([SEGMENTER.segment(text) for text, _ in cases])
    right = [label.name == truth for label, (_, truth) in zip(labels, cases, strict=True)]
    assert len(cases) == 80
    assert sum(right) >= 0.85 * len(cases)


def test_the_model_for_short_posts_answers_for_them_alone() -> None:
    long = tiny_model()
    short = tiny_model("complaint_short", weights=-long.weights, full_words=2)
    labels = LinearTasks([long, short]).classify([["停水"], ["停水", "停水"]])["complaint"]
    assert [label.name for label in labels] == ["wages", "water"]


def test_no_posts() -> None:
    assert Classifier.load("complaint").predict([]) == []
    assert len(Classifier.load("complaint").predict([[]])) == 1
