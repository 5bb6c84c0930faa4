"""The connection to the state database: transactions, SQLite's settings and the migrations."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Self
from zlib import crc32

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.pool import ConnectionPoolEntry

from stores.errors import StoreUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 30
# Any number does that nothing else on the server locks; it keeps two upgrades from running at once.
UPGRADE_LOCK = 7_120_350


class Database:
    """The state, on SQLite (`sqlite:///path`) or PostgreSQL (`postgresql+psycopg://user:password@host/name`).

    The password shows in no repr and no error. Raises StoreUnavailable where the URL or the server is wrong.
    """

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url)
            self.engine = create_engine(self._url, hide_parameters=True, pool_pre_ping=True)
        except (ArgumentError, NoSuchModuleError):
            # The URL itself may hold a password, so neither it nor the library's words are repeated.
            raise StoreUnavailable(
                "数据库地址写法不对：应为 sqlite:///路径 或 postgresql+psycopg://用户:密码@主机/库名"
            ) from None
        except ModuleNotFoundError as error:
            line = f"缺少数据库驱动 {error.name}；PostgreSQL 请装 qianshao[postgres]"
            raise StoreUnavailable(line) from error
        if self.engine.dialect.name == "sqlite":
            _prepare_sqlite(self.engine)

    def __repr__(self) -> str:
        return f"Database({self._url.render_as_string(hide_password=True)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; a later call opens new ones."""
        self.engine.dispose()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One writing transaction: all of it is kept, or, after an exception, none of it."""
        with self._clear_errors(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One reading transaction: a steady view that blocks no writer."""
        with self._clear_errors(), self.engine.connect() as connection:
            connection.execution_options(reading=True)
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Wait until no other process does what goes by this name; a process that dies gives it back."""
        with self._clear_errors(), self._lock_file(name), self.engine.connect() as connection:
            if connection.dialect.name != "postgresql":
                yield
                return
            free = connection.execution_options(isolation_level="AUTOCOMMIT")
            free.execute(text("SELECT pg_advisory_lock(:key)"), {"key": crc32(name.encode())})
            try:
                yield
            finally:
                free.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": crc32(name.encode())})

    @contextmanager
    def _lock_file(self, name: str) -> Iterator[None]:
        if self.engine.dialect.name != "sqlite" or not self._url.database:
            yield
            return
        with Path(f"{self._url.database}.{name}.lock").open("w") as file:
            flock(file, LOCK_EX)
            yield

    def upgrade(self) -> bool:
        """Bring the tables to this version's shape; True when something was to do. Safe to run at once in two
        processes."""
        if self.engine.dialect.name == "sqlite" and self._url.database:
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        with self.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
            config = _alembic_config(connection)
            if _is_current(connection, config):
                return False
            command.upgrade(config, "head")
        return True

    def is_current(self) -> bool:
        """Whether the tables have this version's shape."""
        with self.read() as connection:
            return _is_current(connection, _alembic_config(connection))

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if not _is_server_trouble(error):
                raise
            shown = self._url.render_as_string(hide_password=True)
            line = f"数据库 {shown} 用不了：{' '.join(str(error.orig).split())}"
            raise StoreUnavailable(line) from error


def _is_server_trouble(error: DBAPIError) -> bool:
    """Out of reach, locked, full, damaged or without our tables; not a row that breaks a constraint."""
    if isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated:
        return True
    # SQLite says DatabaseError itself, and no subclass of it, of a file that is none of its own.
    return type(error) is DatabaseError


def _is_current(connection: Connection, config: Config) -> bool:
    heads = ScriptDirectory.from_config(config).get_heads()
    return set(MigrationContext.configure(connection).get_current_heads()) == set(heads)


def _alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # The driver must not open transactions by itself: it would do so late and without the write lock.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock at once, so that two writers wait for each other instead of failing midway.
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
