"""The tables of the state database, the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    true,
)

METADATA = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"}
)


class UtcTime(TypeDecorator[datetime]):
    """A moment in time: refuses a time without zone, is stored as UTC and comes back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC for the database; SQLite keeps no zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"time without zone: {value.isoformat()}"
            raise ValueError(msg)
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def _index_columns() -> list[Column[int]]:
    # `changed` grows with every change of the row, which waits for the index while it exceeds `indexed`.
    return [
        Column("changed", BigInteger, nullable=False),
        Column("indexed", BigInteger, nullable=False, server_default="0"),
    ]


def _waiting(table: Table) -> Index:
    waits = table.c.changed > table.c.indexed
    name = f"ix_{table.name}_waiting"
    # With the id, as readers go through it: a page of rows is not sorted anew, documents and all.
    return Index(name, table.c.changed, *table.primary_key, sqlite_where=waits, postgresql_where=waits)


parts = Table(
    "parts",
    METADATA,
    Column("path", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("lines", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "state", "at"),
)

seen_revisions = Table(
    "seen_revisions",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("revision", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
)

posts = Table(
    "posts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("revision", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("time", UtcTime, nullable=False),
    Column("fetched_at", UtcTime, nullable=False),
    Column("place_code", Text),
    Column("place_path", Text, nullable=False),
    Column("complaint", Text, nullable=False),
    Column("incident", Text, nullable=False),
    Column("spam", Boolean, nullable=False),
    Column("event_id", Text),
    # Whose index the post is in: set with its first revision and never changed, as its time may be.
    Column("month", String(7), nullable=False, server_default=""),
    Column("document", Text, nullable=False),
    *_index_columns(),
    Index(None, "time"),
    Index(None, "month"),
    Index(None, "event_id"),
)
_waiting(posts)

events = Table(
    "events",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("document", Text, nullable=False),
    *_index_columns(),
    Index(None, "last_seen"),
)
_waiting(events)

event_links = Table(
    "event_links",
    METADATA,
    Column("kind", String(16), primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("other_id", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("post_id", Text, nullable=False),
    # The order in which links were made: of two at one moment the first may be what the second builds on.
    Column("number", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    Index(None, "other_id"),
    Index(None, "number"),
)

alerts = Table(
    "alerts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("group", Text, nullable=False),
    Column("event_id", Text),
    Column("level", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("raised_at", UtcTime, nullable=False),
    Column("document", Text, nullable=False),
    *_index_columns(),
    Index(None, "state"),
    Index(None, "raised_at"),
)
_waiting(alerts)

alert_revisions = Table(
    "alert_revisions",
    METADATA,
    Column("alert_id", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("raised_at", UtcTime, nullable=False),
    Column("document", Text, nullable=False),
)

sent_log = Table(
    "sent_log",
    METADATA,
    Column("message_id", Text, primary_key=True),
    Column("alert_id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("to", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "alert_id", "revision"),
)

silences = Table(
    "silences",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("place", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("group", Text, nullable=False),
    Column("ended_by", Text, nullable=False),
    Index(None, "until"),
)

silence_hits = Table(
    "silence_hits",
    METADATA,
    Column("silence_id", Text, primary_key=True),
    Column("alert_id", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
)

used_links = Table(
    "used_links",
    METADATA,
    Column("token", String(64), primary_key=True),
    Column("alert_id", Text, nullable=False),
    Column("action", String(16), nullable=False),
    Column("who", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

series = Table(
    "series",
    METADATA,
    Column("id", Text, primary_key=True),
    # The start of the hour; place and label are those of Cell in stores/database/series.py.
    Column("hour", UtcTime, nullable=False),
    Column("place_path", Text, nullable=False),
    Column("place_code", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("count", Integer, nullable=False),
    *_index_columns(),
)
_waiting(series)

tickets = Table(
    "tickets",
    METADATA,
    # That of the ticket's post.
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("unit", Text, nullable=False),
    Column("place_code", Text),
    Column("place_path", Text, nullable=False),
    Column("complaint", Text, nullable=False),
    Column("detail", Text),
    Column("incident", Text, nullable=False),
    Column("submitted", UtcTime),
    Column("replied_at", UtcTime),
    Column("closed_at", UtcTime),
    Column("due", UtcTime),
    Column("revisions", Integer, nullable=False),
    Column("transfers", Integer, nullable=False),
    Column("document", Text, nullable=False),
    *_index_columns(),
    Index(None, "submitted"),
    Index(None, "stage", "unit"),
)
_waiting(tickets)

quarantine = Table(
    "quarantine",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("where", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reader", Text, nullable=False, server_default=""),
    # What somebody put in the place of `raw`, or of the cells in `reader`; who, when and why last.
    Column("fixed", LargeBinary),
    Column("who", Text, nullable=False, server_default=""),
    Column("settled", UtcTime),
    Column("note", Text, nullable=False, server_default=""),
    Index(None, "state", "source"),
)

source_runs = Table(
    "source_runs",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("started", UtcTime, primary_key=True),
    Column("finished", UtcTime),
    Column("fetched", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("expected_min", Integer),
    Column("expected_max", Integer),
    Column("status", String(16), nullable=False),
    Column("note", Text, nullable=False),
    # Counts by reason, as JSON: of pages that could not be fetched, of records that could not be read.
    Column("failures", Text, nullable=False, server_default="{}"),
    Column("refusals", Text, nullable=False, server_default="{}"),
    # Whether the run came to the end of what its source lists, or to what was known.
    Column("complete", Boolean, nullable=False, server_default=true()),
    # What the new records have and lack, as JSON: how many, without text, time, author; their median length.
    Column("measures", Text, nullable=False, server_default="{}"),
    Index(None, "started"),
)

source_gaps = Table(
    "source_gaps",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("since", UtcTime, primary_key=True),
    Column("until", UtcTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("found", UtcTime, nullable=False),
    Column("settled", UtcTime),
    Column("note", Text, nullable=False),
    Index(None, "state"),
)

readings = Table(
    "readings",
    METADATA,
    Column("station", Text, primary_key=True),
    Column("quantity", Text, primary_key=True),
    Column("at", UtcTime, primary_key=True),
    Column("value", Double, nullable=False),
    Column("source", Text, nullable=False),
    Column("received", UtcTime, nullable=False),
    # Whether the rules have been asked at it; a corrected value is a reading they have not seen.
    Column("judged", Boolean, nullable=False),
    Index(None, "at"),
)
Index(
    "ix_readings_waiting",
    readings.c.received,
    sqlite_where=~readings.c.judged,
    postgresql_where=~readings.c.judged,
)

meta = Table(
    "meta",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
