"""Rows of a query in any database that SQLAlchemy speaks to; the columns are those of its result."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

import orjson
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from crawlers.hotline.tables import LONGEST_CELL, Cell, Row, Table
from schemas.errors import ReadError, Where

SQL = "sql"
_AT_ONCE = 1_000
_PLAIN = (str, int, float, bool, datetime, date, time)


@dataclass(frozen=True, slots=True)
class Query:
    """A query, where it is asked, and the value of its parameter `:since` where it has one."""

    url: str
    statement: str
    since: str | None = None


def read_sql(query: Query, where: Where) -> Table:
    """The rows of a query, streaming, numbered from 2 below a header row.

    Raises ReadError, also from the rows, where the database refuses it or breaks off: what came before may be
    kept, as the same query gives it again. Its text never holds the URL.
    """
    rows = _named(_rows(query), where)
    return Table(rows, SQL)


def _named(rows: Iterator[Row], where: Where) -> Iterator[Row]:
    try:
        yield from rows
    except SQLAlchemyError as error:
        raise ReadError(where, "查询", _told(error), "数据库答得出的查询") from error


def _rows(query: Query) -> Iterator[Row]:
    engine = create_engine(query.url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            streaming = connection.execution_options(stream_results=True, yield_per=_AT_ONCE)
            given = {} if query.since is None else {"since": query.since}
            with streaming.execute(text(query.statement), given) as found:
                yield Row(1, tuple(found.keys()), b"")
                for number, values in enumerate(found, start=2):
                    cells = tuple(_cell(value) for value in values)
                    yield Row(number, cells, orjson.dumps(cells, default=str), _problem(cells))
    finally:
        engine.dispose()


def _cell(value: object) -> Cell:
    return value if value is None or isinstance(value, _PLAIN) else str(value)


def _problem(cells: tuple[Cell, ...]) -> str:
    texts = [cell for cell in cells if isinstance(cell, str)]
    if any(len(cell) > LONGEST_CELL for cell in texts):
        return "单元格过长"
    return "有 NUL 字符" if any("\0" in cell for cell in texts) else ""


def _told(error: SQLAlchemyError) -> str:
    """What the database's driver says, in one line."""
    return " ".join(str(getattr(error, "orig", None) or type(error).__name__).split())[:200]
