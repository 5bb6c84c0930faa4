"""Which tables were imported before, by their content: such a table tells nothing about today."""

import hashlib
from datetime import datetime
from pathlib import Path

from pipeline.rooms import Rooms
from stores.database.meta import get_meta, set_meta


def was_imported(rooms: Rooms, source: str, path: Path) -> bool:
    """Whether a table of this very content was imported for this source."""
    with rooms.database.read() as db:
        return get_meta(db, _key(source, path)) is not None


def note_imported(rooms: Rooms, source: str, path: Path, at: datetime) -> None:
    """Remember a table that was imported whole, and when."""
    with rooms.database.begin() as db:
        set_meta(db, _key(source, path), at.isoformat())


def _key(source: str, path: Path) -> str:
    with path.open("rb") as file:
        return f"table/{source}/{hashlib.file_digest(file, 'sha256').hexdigest()}"
