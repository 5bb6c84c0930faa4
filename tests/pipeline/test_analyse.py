"""Analyse in many small runs gives what one long run gives: the state is all the memory there is."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crawlers.revisions import REVISED, revise
from pipeline.jobs.analyse import Batch as AnalyseBatch
from pipeline.jobs.analyse import PartTakenError, analyse_waiting, save_batch
from pipeline.jobs.collect import waiting_parts
from pipeline.jobs.store import store_posts
from pipeline.jobs.tickets import refill_tickets
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.posts import make_post
from schemas.records import Alert, Event, RawPost
from schemas.times import SHANGHAI
from stores.database.alerts import open_alerts
from stores.database.events import events_by_id
from stores.database.figures import posts_between
from stores.database.posts import active_members
from stores.database.tables import tickets
from stores.database.tickets import tickets_by_id

START = datetime(2026, 5, 6, 8, 0, tzinfo=SHANGHAI)
TEXTS = (
    "柳浪家园三栋楼道里煤气味很重，谁家漏气了快查一下",
    "请问汀东区图书馆周末几点开门",
    "柳浪家园三栋煤气味越来越大，头都晕了，燃气公司电话打不通",
    "建设路修路一个月没动静，天天堵车",
    "柳浪家园三栋二单元一股煤气味，怀疑管道漏气",
    "鹭鸣苑电梯又坏了，老人上不了楼",
    "柳浪家园三栋爆炸了，有两个人受伤被抬出来",
    "鹭鸣苑的电梯三天两头坏，物业不修",
)


def posts() -> list[RawPost]:
    """Eight posts, one every two hours, as they were fetched."""
    times = [START + timedelta(hours=2 * number) for number in range(len(TEXTS))]
    return [
        make_post("test", str(number), "", text, fetched_at=at, published_at=at, author_hash=str(number))
        for number, (text, at) in enumerate(zip(TEXTS, times, strict=True))
    ]


def rooms_of(folder: Path) -> Rooms:
    with open_rooms(load_settings(home=folder, author_key="test")) as rooms:
        return rooms


def outcome(rooms: Rooms) -> tuple[list[Event], list[Alert]]:
    with rooms.database.read() as db:
        start = START - timedelta(days=1)
        members = [event for event, _ in posts_between(db, start, start + timedelta(days=30)) if event]
        events = events_by_id(db, members).values()
        return sorted(events, key=lambda one: (one.first_seen, one.id)), open_alerts(db)


@pytest.mark.parametrize("size", [1, 3], ids=["one_by_one", "three_by_three"])
def test_small_runs_equal_one_long_run(tmp_path: Path, size: int) -> None:
    whole, cut = rooms_of(tmp_path / "whole"), rooms_of(tmp_path / "cut")
    store_posts(whole, posts())
    analyse_waiting(whole)
    for start in range(0, len(TEXTS), size):
        store_posts(cut, posts()[start : start + size])
        analyse_waiting(cut)
    assert outcome(cut) == outcome(whole)
    assert outcome(whole)[1], "the gas smell must have raised an alert"


def test_part_analysed_meanwhile_saves_nothing(tmp_path: Path) -> None:
    rooms = rooms_of(tmp_path)
    store_posts(rooms, posts())
    waiting = waiting_parts(rooms)
    analyse_waiting(rooms)
    with pytest.raises(PartTakenError):
        save_batch(rooms, AnalyseBatch(waiting))


def test_damaged_part_gives_up_what_it_holds(tmp_path: Path) -> None:
    rooms = rooms_of(tmp_path)
    store_posts(rooms, posts())
    path = rooms.raw.locate(waiting_parts(rooms)[0].path)
    path.write_bytes(path.read_bytes()[:-40])
    report = analyse_waiting(rooms)
    assert report.quarantined == 1
    assert report.posts >= 1
    assert not waiting_parts(rooms)


def answered(post: RawPost, hours: int) -> RawPost:
    """The post as a ticket that was answered and closed since, fetched again hours later."""
    extra = {"state": "closed", "unit": "燃气公司", "reply": "已关阀检修，无人受伤"}
    origin = replace(post.origin, fetched_at=post.origin.fetched_at + timedelta(hours=hours))
    return revise(replace(post, origin=origin, extra=extra), REVISED)


def arrivals(rooms: Rooms) -> list[str]:
    with rooms.database.read() as db:
        return [post.origin.id for _, post in active_members(db, START)]


def test_an_answer_is_a_new_revision_and_no_new_voice(tmp_path: Path) -> None:
    plain, told = rooms_of(tmp_path / "plain"), rooms_of(tmp_path / "told")
    for post in posts():
        for rooms in (plain, told):
            store_posts(rooms, [post])
            analyse_waiting(rooms, now=post.origin.fetched_at)
        assert store_posts(told, [answered(post, 1)]).new == 1
        assert store_posts(told, [answered(post, 1)]).new == 0
        assert analyse_waiting(told, now=post.origin.fetched_at).alerts == 0
    assert outcome(told) == outcome(plain)
    assert outcome(plain)[1], "the gas smell must have raised an alert"


def test_answers_long_after_change_nothing_that_was_warned_of(tmp_path: Path) -> None:
    plain, told = rooms_of(tmp_path / "plain"), rooms_of(tmp_path / "told")
    *early, last = posts()
    for rooms in (plain, told):
        store_posts(rooms, early)
        analyse_waiting(rooms, now=early[-1].origin.fetched_at)
    # In another order than they came in.
    store_posts(told, [answered(post, 1 + number) for number, post in enumerate(reversed(early))])
    assert analyse_waiting(told, now=early[-1].origin.fetched_at).alerts == 0
    assert arrivals(told) == arrivals(plain)
    for rooms in (plain, told):
        store_posts(rooms, [last])
        analyse_waiting(rooms, now=last.origin.fetched_at)
    assert outcome(told) == outcome(plain)


def ticket(hours: int, state: str, **told: str) -> RawPost:
    """A hotline ticket as it was read so many hours after the start."""
    said = {"state": state, **told}
    at = START + timedelta(hours=hours)
    post = make_post("demo", "YT1", "路灯不亮", TEXTS[3], fetched_at=at, ticket="YT1", extra=said)
    return revise(post, REVISED)


def test_tickets_are_kept_with_every_revision_and_found_again_in_the_raw_zone(tmp_path: Path) -> None:
    rooms = rooms_of(tmp_path)
    late = ticket(50, "closed", unit="汀东区住建局", reply="已修好", close_time="2026-05-08T09:00:00+08:00")
    for post in (ticket(0, "new"), late, ticket(3, "assigned", unit="汀东区城管局")):
        store_posts(rooms, [post])
        analyse_waiting(rooms, now=START)
    with rooms.database.begin() as db:
        [kept] = tickets_by_id(db, [late.origin.id]).values()
        db.execute(tickets.delete())
    assert [step.state for step in kept.steps] == ["new", "assigned", "closed"]
    assert (kept.unit, kept.transfers, kept.stage, kept.number) == ("汀东区住建局", 1, "done", "YT1")
    assert (refill_tickets(rooms), refill_tickets(rooms)) == (3, 0)
    with rooms.database.read() as db:
        assert tickets_by_id(db, [late.origin.id]) == {late.origin.id: kept}


def test_a_ticket_with_a_time_that_is_none_is_heard_and_its_times_are_put_aside(tmp_path: Path) -> None:
    rooms = rooms_of(tmp_path)
    wrong = ticket(0, "answered", reply_time="改天")
    store_posts(rooms, [wrong])
    report = analyse_waiting(rooms, now=START)
    assert (report.posts, report.quarantined) == (1, 1)
    with rooms.database.read() as db:
        assert tickets_by_id(db, [wrong.origin.id]) == {}
