"""Documents that Elasticsearch refused: their rows wait again, once mapping or record is put right."""

from datetime import datetime

from sqlalchemy import Connection

from schemas.errors import ReadError, Where
from schemas.records import Quarantined
from schemas.times import SHANGHAI
from stores.database.coverage import COVERED
from stores.database.index import KINDS, forget_row
from stores.database.meta import get_meta, set_meta

REJECTED = "elasticsearch/"
WAITS = "等下一次建索引"


def is_rejected(record: Quarantined) -> bool:
    """Whether it is a document of the index, not something that was collected."""
    return record.source.startswith(REJECTED)


def let_wait(db: Connection, record: Quarantined) -> None:
    """Let the row behind a refused document wait for the index again; refused once more, it comes back.

    Raises ReadError where the state holds that row no more.
    """
    kind = record.source.removeprefix(REJECTED)
    if kind == "coverage":
        day = datetime.fromisoformat(record.where.rpartition("@")[2]).replace(tzinfo=SHANGHAI)
        known = get_meta(db, COVERED)
        if known is not None and datetime.fromisoformat(known) > day:
            set_meta(db, COVERED, day.isoformat())
    elif kind not in KINDS or not forget_row(db, kind, record.where):
        raise ReadError(Where("状态库"), kind, record.where, "状态库里还有的记录；没有的用 quarantine drop")
