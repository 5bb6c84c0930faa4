"""The one-time links of mails that were used: by whom, for what and when."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from stores.database.tables import used_links
from stores.database.upsert import insert_new, plain_text


@dataclass(frozen=True, slots=True)
class UsedLink:
    """A link that was used. `token` is the SHA-256 of what stood in the link, in hex."""

    token: str
    alert_id: str
    action: str
    who: str
    at: datetime


def use_link(db: Connection, link: UsedLink) -> bool:
    """Note that a link is used, in the transaction that does what it asks; False when it was used before."""
    return insert_new(db, used_links, [asdict(link) | {"who": plain_text(link.who)}]) == 1


def find_used(db: Connection, token: str) -> UsedLink | None:
    """Who used a link and when; None where nobody has."""
    row = db.execute(select(used_links).where(used_links.c.token == token)).one_or_none()
    return None if row is None else UsedLink(**row._mapping)  # noqa: SLF001 - the public name of a mapping
