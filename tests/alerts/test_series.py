"""Series: every post in its places and windows, whenever it comes."""

from datetime import timedelta
from itertools import permutations

import pytest

from alerts.series import SeriesBook
from schemas.records import ClassifiedPost, Place, SeriesKey
from schemas.taxonomy.places import load_places
from tests.nlp.classified import START, classified, estate

CITY = load_places()
STREET = Place("柳浪街道", "990101001", "street", 1.0, "云汀市/汀东区/柳浪街道")


@pytest.fixture
def book() -> SeriesBook:
    return SeriesBook(CITY, 60)


def post(hours: float, *, complaint: str = "environment", incident: str = "none") -> ClassifiedPost:
    return classified("搅拌站噪音扰民", hours=hours, places=(STREET,), complaint=complaint, incident=incident)


def key(place: str, label: str = "complaint.environment") -> SeriesKey:
    return SeriesKey(place, label)


def test_a_post_counts_in_its_place_and_all_above(book: SeriesBook) -> None:
    touched = dict(book.add(post(0)))
    assert touched == {
        key("*"): "everywhere",
        key("云汀市"): "city",
        key("云汀市/汀东区"): "district",
        key("云汀市/汀东区/柳浪街道"): "street",
    }


def test_an_unknown_place_counts_by_its_path(book: SeriesBook) -> None:
    touched = dict(book.add(classified("电梯坏了", places=(estate("丽湖花苑"),))))
    assert touched[key("云汀市/汀东区/丽湖花苑")] == "estate"


def test_an_incident_is_no_complaint(book: SeriesBook) -> None:
    touched = book.add(post(0, incident="fire"))
    assert {one.label for one, _ in touched} == {"incident.fire"}


def test_window_holds_its_end_and_not_its_beginning(book: SeriesBook) -> None:
    for hours in (0, 1, 24):
        book.add(post(hours))
    window = book.window(key("*"), START + timedelta(hours=24), 24)
    assert [one.at for one in window] == [START + timedelta(hours=1), START + timedelta(hours=24)]


@pytest.mark.parametrize("order", list(permutations((0, 30, 55))))
def test_order_of_arrival_does_not_matter(book: SeriesBook, order: tuple[int, ...]) -> None:
    for hours in order:
        book.add(post(hours))
    end = START + timedelta(hours=56)
    assert [len(book.window(key("云汀市"), end - timedelta(days=back), 24)) for back in (0, 1, 2)] == [
        1,
        1,
        1,
    ]


def test_reference_goes_no_further_than_the_history(book: SeriesBook) -> None:
    for day in range(10):
        book.add(post(24 * day))
    reference = book.reference(key("*"), START + timedelta(days=9, hours=1), 24)
    assert reference.counts.tolist() == [1.0] * 8


def test_forgets_what_is_over(book: SeriesBook) -> None:
    book.add(post(0))
    book.forget(START + timedelta(days=61))
    assert book.window(key("*"), START, 24) == []
