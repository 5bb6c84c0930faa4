"""The Kibana objects as shipped: six dashboards with their data views, saved searches and maps."""

from pathlib import Path
from typing import Any

import orjson

from schemas.elasticsearch import PREFIX
from schemas.errors import ReadError, Where

FILE = Path(__file__).parent / "qianshao.ndjson"
Json = dict[str, Any]


def load_objects(prefix: str = PREFIX, path: Path = FILE) -> tuple[Json, ...]:
    """The saved objects in the order of the file; data views look at the indices of this deployment.

    Ids stay the same under every prefix, so that links and a later import find them. Raises ReadError for a
    line that is no JSON object.
    """
    objects: list[Json] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            one = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise ReadError(Where(path.name, number), "JSON", error.msg, "一行一个 JSON 对象") from error
        objects.append(_under_prefix(one, prefix))
    return tuple(objects)


def write_ndjson(objects: tuple[Json, ...]) -> bytes:
    """The file that Kibana imports: one object a line."""
    return b"".join(orjson.dumps(one, option=orjson.OPT_SORT_KEYS) + b"\n" for one in objects)


def _under_prefix(one: Json, prefix: str) -> Json:
    if one["type"] != "index-pattern":
        return one
    title = prefix + one["attributes"]["title"].removeprefix(PREFIX)
    return {**one, "attributes": {**one["attributes"], "title": title}}
