"""Quarantined records as JSON lines: the bytes in base64, so that any of them survives."""

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import orjson

from schemas.errors import ReadError, Where
from schemas.records import Quarantined


def encode_quarantined(record: Quarantined) -> bytes:
    """One line of JSON without its line end: source, url (or file and row), reason, raw in base64, at."""
    return orjson.dumps(
        {
            "source": record.source,
            "url": record.where,
            "reason": record.reason,
            "raw": base64.b64encode(record.raw).decode("ascii"),
            "at": record.at,
        }
    )


def decode_quarantined(line: bytes, where: Where) -> Quarantined:
    """The record that `encode_quarantined` wrote. Raises ReadError for a line of another shape."""
    try:
        row = orjson.loads(line)
        return Quarantined(
            source=row["source"],
            where=row["url"],
            reason=row["reason"],
            raw=base64.b64decode(row["raw"], validate=True),
            at=datetime.fromisoformat(row["at"]),
        )
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise ReadError(where, "隔离记录", line[:80], "encode_quarantined 写出的一行") from error


def read_quarantine(path: Path) -> Iterator[Quarantined]:
    """The records of a quarantine file, one by one."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            yield decode_quarantined(line, Where(str(path), number))
