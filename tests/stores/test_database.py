"""The state database: migrations, transactions, settings, no password shown."""

import os
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import StatementError

from pipeline.dev.service import free_port
from stores.database import Database
from stores.database.meta import get_meta, set_meta
from stores.database.parts import new_parts
from stores.database.tables import METADATA
from stores.errors import StoreUnavailable
from tests.stores.examples import NOON


def test_upgrade_makes_the_tables_and_twice_is_once(database_url: str) -> None:
    with Database(database_url) as database:
        assert database.upgrade() is True
        assert database.upgrade() is False
        assert database.is_current()


def test_the_migrations_make_the_tables_of_the_code(database: Database) -> None:
    with database.read() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_two_processes_may_upgrade_at_once(database_url: str) -> None:
    code = "import os; from stores.database import Database; print(Database(os.environ['URL']).upgrade())"
    environment = {**os.environ, "URL": database_url}
    both = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0].strip() for process in both]
    assert sorted(said) == ["False", "True"]


def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    with database.begin() as db:
        set_meta(db, "tick", "1")
    with pytest.raises(LookupError), database.begin() as db:
        _write_and_fail(db)
    with database.read() as db:
        assert (get_meta(db, "tick"), get_meta(db, "other")) == ("1", None)


def _write_and_fail(db: Connection) -> None:
    set_meta(db, "tick", "2")
    set_meta(db, "other", "x")
    raise LookupError


def test_a_reader_keeps_its_view_while_another_writes(database: Database) -> None:
    with database.read() as before:
        assert get_meta(before, "tick") is None
        with database.begin() as db:
            set_meta(db, "tick", "1")
        assert get_meta(before, "tick") is None
    with database.read() as after:
        assert get_meta(after, "tick") == "1"


def test_a_reading_transaction_writes_nothing_on_postgres(postgres_url: str) -> None:
    with Database(postgres_url) as database:
        database.upgrade()
        with pytest.raises(Exception, match="read-only"), database.read() as db:
            set_meta(db, "tick", "1")


def test_writers_wait_for_each_other(database: Database) -> None:
    def add() -> None:
        for _ in range(20):
            with database.begin() as db:
                set_meta(db, threading.current_thread().name, str(get_meta(db, "none")))

    threads = [threading.Thread(target=add, name=f"writer{number}") for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with database.read() as db:
        assert {get_meta(db, f"writer{number}") for number in range(4)} == {"None"}


def test_sqlite_runs_with_wal_foreign_keys_and_patience(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path / '库 100%.db'}") as database:
        database.upgrade()
        with database.read() as db:
            pragmas = {
                name: db.execute(text(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "foreign_keys", "busy_timeout")
            }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 30_000}
    with sqlite3.connect(tmp_path / "库 100%.db") as plain:
        assert len(plain.execute("SELECT version_num FROM alembic_version").fetchall()) == 1
    plain.close()


def test_times_come_back_aware_in_utc_and_naive_ones_are_refused(database: Database) -> None:
    from stores.database.posts import known_revisions, save_seen
    from stores.database.tables import seen_revisions

    with database.begin() as db:
        save_seen(db, [("post1", "r1")], NOON)
        back = db.execute(seen_revisions.select()).one().at
        assert known_revisions(db, ["post1"]) == {("post1", "r1")}
    assert back == NOON
    assert back.tzinfo is UTC
    with pytest.raises(StatementError, match="without zone"), database.begin() as db:
        save_seen(db, [("post2", "r1")], datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


def test_the_password_shows_nowhere() -> None:
    url = f"postgresql+psycopg://qianshao:very-secret@127.0.0.1:{free_port()}/none"
    database = Database(url)
    with pytest.raises(StoreUnavailable, match="用不了") as raised, database.begin():
        pass
    shown = f"{database!r} {raised.value} {raised.value.__cause__!r}"
    assert "very-secret" not in shown
    assert "qianshao:***@127.0.0.1" in shown


@pytest.mark.parametrize("url", ["mysterious://user:very-secret@host/x", "no url, very-secret@ at all"])
def test_a_wrong_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(StoreUnavailable, match="数据库地址写法不对") as raised:
        Database(url)
    assert "very-secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_missing_driver_is_named() -> None:
    with pytest.raises(StoreUnavailable, match="缺少数据库驱动 pg8000") as raised:
        Database("postgresql+pg8000://user:very-secret@host/x")
    assert "very-secret" not in str(raised.value)


def test_a_file_that_is_no_database_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"this is no database at all" * 100)
    with (
        Database(f"sqlite:///{tmp_path / 'x.db'}") as database,
        pytest.raises(StoreUnavailable, match=r"x\.db.*not a database"),
    ):
        database.upgrade()


def test_post_texts_stay_out_of_error_messages(database: Database) -> None:
    with pytest.raises(Exception, match="nowhere") as raised, database.begin() as db:
        db.execute(text("INSERT INTO nowhere VALUES (:value)"), {"value": "私密"})
    assert "私密" not in str(raised.value)


def test_tables_that_are_missing_are_an_error(database_url: str) -> None:
    with Database(database_url) as database:
        if database_url.startswith("sqlite"):
            Path(database_url.removeprefix("sqlite:///")).parent.mkdir(parents=True)
        assert not database.is_current()
        with pytest.raises(Exception, match="parts"), database.read() as db:
            new_parts(db)
