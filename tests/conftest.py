"""Real parts for every test: servers started once per session, fresh databases, an empty mailbox."""

import os
from collections.abc import Callable, Iterator
from typing import NoReturn, TypeVar

import pytest

from pipeline.dev.elastic import Elastic, install_elastic
from pipeline.dev.postgres import Postgres, install_postgres
from pipeline.dev.service import PartMissingError
from stores.database import Database
from tests.parts.dovecot import Dovecot, install_dovecot
from tests.parts.smtp import SmtpServer, start_smtp
from tests.parts.web import WebServer, start_web

Part = TypeVar("Part", Elastic, Postgres, Dovecot)


def miss(reason: str) -> NoReturn:
    """Skip on a user's machine; fail where QIANSHAO_REQUIRE_PARTS=1 says that every part must be there."""
    if os.environ.get("QIANSHAO_REQUIRE_PARTS") == "1":
        pytest.fail(f"缺少部件 (missing part): {reason}", pytrace=False)
    pytest.skip(f"缺少部件，跳过 (missing part, skipped): {reason}")


def _started(install: Callable[[], Part]) -> Part:
    try:
        part = install()
        try:
            part.start()
        except BaseException:
            part.remove()
            raise
    except PartMissingError as error:
        miss(str(error))
    return part


@pytest.fixture(scope="session")
def elastic() -> Iterator[Elastic]:
    """A running Elasticsearch; a test that stops it must start it again."""
    node = _started(install_elastic)
    yield node
    node.remove()


@pytest.fixture(scope="session")
def elastic_url(elastic: Elastic) -> str:
    """The address of a running Elasticsearch."""
    return elastic.url


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL."""
    server = _started(install_postgres)
    yield server
    server.remove()


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A running IMAP server with one mailbox; each test takes a folder of its own."""
    server = _started(install_dovecot)
    yield server
    server.remove()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of a fresh, empty PostgreSQL database."""
    with postgres.fresh_database() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh, empty database: every test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('tmp_path') / 'state' / 'qianshao.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database with its tables."""
    with Database(database_url) as opened:
        opened.upgrade()
        yield opened


@pytest.fixture(scope="session")
def _smtp() -> Iterator[SmtpServer]:
    server, stop = start_smtp()
    yield server
    stop()


@pytest.fixture
def smtp_server(_smtp: SmtpServer) -> SmtpServer:
    """A running mail server with an empty mailbox that takes everything."""
    _smtp.reset()
    return _smtp


@pytest.fixture
def web_server() -> Iterator[WebServer]:
    """A running web server with an empty table of pages."""
    server, stop = start_web()
    yield server
    stop()
