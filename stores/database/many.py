"""Pairs of texts by the hundred thousand: each statement gets them as one value and hands them back as one.

A statement for each row would cost more than the row, and would hold Python's lock between them.
"""

from collections.abc import Iterable, Mapping, Sequence

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    any_,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite

# Pairs in one statement.
MANY = 100_000

Pair = tuple[str, str]


def find_pairs(
    db: Connection, first: Column[str], second: Column[str], firsts: Sequence[str]
) -> Iterable[Pair]:
    """The pairs of two columns whose first is one of these."""
    if db.dialect.name == "postgresql":
        wanted = first == any_(literal(firsts, postgresql.ARRAY(Text)))
        return [(row[0], row[1]) for row in db.execute(select(first, second).where(wanted))]
    each = func.json_each(_json(firsts)).table_valued("value")
    query = select(func.json_group_array(func.json_array(first, second))).where(
        first.in_(select(each.c.value))
    )
    return [(key, value) for key, value in orjson.loads(db.execute(query).scalar_one())]


def insert_pairs(
    db: Connection, table: Table, pairs: Sequence[Pair], same: Mapping[Column[object], object]
) -> int:
    """Insert those pairs, a table's primary key, that are not there yet, with the `same` values beside each;
    returns how many were new."""
    names = [column.name for column in (*table.primary_key, *same)]
    beside = [literal(value, column.type) for column, value in same.items()]
    if db.dialect.name == "postgresql":
        rows = select(*(_unnested(texts) for texts in zip(*pairs, strict=True)), *beside)
        insert = postgresql.insert(table).from_select(names, rows)
        return db.execute(insert.on_conflict_do_nothing(), execution_options=_COUNTED).rowcount
    # In the order of the key, so that pages of the tree are written one after the other.
    found = sqlite.insert(table).from_select(names, _unpacked(pairs, beside))
    return db.execute(found.on_conflict_do_nothing(), execution_options=_COUNTED).rowcount


# Without the option SQLAlchemy forgets the count of an INSERT.
_COUNTED = {"preserve_rowcount": True}


def _unpacked(pairs: Sequence[Pair], beside: Sequence[ColumnElement[object]]) -> Select[tuple[object, ...]]:
    each = func.json_each(_json(pairs)).table_valued("value")
    first, second = (func.json_extract(each.c.value, f"$[{at}]") for at in (0, 1))
    # SQLite takes ON CONFLICT for a part of a SELECT that has no WHERE.
    return select(first, second, *beside).where(true()).order_by(first)


def _unnested(texts: Sequence[str]) -> ColumnElement[str]:
    return func.unnest(literal(list(texts), postgresql.ARRAY(Text)))


def _json(texts: Sequence[str] | Sequence[Pair]) -> str:
    return orjson.dumps(texts).decode()
