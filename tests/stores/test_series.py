"""The series always count what is there: after any saves, revisions, moves of place and time, and kills."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text

from schemas.records import ClassifiedPost, Label
from stores.database import Database
from stores.database.engine import MIGRATIONS
from stores.database.posts import save_posts
from stores.database.series import Cell, read_counts
from stores.database.tables import posts, series
from tests.stores.examples import NOON, STREET, make_post

ESTATE = replace(STREET, name="柳浪家园", code=None, level="estate", path=f"{STREET.path}/柳浪家园")
PLACES = (STREET, ESTATE, replace(STREET, code="990101002"))
COMPLAINTS, INCIDENTS = ("urban_rural", "transport"), ("none", "gas_leak", "fire")


def random_post(chance: random.Random, keys: int) -> ClassifiedPost:
    """A revision of one of so many posts, with any label, place, time and age."""
    post = make_post(
        f"post{chance.randrange(keys)}",
        revision=f"r{chance.randrange(1_000)}",
        fetched_at=NOON + timedelta(minutes=chance.randrange(50)),
        published_at=chance.choice((None, NOON - timedelta(minutes=chance.randrange(200)))),
        place=chance.choice(PLACES),
        flags=chance.choice(((), (), ("spam",))),
    )
    post = replace(
        post,
        complaint=Label(chance.choice(COMPLAINTS), 0.5),
        incident=Label(chance.choice(INCIDENTS), 0.5),
    )
    return replace(post, places=()) if chance.random() < 0.2 else post


def counted(db: Connection) -> dict[Cell, int]:
    return {one.cell: one.posts for one in read_counts(db)}


def grouped(db: Connection) -> dict[Cell, int]:
    """The same from the posts themselves."""
    found: Counter[Cell] = Counter()
    for row in db.execute(select(posts)):
        labels = [f"complaint.{row.complaint}", f"incident.{row.incident}"]
        wanted = ["spam"] if row.spam else [one for one in labels if one != "incident.none"]
        hour = (row.time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(hours=1)
        found.update(Cell(hour, row.place_path, row.place_code or "", label) for label in wanted)
    return dict(found)


def test_a_post_counts_once_an_hour_place_and_label(database: Database) -> None:
    with database.begin() as db:
        found = [make_post("a"), make_post("b"), make_post("c", flags=("spam",))]
        save_posts(db, [(post, None) for post in found])
        hour = int((NOON - timedelta(hours=1)).timestamp()) // 3_600
        place = STREET.path, STREET.code or ""
        expected = {("complaint.urban_rural", 2), ("incident.gas_leak", 2), ("spam", 1)}
        assert counted(db) == {Cell(hour, *place, label): number for label, number in expected}


def test_a_cell_that_loses_its_last_post_falls_to_nothing_and_waits_for_the_index(database: Database) -> None:
    with database.begin() as db:
        save_posts(db, [(make_post("a"), None)])
        save_posts(db, [(replace(make_post("a", revision="r2"), incident=Label("none", 0.9)), None)])
        rows = {row.label: row for row in db.execute(series.select())}
        assert {label: row._mapping["count"] for label, row in rows.items()} == {
            "complaint.urban_rural": 1,
            "incident.gas_leak": 0,
        }
        assert rows["incident.gas_leak"].changed > rows["complaint.urban_rural"].changed


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15)
@given(st.integers(0, 10**6))
def test_any_saves_leave_what_a_count_of_the_posts_gives(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(6):
        batch = [(random_post(chance, 40), None) for _ in range(chance.randrange(60))]
        with database.begin() as db:
            save_posts(db, batch)
            save_posts(db, batch)
            assert counted(db) == grouped(db)


def test_what_is_undone_is_not_counted(database: Database) -> None:
    def save_and_fail() -> None:
        with database.begin() as db:
            save_posts(db, [(make_post("a"), None)])
            raise LookupError

    with pytest.raises(LookupError):
        save_and_fail()
    with database.read() as db:
        assert counted(db) == {}


def test_writers_beside_each_other_count_each_post_once(database: Database) -> None:
    def save(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(6):
            with database.begin() as db:
                save_posts(db, [(random_post(chance, 60), None) for _ in range(40)])

    threads = [threading.Thread(target=save, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    with database.read() as db:
        assert counted(db) == grouped(db)
        assert sum(grouped(db).values()) > 60


# Saves random posts for ever; whoever started it kills it.
SAVER = """
import os, random, sys
from stores.database import Database
from stores.database.posts import save_posts
from tests.stores.test_series import random_post
chance = random.Random(int(sys.argv[1]))
with Database(os.environ["URL"]) as database:
    print("ready", flush=True)
    while True:
        with database.begin() as db:
            save_posts(db, [(random_post(chance, 200), None) for _ in range(300)])
        print(".", end="", flush=True)
"""


def test_a_killed_writer_leaves_the_counts_right(database: Database, database_url: str) -> None:
    chance = random.Random(5)
    for seed in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", SAVER, str(seed)],
            env={**os.environ, "URL": database_url, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=subprocess.PIPE,
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            child.stdout.read(chance.randrange(1, 6))
            threading.Event().wait(chance.uniform(0, 0.1))
            child.send_signal(signal.SIGKILL)
        with database.read() as db:
            assert counted(db) == grouped(db)


def test_an_old_state_is_counted_when_it_is_brought_up_to_date(database: Database) -> None:
    from alembic import command

    from stores.database.engine import _alembic_config

    chance = random.Random(3)
    with database.begin() as db:
        save_posts(db, [(random_post(chance, 300), None) for _ in range(500)])
        before = {row.id for row in db.execute(series.select().where(series.c.count != 0))}
        command.downgrade(_alembic_config(db), "0005")
    assert (MIGRATIONS / "versions" / "0006_series_tickets.py").is_file()
    database.upgrade()
    with database.read() as db:
        assert counted(db) == grouped(db)
        assert {row.id for row in db.execute(series.select())} == before
        assert db.execute(text("SELECT count(*) FROM series WHERE indexed <> 0")).scalar() == 0
