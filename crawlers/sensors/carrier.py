"""Readings on their way out of a crawl: a crawl writes records of one shape, so a reading travels as one."""

from datetime import datetime

from crawlers.sensors.reader import Told
from schemas.posts import make_post
from schemas.records import RawPost

_KIND = "reading"


def carry_reading(told: Told, source: str, url: str, now: datetime) -> RawPost:
    """The record that carries a told value; a changed value is a new revision of the same record."""
    at = told.at.isoformat()
    return make_post(
        source,
        f"{told.station}|{told.quantity}|{at}",
        f"{told.station} {told.quantity} {told.value} {told.unit}",
        "",
        fetched_at=now,
        published_at=told.at,
        url=url,
        extra={
            "record": _KIND,
            "station": told.station,
            "quantity": told.quantity,
            "value": told.value,
            "unit": told.unit,
        },
    )


def is_carrier(post: RawPost) -> bool:
    """Whether a record of a crawl carries a reading."""
    return post.extra.get("record") == _KIND


def carried_reading(post: RawPost) -> Told:
    """The value that `carry_reading` put into a record. Raises ValueError for one without a time."""
    if post.origin.published_at is None:
        raise ValueError(post.origin.id)
    station, quantity, value, unit = (
        str(post.extra[name]) for name in ("station", "quantity", "value", "unit")
    )
    return Told(station, quantity, unit, value, post.origin.published_at)
