"""Bringing the shipped templates, indices and aliases onto an Elasticsearch server, as often as one likes."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, BadRequestError, Elasticsearch, NotFoundError

from schemas.elasticsearch import IndexTemplate, Template, Templates
from stores.elastic_client import api_reason
from stores.errors import StoreRefusedError

Parts = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What `apply` changed, in words; empty when all was as it should be.

    `unfilled` are the kinds whose readers still see an older version: it hands over once the new one is
    filled (take_over). `lifecycle` tells whether the server has index lifecycle management, `analyzer` which
    Chinese analysis its plugins offer, empty for none.
    """

    changed: tuple[str, ...]
    unfilled: tuple[str, ...]
    lifecycle: bool
    analyzer: str = ""


def apply_templates(client: Elasticsearch, templates: Templates, parts: Parts) -> ApplyReport:
    """Put what is missing or different; `parts` are the months of each monthly kind, one at least.

    Raises StoreRefusedError where a mapping cannot change in place.
    """
    changed = [f"组件模板 {one.name}" for one in templates.components if _put_component(client, one)]
    for kind, index in templates.indices.items():
        changed += _put_index(client, index, templates.mappings(kind), sorted(parts.get(kind, ("",))))
    unfilled = [kind for kind, index in templates.indices.items() if not _is_read(client, index)]
    return ApplyReport(tuple(changed), tuple(unfilled), has_lifecycle(client))


def missing_parts(client: Elasticsearch, templates: Templates, parts: Parts) -> dict[str, frozenset[str]]:
    """The kinds whose index is not there, with the months that are not: once made, they must be filled."""
    missing: dict[str, frozenset[str]] = {}
    for kind, index in templates.indices.items():
        there = {index.part(name) for name in indices_of(client, index)}
        if lacking := frozenset(parts.get(kind, ("",))) - there:
            missing[kind] = lacking
    return missing


def add_part(client: Elasticsearch, index: IndexTemplate, part: str) -> None:
    """Make the index of one more month under its aliases.

    Raises StoreRefusedError where the template is not there: the server would guess the fields.
    """
    if not client.indices.exists_index_template(name=index.template.name):
        reason = f"索引还没有建好，先运行 qianshao index apply（没有模板 {index.template.name}）"
        raise StoreRefusedError(reason)
    _make_index(client, index.concrete(part))
    # For what it does; nobody asked what it tells.
    list(_show_index(client, index))


def take_over(client: Elasticsearch, index: IndexTemplate) -> tuple[str, ...]:
    """Let readers see the indices of this version, in one step; the older ones, which are deleted."""
    holders = _holders(client, index.alias)
    older = tuple(sorted(name for name in holders if not index.owns(name)))
    if actions := _point(index.alias, holders, set(indices_of(client, index))):
        client.indices.update_aliases(actions=actions)
    if older:
        client.indices.delete(index=list(older))
    return older


def installed_plugins(client: Elasticsearch) -> frozenset[str]:
    """The plugins that every node has; none where the server does not tell."""
    try:
        nodes = client.nodes.info(metric="plugins").body["nodes"].values()
    except ApiError as error:
        if error.status_code in {400, 403, 404, 405, 410}:
            return frozenset()
        raise
    return frozenset.intersection(*(frozenset(one["name"] for one in node["plugins"]) for node in nodes))


def remove_templates(client: Elasticsearch, templates: Templates) -> None:
    """Delete all indices of these templates, of any version, and the templates."""
    quiet = client.options(ignore_status=404)
    for index in templates.indices.values():
        if found := client.indices.get(index=f"{index.alias}-v*", ignore_unavailable=True).body:
            client.indices.delete(index=list(found))
        quiet.indices.delete_index_template(name=index.template.name)
    for component in templates.components:
        quiet.cluster.delete_component_template(name=component.name)


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


def indices_of(client: Elasticsearch, index: IndexTemplate) -> tuple[str, ...]:
    """The names of all indices of this version, oldest month first."""
    try:
        found = client.indices.get_alias(index=index.pattern).body
    except NotFoundError:
        return ()
    return tuple(sorted(filter(index.owns, found)))


def _put_index(
    client: Elasticsearch, index: IndexTemplate, wanted: dict[str, Any], parts: Collection[str]
) -> Iterator[str]:
    """Template, indices and aliases of one kind; what was changed."""
    if _put_index_template(client, index.template):
        yield f"索引模板 {index.template.name}"
    there = indices_of(client, index)
    for part in parts:
        if index.concrete(part) not in there:
            _make_index(client, index.concrete(part))
            yield f"索引 {index.concrete(part)}"
    if there and _extend_mapping(client, index, wanted):
        yield f"映射 {index.pattern}"
    yield from _show_index(client, index)


def _make_index(client: Elasticsearch, name: str) -> None:
    try:
        client.indices.create(index=name)
    except BadRequestError as error:
        # Another process was faster.
        if error.error != "resource_already_exists_exception":
            raise


def _show_index(client: Elasticsearch, index: IndexTemplate) -> Iterator[str]:
    """Let writers and readers find every index of this version, unless readers still see an older one."""
    versions = client.indices.get_alias(index=f"{index.alias}-v*").body
    ours = [name for name in versions if index.owns(name)]
    wanted = {index.write_alias(index.part(name)): {name} for name in ours}
    if all(index.owns(name) for name in versions if index.alias in versions[name]["aliases"]):
        wanted[index.alias] = set(ours)
    actions: list[dict[str, Any]] = []
    for alias, names in wanted.items():
        holders = {name for name in versions if alias in versions[name]["aliases"]}
        if holders != names:
            actions += _point(alias, holders, names)
            yield f"别名 {alias} → {'、'.join(sorted(names))}"
    if actions:
        client.indices.update_aliases(actions=actions)


def _is_read(client: Elasticsearch, index: IndexTemplate) -> bool:
    holders = _holders(client, index.alias)
    return bool(holders) and all(map(index.owns, holders))


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


def _extend_mapping(client: Elasticsearch, index: IndexTemplate, wanted: dict[str, Any]) -> bool:
    found = client.indices.get_mapping(index=index.pattern)
    if all(_covers(one["mappings"], wanted) for one in found.values()):
        return False
    try:
        client.indices.put_mapping(index=index.pattern, **wanted)
    except BadRequestError as error:
        reason = (
            f"索引 {index.pattern} 的字段不能就地改成新的样子（{api_reason(error)}）："
            f"把 schemas/elasticsearch/indices/{index.kind}.json 的 version 加一，再 apply 与 rebuild"
        )
        raise StoreRefusedError(reason) from error
    return True


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


def _point(alias: str, holders: set[str], wanted: set[str]) -> list[dict[str, Any]]:
    """What makes the alias mean these indices and no others."""
    return [
        *({"remove": {"index": old, "alias": alias}} for old in sorted(holders - wanted)),
        *({"add": {"index": new, "alias": alias}} for new in sorted(wanted - holders)),
    ]
