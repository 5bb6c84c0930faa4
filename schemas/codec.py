"""Records to JSON and back, without loss."""

from dataclasses import is_dataclass
from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from schemas.errors import ReadError, Where

Record = TypeVar("Record")


def encode(record: object) -> bytes:
    """One record as one line of JSON: times in ISO 8601 with their zone, tuples as lists."""
    if not is_dataclass(record):
        msg = f"not a record: {type(record).__name__}"
        raise TypeError(msg)
    return orjson.dumps(record)


_adapters: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def decode(kind: type[Record], data: bytes | str, where: Where) -> Record:
    """The record that `encode` wrote. Raises ReadError with the first field that does not fit."""
    try:
        record: Record = _adapter(kind).validate_json(data)
    except ValidationError as error:
        first: Any = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or kind.__name__
        raise ReadError(where, field, first["input"], first["msg"]) from error
    return record
