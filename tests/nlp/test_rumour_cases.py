"""Own short posts: reports of real accidents are seldom taken for rumours, chain letters nearly always."""

import pytest

from nlp.classifier import Classifier
from nlp.segment import Segmenter
from nlp.training.sources import plain_reports
from tests.nlp.rumour_cases import CHAIN_LETTERS, REPORTS, RESIDENTS

SEGMENTER = Segmenter()


def _probabilities(texts: tuple[str, ...]) -> list[float]:
    labels = Classifier.load("rumour").predict([SEGMENTER.segment(text) for text in texts])
    return [label.probability for label in labels]


@pytest.mark.parametrize(("texts", "least"), [(REPORTS, 0.8), (RESIDENTS, 0.7)], ids=["reports", "residents"])
def test_most_plain_reports_are_no_rumour(texts: tuple[str, ...], least: float) -> None:
    given = _probabilities(texts)
    assert sum(one < 0.5 for one in given) >= least * len(given)


def test_no_resident_s_report_is_learnt_by_heart() -> None:
    assert set(plain_reports()).isdisjoint({*REPORTS, *RESIDENTS})


@pytest.mark.parametrize("number", ["138****6668", "139********", "6222********1234", "4301041990********"])
def test_a_masked_number_changes_nothing(number: str) -> None:
    with_number, without = _probabilities((f"小区停水三天了，请回电{number}", "小区停水三天了，请回电"))
    assert with_number == pytest.approx(without, abs=0.02)


def test_chain_letters_are_rumours() -> None:
    given = _probabilities(CHAIN_LETTERS)
    assert sum(one > 0.5 for one in given) >= 0.9 * len(given)


def test_a_cry_of_two_words_is_no_rumour() -> None:
    assert all(one < 0.5 for one in _probabilities(("两车追尾", "着火了", "楼塌了", "停电了")))
