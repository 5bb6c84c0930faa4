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


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the server has of a deployment, asked for at once, as a run may come every few minutes."""

    digests: Mapping[str, str]
    mappings: Mapping[str, Any]
    aliases: Mapping[str, Collection[str]]

    def ours(self, index: IndexTemplate) -> list[str]:
        """The indices of this version."""
        return [name for name in self.aliases if index.owns(name)]

    def holders(self, alias: str) -> set[str]:
        """The indices that an alias means."""
        return {name for name, aliases in self.aliases.items() if alias in aliases}

    def is_read(self, index: IndexTemplate) -> bool:
        """Whether readers see this version."""
        return bool(self.holders(index.alias)) and self.may_be_read(index)

    def may_be_read(self, index: IndexTemplate) -> bool:
        """Whether readers see no other version, so that one more index of this one can be shown to them."""
        return all(map(index.owns, self.holders(index.alias)))


def apply_templates(client: Elasticsearch, templates: Templates, parts: Parts) -> ApplyReport:
    """Put what is missing or different; `parts` are the months of each monthly kind, one at least.

    Raises StoreRefusedError where a mapping cannot change in place.
    """
    seen, changed = _look(client, templates), list[str]()
    for one in templates.components:
        if seen.digests.get(one.name) != one.digest:
            _put_component(client, one)
            changed.append(f"组件模板 {one.name}")
    for kind, index in templates.indices.items():
        wanted = sorted(parts.get(kind, ("",)))
        changed += _put_index(client, seen, index, templates.mappings(kind), wanted)
    seen = _look(client, templates) if changed else seen
    unfilled = [kind for kind, index in templates.indices.items() if not seen.is_read(index)]
    return ApplyReport(tuple(changed), tuple(unfilled), has_lifecycle(client))


def _look(client: Elasticsearch, templates: Templates) -> _Seen:
    names = [f"{index.alias}-v*" for index in templates.indices.values()]
    # That there is none yet is no error.
    quiet = client.options(ignore_status=404)
    components = quiet.cluster.get_component_template(name=f"{templates.prefix}-*").body
    indices = quiet.indices.get_index_template(name=f"{templates.prefix}-*").body
    return _Seen(
        {
            one["name"]: one[kind].get("_meta", {}).get("digest", "")
            for kind, found in (("component_template", components), ("index_template", indices))
            for one in found.get(f"{kind}s", ())
        },
        {name: one["mappings"] for name, one in client.indices.get_mapping(index=names).items()},
        {name: one["aliases"] for name, one in client.indices.get_alias(index=names).items()},
    )


def missing_parts(client: Elasticsearch, templates: Templates, parts: Parts) -> dict[str, frozenset[str]]:
    """The kinds whose index is not there, with the months that are not: once made, they must be filled."""
    missing: dict[str, frozenset[str]] = {}
    seen = _look(client, templates)
    for kind, index in templates.indices.items():
        there = {index.part(name) for name in seen.ours(index)}
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
    found = client.indices.get_alias(index=f"{index.alias}-v*").body
    # For what it does; nobody asked what it tells.
    list(_show_index(client, index, {name: one["aliases"] for name, one in found.items()}))


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
    client: Elasticsearch, seen: _Seen, index: IndexTemplate, wanted: dict[str, Any], parts: Collection[str]
) -> Iterator[str]:
    """Template, indices and aliases of one kind; what was changed."""
    if seen.digests.get(index.template.name) != index.template.digest:
        _put_index_template(client, index.template)
        yield f"索引模板 {index.template.name}"
    there = seen.ours(index)
    lacking = [index.concrete(part) for part in parts if index.concrete(part) not in there]
    for name in lacking:
        _make_index(client, name)
        yield f"索引 {name}"
    if not all(_covers(seen.mappings[name], wanted) for name in there):
        _extend_mapping(client, index, wanted)
        yield f"映射 {index.pattern}"
    yield from _show_index(client, index, {**seen.aliases, **dict.fromkeys(lacking, ())})


def _make_index(client: Elasticsearch, name: str) -> None:
    try:
        client.indices.create(index=name)
    except BadRequestError as error:
        # Another process was faster.
        if error.error != "resource_already_exists_exception":
            raise


def _show_index(
    client: Elasticsearch, index: IndexTemplate, aliases: Mapping[str, Collection[str]]
) -> Iterator[str]:
    """Let writers and readers find every index of this version, unless readers still see an older one."""
    seen = _Seen({}, {}, aliases)
    ours = seen.ours(index)
    wanted = {index.write_alias(index.part(name)): {name} for name in ours}
    if seen.may_be_read(index):
        wanted[index.alias] = set(ours)
    actions: list[dict[str, Any]] = []
    for alias, names in wanted.items():
        holders = seen.holders(alias)
        if holders != names:
            actions += _point(alias, holders, names)
            yield f"别名 {alias} → {'、'.join(sorted(names))}"
    if actions:
        client.indices.update_aliases(actions=actions)


def _put_component(client: Elasticsearch, template: Template) -> None:
    body = template.body
    client.cluster.put_component_template(
        name=template.name, template=body["template"], version=body["version"], meta=body["_meta"]
    )


def _put_index_template(client: Elasticsearch, template: Template) -> None:
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


def _extend_mapping(client: Elasticsearch, index: IndexTemplate, wanted: dict[str, Any]) -> None:
    try:
        client.indices.put_mapping(index=index.pattern, **wanted)
    except BadRequestError as error:
        reason = (
            f"索引 {index.pattern} 的字段不能就地改成新的样子（{api_reason(error)}）："
            f"把 schemas/elasticsearch/indices/{index.kind}.json 的 version 加一，再 apply 与 rebuild"
        )
        raise StoreRefusedError(reason) from error


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
