"""Tickets in the state: every revision counts once, in whatever order and however often it comes."""

import random
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

from sqlalchemy import select

from schemas.records import ClassifiedPost
from schemas.tickets import TicketStep
from stores.database import Database
from stores.database.tables import tickets
from stores.database.tickets import save_tickets, tickets_between, tickets_by_id
from tests.stores.examples import NOON, STREET, make_post

HOUR = timedelta(hours=1)


def revision(hours: int, state: str, unit: str = "", key: str = "t1") -> tuple[ClassifiedPost, TicketStep]:
    """A ticket's post as it was fetched so many hours after noon, and what it says of the work."""
    post = make_post(key, revision=f"r{hours}", fetched_at=NOON + hours * HOUR)
    post = replace(
        post, clean=replace(post.clean, origin=replace(post.origin, ticket="YT1"), title=f"第{hours}版")
    )
    return post, TicketStep(f"r{hours}", NOON + hours * HOUR, state, unit)


REVISIONS = (revision(0, "new"), revision(1, "assigned", "住建局"), revision(2, "closed", "城管局"))


def test_any_order_gives_the_same_ticket_and_twice_is_once(database: Database) -> None:
    with database.begin() as db:
        for number, order in enumerate(permutations(REVISIONS)):
            key = f"t{number}"
            moved = [
                (replace(post, clean=replace(post.clean, origin=replace(post.origin, id=key))), step)
                for post, step in order
            ]
            assert [save_tickets(db, [one]) for one in moved] == [1, 1, 1]
            assert save_tickets(db, moved) == 0
        rows = db.execute(select(tickets)).mappings().all()
        columns = [name for name in tickets.c.keys() if name not in {"id", "document", "changed", "indexed"}]  # noqa: SIM118
        assert len({tuple(row[name] for name in columns) for row in rows}) == 1
        (row, *_) = rows
    assert (row["number"], row["source"], row["state"], row["stage"]) == ("YT1", "云汀论坛", "closed", "done")
    assert (row["unit"], row["transfers"], row["revisions"]) == ("城管局", 1, 3)
    assert (row["submitted"], row["closed_at"]) == (NOON - timedelta(minutes=5), NOON + 2 * HOUR)
    assert (row["place_path"], row["complaint"], row["detail"]) == (STREET.path, "urban_rural", "utilities")


def test_an_older_revision_adds_to_the_history_and_changes_nothing_else(database: Database) -> None:
    with database.begin() as db:
        save_tickets(db, [REVISIONS[2]])
        save_tickets(db, [REVISIONS[0]])
        [ticket] = tickets_by_id(db, ["t1", "unknown"]).values()
    assert [step.state for step in ticket.steps] == ["new", "closed"]
    assert (ticket.title, ticket.state) == ("第2版", "closed")


def test_tickets_are_found_by_when_they_came_in(database: Database) -> None:
    with database.begin() as db:
        save_tickets(db, [revision(0, "new", key=f"t{number}") for number in range(3)])
        came = NOON - timedelta(minutes=5)
        assert len(list(tickets_between(db, came, came + HOUR))) == 3
        assert list(tickets_between(db, came - HOUR, came)) == []


def test_many_revisions_in_random_batches_are_all_kept(database: Database) -> None:
    chance = random.Random(2)
    made = [revision(hours, "working", key=f"t{number}") for number in range(40) for hours in range(5)]
    chance.shuffle(made)
    for start in range(0, len(made), 23):
        with database.begin() as db:
            save_tickets(db, made[start : start + 23])
    with database.read() as db:
        assert {len(one.steps) for one in tickets_by_id(db, [f"t{n}" for n in range(40)]).values()} == {5}
