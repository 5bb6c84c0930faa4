"""The state: what was fetched, seen, judged, raised and sent; SQLite or PostgreSQL."""

from stores.database.engine import Database

__all__ = ["Database"]
