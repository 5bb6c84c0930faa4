"""When hotline tickets came in, were answered and closed, as columns: for figures over all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from stores.database.tables import tickets

# Stages of schemas.tickets in which somebody still has to act.
OPEN_STAGES = frozenset(["waiting", "working"])


@dataclass(frozen=True, slots=True)
class WorkTimes:
    """The times of one ticket; None for what has not happened or nobody says. `unit` is empty where no unit
    was named."""

    source: str
    unit: str
    stage: str
    submitted: datetime
    replied_at: datetime | None
    closed_at: datetime | None
    due: datetime | None

    @property
    def answered_at(self) -> datetime | None:
        """When it was answered, or closed where no answer is told."""
        return self.replied_at or self.closed_at

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act."""
        return self.stage in OPEN_STAGES


def work_times(db: Connection, since: datetime, source: str | None = None) -> Iterator[WorkTimes]:
    """The times of the tickets submitted from `since` on, those of one source or of all."""
    columns = tickets.c
    query = select(
        columns.source,
        columns.unit,
        columns.stage,
        columns.submitted,
        columns.replied_at,
        columns.closed_at,
        columns.due,
    ).where(columns.submitted >= since)
    if source is not None:
        query = query.where(columns.source == source)
    for row in db.execute(query.execution_options(yield_per=5_000)):
        yield WorkTimes(*row)
