"""A ticket that goes back to an earlier state is a new revision; an old table imported once more is none."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crawlers.revisions import revise, say_again
from pipeline.jobs.imports import import_hotline
from pipeline.jobs.store import store_posts
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.codec import decode
from schemas.errors import Where
from schemas.posts import make_post
from schemas.records import RawPost
from stores.database.parts import all_parts
from stores.database.posts import revision_histories
from tests.tickets import ticket_of

HEAD = "工单编号,受理时间,诉求内容,办理状态\n"
NOON = datetime.fromisoformat("2026-05-06T12:00:00+08:00")
Day = Callable[..., int]


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    with open_rooms(load_settings(home=tmp_path / "home", author_key="test")) as opened:
        yield opened


@pytest.fixture
def day(rooms: Rooms, tmp_path: Path) -> Day:
    """Imports the table of a day with the states of the first ticket; returns how many records were new."""

    def bring(name: str, *states: str) -> int:
        path = tmp_path / f"{name}.csv"
        rows = "".join(f"T1,2026-05-06 08:00,柳浪家园停水,{state}\n" for state in states)
        path.write_text(f"{HEAD}{rows}{name},2026-05-06 09:00,路灯不亮,办理中\n", encoding="utf-8")
        return import_hotline(rooms, path, "demo_12345").new

    return bring


def kept(rooms: Rooms) -> list[RawPost]:
    """The revisions of the first ticket in the raw zone, as they came."""
    with rooms.database.read() as db:
        parts = all_parts(db)
    found = [decode(RawPost, line, Where("raw")) for part in parts for _, line in rooms.raw.read(part.path)]
    return [post for post in found if post.origin.ticket == "T1"]


def test_a_state_that_comes_back_is_a_new_revision(rooms: Rooms, day: Day) -> None:
    assert [day("a", "办理中"), day("b", "办结"), day("c", "办理中")] == [2, 2, 2]
    assert [post.extra["state"] for post in kept(rooms)] == ["working", "closed", "working"]
    assert len({post.origin.revision for post in kept(rooms)}) == 3
    assert day("d", "办理中") == 1, "the table's own ticket only: the state is the one last known"
    assert day("e", "办结") == 2
    assert ticket_of(*kept(rooms)).closed_at == kept(rooms)[-1].origin.fetched_at


def test_an_old_table_imported_once_more_turns_no_state_back(rooms: Rooms, day: Day) -> None:
    for name, state in (("a", "办理中"), ("b", "办结"), ("c", "办理中"), ("d", "办结")):
        day(name, state)
    before = kept(rooms)
    assert [day("b", "办结"), day("a", "办理中"), day("c", "办理中")] == [0, 0, 0]
    assert kept(rooms) == before


def test_a_table_that_holds_a_ticket_s_history_says_nothing_of_how_it_stands(rooms: Rooms, day: Day) -> None:
    assert [day("a", "办理中"), day("b", "办理中", "办结"), day("c", "办理中", "办结")] == [2, 2, 1]
    assert [post.extra["state"] for post in kept(rooms)] == ["working", "closed"]


def told(state: str, minutes: int, **extra: str) -> RawPost:
    post = make_post("board_questions", "7", "停水", "柳浪家园停水", fetched_at=NOON, ticket="7")
    at = NOON + timedelta(minutes=minutes)
    post = replace(post, extra={"state": state, **extra}, origin=replace(post.origin, fetched_at=at))
    return revise(post, ("state",))


def test_what_was_fetched_before_the_last_revision_is_no_news(rooms: Rooms) -> None:
    for minutes, state in enumerate(("working", "closed")):
        store_posts(rooms, [told(state, minutes)], current=True)
    assert store_posts(rooms, [told("working", 0)], current=True).new == 0
    assert store_posts(rooms, [told("working", 5)], current=False).new == 0, "a replay from quarantine"
    assert store_posts(rooms, [told("working", 5)], current=True).new == 1
    assert store_posts(rooms, [told("working", 9)], current=True).new == 0
    assert store_posts(rooms, [told("closed", 10)], current=True).new == 1


def test_the_same_record_read_once_more_after_a_crash_is_the_same_revision(rooms: Rooms) -> None:
    for minutes, state in enumerate(("working", "closed", "working")):
        store_posts(rooms, [told(state, minutes)], current=True)
    first = told("working", 3)
    with rooms.database.read() as db:
        history = revision_histories(db, [first.origin.id])[first.origin.id]
    assert say_again(first, history).origin.revision == history[-1][1]


def test_a_feed_that_goes_to_and_fro_makes_no_revisions() -> None:
    post = make_post("town_news", "1", "停水", "明天停水", fetched_at=NOON + timedelta(hours=3))
    history = [(NOON, post.origin.revision), (NOON + timedelta(hours=1), "another")]
    assert say_again(post, history) == post


def test_a_ticket_worked_on_again_is_not_closed() -> None:
    came, closed, again = told("working", 0), told("closed", 30), told("working", 60)
    assert ticket_of(came, closed).closed_at == closed.origin.fetched_at
    assert ticket_of(came, closed, again).closed_at is None
    later = told("closed", 90)
    assert ticket_of(came, closed, again, later).closed_at == later.origin.fetched_at
