"""Own short posts: reports of real accidents are seldom taken for rumours, chain letters nearly always."""

from nlp.classifier import Classifier
from nlp.segment import Segmenter
from tests.nlp.rumour_cases import CHAIN_LETTERS, REPORTS

SEGMENTER = Segmenter()


def _probabilities(texts: tuple[str, ...]) -> list[float]:
    labels = Classifier.load("rumour").predict([SEGMENTER.segment(text) for text in texts])
    return [label.probability for label in labels]


def test_most_plain_reports_are_no_rumour() -> None:
    given = _probabilities(REPORTS)
    assert sum(one < 0.5 for one in given) >= 0.65 * len(given)


def test_chain_letters_are_rumours() -> None:
    given = _probabilities(CHAIN_LETTERS)
    assert sum(one > 0.5 for one in given) >= 0.9 * len(given)


def test_a_cry_of_two_words_is_no_rumour() -> None:
    assert all(one < 0.5 for one in _probabilities(("两车追尾", "着火了", "楼塌了", "停电了")))
