"""Months past their time in the index: dropped by us, or by the server's lifecycle management."""

from collections.abc import Collection, Iterator
from datetime import datetime

from elasticsearch import Elasticsearch, NotFoundError

from schemas.elasticsearch import IndexTemplate, Json, load_lifecycle
from schemas.times import SHANGHAI
from stores.elastic_templates import indices_of

# Days that the server deletes later than our own reckoning: time to take out what an alert rests on.
_GRACE = 7
_LONGEST_MONTH = 31


def oldest_kept(now: datetime, months: int) -> str:
    """The oldest month that is kept: so many whole months before the present one. 0 keeps all.

    >>> oldest_kept(datetime(2026, 11, 22, tzinfo=SHANGHAI), 24)
    '2024.11'
    """
    if not months:
        return ""
    number = now.astimezone(SHANGHAI).year * 12 + now.astimezone(SHANGHAI).month - 1 - months
    return f"{number // 12:04}.{number % 12 + 1:02}"


def month_start(part: str, *, months_on: int = 0) -> datetime:
    """The beginning of a month in Beijing, or of one some months on."""
    year, month = map(int, part.split("."))
    number = year * 12 + month - 1 + months_on
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=SHANGHAI)


def drop_parts(client: Elasticsearch, index: IndexTemplate, parts: Collection[str]) -> None:
    """Delete the indices of these months."""
    if names := [index.concrete(part) for part in sorted(parts)]:
        client.indices.delete(index=names, ignore_unavailable=True)


def lifecycle_policy(months: int) -> Json:
    """The policy as the server takes it: what is that many months old, counted from the month's end, goes."""
    policy = load_lifecycle("monthly")
    policy["phases"]["delete"]["min_age"] = f"{months * _LONGEST_MONTH + _GRACE}d"
    return policy


def hand_over(
    client: Elasticsearch, index: IndexTemplate, months: int, held: Collection[str]
) -> Iterator[str]:
    """Let the server delete the months by a policy, those that are `held` excepted; what was changed."""
    name, policy = f"{index.alias}-retention", lifecycle_policy(months)
    if _put_policy(client, name, policy):
        yield f"生命周期策略 {name}：{policy['phases']['delete']['min_age']}"
    for one in indices_of(client, index):
        part = index.part(one)
        ends = int(month_start(part, months_on=1).timestamp() * 1000)
        wanted = None if part in held else name
        found = client.indices.get_settings(index=one, name="index.lifecycle.*", flat_settings=True)
        settings = found.body.get(one, {}).get("settings", {})
        if settings.get("index.lifecycle.name") != wanted:
            changed = {"index.lifecycle.name": wanted, "index.lifecycle.origination_date": ends}
            client.indices.put_settings(index=one, settings=changed)
            yield f"索引 {one}：{'不再到期删除' if wanted is None else '到期由服务器删除'}"


def _put_policy(client: Elasticsearch, name: str, policy: Json) -> bool:
    try:
        found = client.ilm.get_lifecycle(name=name).body
        if found[name]["policy"]["phases"]["delete"]["min_age"] == policy["phases"]["delete"]["min_age"]:
            return False
    except NotFoundError:
        pass
    client.ilm.put_lifecycle(name=name, policy=policy)
    return True
