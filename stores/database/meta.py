"""Single values the jobs keep between runs, such as the time of the last tick."""

from sqlalchemy import Connection, select

from stores.database.tables import meta
from stores.database.upsert import plain_text, upsert


def get_meta(db: Connection, key: str) -> str | None:
    """The value kept under `key`, or None."""
    return db.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none()


def set_meta(db: Connection, key: str, value: str) -> None:
    """Keep `value` under `key`."""
    upsert(db, meta, [{"key": key, "value": plain_text(value)}])
