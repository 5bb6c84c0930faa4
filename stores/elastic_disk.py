"""Whether a node's disk is so full that Elasticsearch has stopped, or soon stops, taking documents."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, Elasticsearch

_PREFIX = "cluster.routing.allocation.disk"
_UNITS = {"b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40, "pb": 2**50}
# From the worst to the mildest, with what the server does above it.
_MARKS = {
    "flood_stage": "已把上面的索引锁成只读，清出磁盘后自动解锁",
    "high": "开始把分片移往别的节点；再满就锁成只读",
    "low": "不再往上面放新的分片",
}


@dataclass(frozen=True, slots=True)
class DiskWarning:
    """One thing to say about the disks. `blocked`: documents are refused now."""

    line: str
    blocked: bool


def disk_warnings(client: Elasticsearch, indices: str) -> tuple[DiskWarning, ...]:
    """What stands in the way of writing into these indices (a pattern), or soon will. Where the server does
    not tell, as a serverless one does not, there is nothing to say."""
    return (*_locked(client, indices), *_full(client))


def _locked(client: Elasticsearch, indices: str) -> Iterator[DiskWarning]:
    lock = "index.blocks.read_only_allow_delete"
    found = client.indices.get_settings(index=indices, name=lock, flat_settings=True).body
    locked = sorted(name for name, one in found.items() if str(one["settings"].get(lock)).lower() == "true")
    if locked:
        line = f"{len(locked)} 个索引因磁盘快满被锁成只读，写不进去：{'、'.join(locked[:3])}"
        yield DiskWarning(f"{line}{' 等' if len(locked) > 3 else ''}。清出磁盘后服务器会自行解锁", True)


def _full(client: Elasticsearch) -> Iterator[DiskWarning]:
    try:
        settings = client.cluster.get_settings(include_defaults=True, flat_settings=True).body
        nodes = client.nodes.stats(metric="fs").body["nodes"]
    except ApiError as error:
        if error.status_code in {400, 403, 404, 405, 410}:
            return
        raise
    inforce = {**settings["defaults"], **settings["persistent"], **settings["transient"]}
    if str(inforce.get(f"{_PREFIX}.threshold_enabled", "true")).lower() != "true":
        return
    for node in nodes.values():
        total, free = (node["fs"]["total"][f"{name}_in_bytes"] for name in ("total", "available"))
        for mark, what in _MARKS.items():
            if free < least_free(inforce, mark, total):
                used = f"{node['name']} 的磁盘已用 {1 - free / total:.0%}（剩 {free / 2**30:.1f} GiB）"
                yield DiskWarning(f"{used}，过了 {mark} 水位：{what}", mark == "flood_stage")
                break


def least_free(settings: Mapping[str, Any], mark: str, total: int) -> float:
    """The bytes that have to be free on a disk of `total` bytes, by Elasticsearch's settings.

    A mark is a part of the disk that may be used (85%, 0.85) or bytes that stay free (500mb); the headroom
    caps what a percentage keeps free on a large disk.

    >>> least_free({"cluster.routing.allocation.disk.watermark.low": "85%"}, "low", 1000) // 1
    150.0
    >>> least_free({"cluster.routing.allocation.disk.watermark.low": "1kb"}, "low", 9000)
    1024.0
    """
    given = str(settings[f"{_PREFIX}.watermark.{mark}"]).lower()
    if given.endswith("%") or given.replace(".", "", 1).isdigit():
        share = float(given.removesuffix("%")) / (100 if given.endswith("%") else 1)
        room = str(settings.get(f"{_PREFIX}.watermark.{mark}.max_headroom", "-1")).lower()
        keep = total * (1 - share)
        return keep if room == "-1" else min(keep, _bytes(room))
    return _bytes(given)


def _bytes(text: str) -> float:
    number = text.rstrip("bkmgtp")
    return float(number) * _UNITS[text[len(number) :]]
