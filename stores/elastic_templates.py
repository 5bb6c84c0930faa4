"""Bringing the shipped templates, indices and aliases onto an Elasticsearch server, as often as one likes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, BadRequestError, Elasticsearch, NotFoundError

from schemas.elasticsearch import IndexTemplate, Template, Templates
from stores.elastic_client import api_reason
from stores.errors import StoreRefusedError


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What `apply` changed, in words; empty when all was as it should be.

    `unfilled` are the kinds whose readers still see an older version: it hands over once the new one is
    filled (take_over). `lifecycle` tells whether the server has index lifecycle management.
    """

    changed: tuple[str, ...]
    unfilled: tuple[str, ...]
    lifecycle: bool


def apply_templates(client: Elasticsearch, templates: Templates) -> ApplyReport:
    """Put what is missing or different. Raises StoreRefusedError where a mapping cannot change in place."""
    changed = [f"组件模板 {one.name}" for one in templates.components if _put_component(client, one)]
    for kind, index in templates.indices.items():
        changed += _put_index(client, index, templates.mappings(kind))
    unfilled = [
        kind for kind, index in templates.indices.items() if _holders(client, index.alias) != {index.index}
    ]
    return ApplyReport(tuple(changed), tuple(unfilled), has_lifecycle(client))


def _put_index(client: Elasticsearch, index: IndexTemplate, wanted: dict[str, Any]) -> Iterator[str]:
    """Template, index and aliases of one kind; what was changed."""
    if _put_index_template(client, index.template):
        yield f"索引模板 {index.template.name}"
    if _create_index(client, index):
        yield f"索引 {index.index}"
    elif _extend_mapping(client, index, wanted):
        yield f"映射 {index.index}"
    free = [] if _holders(client, index.alias) else [index.alias]
    for alias in (index.write_alias, *free):
        if _point_alias(client, alias, index.index):
            yield f"别名 {alias} → {index.index}"


def missing_kinds(client: Elasticsearch, templates: Templates) -> tuple[str, ...]:
    """The kinds whose index is not there; once it is made, their rows must be written to it."""
    return tuple(
        kind for kind, index in templates.indices.items() if not client.indices.exists(index=index.index)
    )


def take_over(client: Elasticsearch, index: IndexTemplate) -> tuple[str, ...]:
    """Let readers see the index of this version, in one step; the older ones, which are deleted."""
    older = tuple(sorted(_holders(client, index.alias) - {index.index}))
    _point_alias(client, index.alias, index.index)
    if older:
        client.indices.delete(index=list(older))
    return older


def has_lifecycle(client: Elasticsearch) -> bool:
    """Whether the server has index lifecycle management; the small distribution has not."""
    try:
        client.ilm.get_status()
    except ApiError as error:
        # A server without it does not know the path (400) or the method on it (405).
        if error.status_code in {400, 404, 405}:
            return False
        raise
    return True


def _put_component(client: Elasticsearch, template: Template) -> bool:
    try:
        found = client.cluster.get_component_template(name=template.name)["component_templates"]
        if found[0]["component_template"].get("_meta", {}).get("digest") == template.digest:
            return False
    except NotFoundError:
        pass
    body = template.body
    client.cluster.put_component_template(
        name=template.name, template=body["template"], version=body["version"], meta=body["_meta"]
    )
    return True


def _put_index_template(client: Elasticsearch, template: Template) -> bool:
    try:
        found = client.indices.get_index_template(name=template.name)["index_templates"]
        if found[0]["index_template"].get("_meta", {}).get("digest") == template.digest:
            return False
    except NotFoundError:
        pass
    body = template.body
    client.indices.put_index_template(
        name=template.name,
        index_patterns=body["index_patterns"],
        composed_of=body["composed_of"],
        template=body["template"],
        priority=body["priority"],
        version=body["version"],
        meta=body["_meta"],
    )
    return True


def _create_index(client: Elasticsearch, index: IndexTemplate) -> bool:
    if client.indices.exists(index=index.index):
        return False
    try:
        client.indices.create(index=index.index)
    except BadRequestError as error:
        # Another process was faster.
        if error.error != "resource_already_exists_exception":
            raise
    return True


def _extend_mapping(client: Elasticsearch, index: IndexTemplate, wanted: dict[str, Any]) -> bool:
    if _holds(client, index, wanted):
        return False
    try:
        client.indices.put_mapping(index=index.index, **wanted)
    except BadRequestError as error:
        reason = (
            f"索引 {index.index} 的字段不能就地改成新的样子（{api_reason(error)}）："
            f"把 schemas/elasticsearch/indices/{index.kind}.json 的 version 加一，再 apply 与 rebuild"
        )
        raise StoreRefusedError(reason) from error
    return True


def _holds(client: Elasticsearch, index: IndexTemplate, wanted: dict[str, Any]) -> bool:
    found = client.indices.get_mapping(index=index.index)[index.index]["mappings"]
    return _covers(found, wanted)


def _covers(found: object, wanted: object) -> bool:
    """Whether all that is wanted is found; the server leaves out defaults and writes booleans as text."""
    if isinstance(wanted, dict):
        defaults = {"analyzer": "standard"} if wanted.get("type") == "text" else {}
        return isinstance(found, dict) and all(
            _covers(found.get(key, defaults.get(key)), value) for key, value in wanted.items()
        )
    return str(found).lower() == str(wanted).lower()


def _holders(client: Elasticsearch, alias: str) -> set[str]:
    try:
        return set(client.indices.get_alias(name=alias).body)
    except NotFoundError:
        return set()


def _point_alias(client: Elasticsearch, alias: str, index: str) -> bool:
    """Let the alias mean this index and no other; whether it did not yet."""
    holders = _holders(client, alias)
    if holders == {index}:
        return False
    actions: list[dict[str, Any]] = [
        {"remove": {"index": old, "alias": alias}} for old in sorted(holders - {index})
    ]
    actions.append({"add": {"index": index, "alias": alias, "is_write_index": True}})
    client.indices.update_aliases(actions=actions)
    return True
