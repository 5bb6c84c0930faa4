"""Titles: a name that no dictionary knows brings two together, what every title says does not."""

from datetime import timedelta

import pytest

from nlp.events_titles import TitleCounts, TitlePieces, cut_title
from tests.nlp.classified import START, classified, titled

USUAL = [f"请问{street}路的路灯何时能修好" for street in ("青石", "柳浪", "云谷", "听莺", "石鼓")] * 8


def title(text: str) -> TitleCounts:
    return TitleCounts(cut_title(titled(classified("正文"), text)))


@pytest.fixture
def pieces() -> TitlePieces:
    pieces = TitlePieces(days=60, before=100)
    pieces.advance(START.date())
    for text in USUAL:
        pieces.observe(title(text).counts)
    pieces.advance((START + timedelta(days=1)).date())
    return pieces


def test_divisions_and_signs_are_no_pieces() -> None:
    assert cut_title(titled(classified("正文"), "A3区金桂苑，电梯")) == ("金桂", "桂苑", "苑电", "电梯")


def test_without_a_title_the_opening_stands_for_it() -> None:
    assert cut_title(classified("电梯坏了" + "。" * 40 + "后面")) == ("电梯", "梯坏", "坏了")


def test_a_shared_name_says_more_than_a_shared_question(pieces: TitlePieces) -> None:
    name = pieces.alike(title("请查一查汇丰云聚贷的老板"), title("汇丰云聚贷案两个月没有消息"))
    question = pieces.alike(title("请问东门的井盖何时能修好"), title("请问西坡的护栏何时能修好"))
    assert name > 0.3 > question


def test_what_titles_have_in_common_lies_between_nothing_and_all(pieces: TitlePieces) -> None:
    one = title("金桂苑的电梯坏了")
    assert pieces.alike(one, title("金桂苑的电梯坏了")) == pytest.approx(1)
    assert pieces.alike(one, title("云湖小学门口堵车")) == 0
    assert pieces.alike(one, title("")) == 0


def test_old_titles_leave_the_window(pieces: TitlePieces) -> None:
    one, other = title("请问东门的井盖何时能修好"), title("请问西坡的护栏何时能修好")
    before = pieces.alike(one, other)
    pieces.advance((START + timedelta(days=90)).date())
    assert pieces.alike(one, other) > before


def test_of_many_pieces_the_frequent_stay() -> None:
    counts = title("金桂苑电梯")
    for text in ("金桂苑停水", "金桂苑路灯", "金桂苑噪音"):
        counts.add(title(text), most=3)
    assert set(counts.counts) >= {"金桂", "桂苑"}
    assert len(counts.counts) <= 6
