"""Counts per hour, place and label in the state: always what a GROUP BY over the posts would give."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from stores.database.tables import posts, series
from stores.database.upsert import add_up, in_batches

SPAM = "spam"
_HOUR = 3_600


class Cell(NamedTuple):
    """One hour at one place with one label: `complaint.<name>`, `incident.<name>` or `spam`.

    `hour` counts from 1970 in UTC; hours of Beijing time begin with those. The place is a post's own, its
    path and code, both empty where it names none.
    """

    hour: int
    place_path: str
    place_code: str
    label: str

    @property
    def id(self) -> str:
        """The same for the same cell wherever it is counted: SHA-256, the first 24 hex digits."""
        joined = f"{self.hour}\0{self.place_path}\0{self.place_code}\0{self.label}"
        return hashlib.sha256(joined.encode()).hexdigest()[:24]

    @property
    def start(self) -> datetime:
        """When the hour begins."""
        return datetime.fromtimestamp(self.hour * _HOUR, UTC)


class Count(NamedTuple):
    """How many posts there are in a cell; 0 where the last one has gone elsewhere."""

    cell: Cell
    posts: int


def count_moves(db: Connection, rows: Sequence[Mapping[str, Any]]) -> Counter[Cell]:
    """What saving these rows of posts, one a post, changes: each cell with what is to be added to it.

    A row that is fetched before the one it would replace changes nothing, as it will not be saved.
    """
    told = (posts.c.time, posts.c.place_path, posts.c.place_code)
    said = (posts.c.spam, posts.c.complaint, posts.c.incident)
    query = select(posts.c.id, posts.c.fetched_at, *told, *said)
    found = db.execute(query.where(posts.c.id.in_([row["id"] for row in rows])))
    known = {key: (fetched_at, values) for key, fetched_at, *values in found}
    moves: Counter[Cell] = Counter()
    for row in rows:
        before = known.get(row["id"])
        if before is not None:
            if row["fetched_at"] < before[0]:
                continue
            moves.subtract(_cells(*before[1]))
        place = row["place_path"], row["place_code"]
        moves.update(_cells(row["time"], *place, row["spam"], row["complaint"], row["incident"]))
    return moves


def add_counts(db: Connection, moves: Mapping[Cell, int]) -> None:
    """Add to the cells, in the transaction that saves the posts."""
    rows = [
        {
            "id": cell.id,
            "hour": cell.start,
            "place_path": cell.place_path,
            "place_code": cell.place_code,
            "label": cell.label,
            "count": number,
        }
        for cell, number in moves.items()
        if number
    ]
    # Always in one order, so that two transactions never wait for each other's rows.
    rows.sort(key=lambda row: str(row["id"]))
    for batch in in_batches(rows):
        add_up(db, series, batch, "count")


def read_counts(db: Connection) -> Iterator[Count]:
    """Every cell with a post, in no order."""
    query = select(series).where(series.c.count != 0).execution_options(yield_per=1_000)
    for row in db.execute(query):
        yield read_count(row)


def read_count(row: Any) -> Count:  # noqa: ANN401 - a row of the table
    """A cell as its row holds it."""
    hour = int(row.hour.timestamp()) // _HOUR
    return Count(Cell(hour, row.place_path, row.place_code, row.label), row.count)


def _cells(
    time: datetime, path: str, code: str | None, spam: bool, complaint: str, incident: str
) -> list[Cell]:
    hour = int(time.timestamp() // _HOUR)
    if spam:
        return [Cell(hour, path, code or "", SPAM)]
    found = [Cell(hour, path, code or "", f"complaint.{complaint}")]
    if incident != "none":
        found.append(Cell(hour, path, code or "", f"incident.{incident}"))
    return found
