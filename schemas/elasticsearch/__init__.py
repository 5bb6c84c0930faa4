"""The search indices as files: component templates, index templates and the meaning of every field."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from schemas.errors import ReadError, Where, one_of

FOLDER = Path(__file__).parent
PREFIX = "qianshao"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    """One template as the server takes it. `digest`, the hash of its content, is kept with it there."""

    name: str
    body: Json
    digest: str


@dataclass(frozen=True, slots=True)
class IndexTemplate:
    """One kind of index: its template, the alias that readers use and the name of this version's index.

    A `monthly` kind has an index for each month behind the one alias, such as `qianshao-posts-v3-2026.07`.
    Writers use aliases of their own: a new version is filled behind them while readers still see the old one.
    """

    kind: str
    template: Template
    alias: str
    index: str
    components: tuple[str, ...]
    monthly: bool = False

    def concrete(self, part: str = "") -> str:
        """The index of this version; of a monthly kind that of a month such as `2026.07`."""
        return f"{self.index}-{part}" if self.monthly else self.index

    def write_alias(self, part: str = "") -> str:
        """What writers write to."""
        return f"{self.alias}-write-{part}" if self.monthly else f"{self.alias}-write"

    @property
    def pattern(self) -> str:
        """What every index of this version is called."""
        return f"{self.index}-*" if self.monthly else self.index

    def owns(self, name: str) -> bool:
        """Whether an index is of this version."""
        return name.startswith(f"{self.index}-") if self.monthly else name == self.index

    def part(self, name: str) -> str:
        """The month in the name of an index of this version; empty for a kind that is not monthly."""
        return name.removeprefix(f"{self.index}-") if self.monthly else ""


@dataclass(frozen=True, slots=True)
class Analyzer:
    """A component as it is where every node has a plugin for Chinese analysis, such as `analysis-smartcn`."""

    name: str
    plugin: str
    component: Template


@dataclass(frozen=True, slots=True)
class Templates:
    """All templates of one deployment, components first."""

    components: tuple[Template, ...]
    indices: Mapping[str, IndexTemplate]
    analyzers: tuple[Analyzer, ...] = ()
    prefix: str = PREFIX

    def with_plugins(self, plugins: Collection[str]) -> "tuple[Templates, str]":
        """The templates for a server with these plugins, and the name of the Chinese analysis among them;
        empty where there is none of those in analyzers/."""
        for one in self.analyzers:
            if one.plugin in plugins:
                chosen = (one.component if t.name == one.component.name else t for t in self.components)
                return replace(self, components=tuple(chosen)), one.name
        return self, ""

    def mappings(self, kind: str) -> Json:
        """The whole mapping of an index, its components put together."""
        index = self.indices[kind]
        parts = [
            template.body["template"] for template in self.components if template.name in index.components
        ]
        merged: Json = {}
        for part in (*parts, index.template.body["template"]):
            _merge(merged, part.get("mappings", {}))
        return merged

    def fields(self, kind: str) -> dict[str, tuple[str, str]]:
        """Every field of an index with its type and its meaning in Chinese."""
        return dict(_leaves(self.mappings(kind)["properties"]))


def load_templates(prefix: str = PREFIX, folder: Path = FOLDER) -> Templates:
    """The shipped templates under a deployment's name, such as `qianshao-posts` for the posts.

    Raises ReadError for a file that is no template, an unknown component, or a field without a meaning.
    """
    components = {path.stem: _read(path) for path in sorted((folder / "components").glob("*.json"))}
    named = tuple(_named(f"{prefix}-{name}", body) for name, body in components.items())
    indices = {
        path.stem: _read_index(path, prefix, components)
        for path in sorted((folder / "indices").glob("*.json"))
    }
    templates = Templates(named, indices, tuple(_read_analyzers(folder, prefix, components)), prefix)
    for kind in indices:
        _refuse_unexplained(folder / "indices" / f"{kind}.json", templates, kind)
    return templates


def describe_fields() -> str:
    """Every index with every field, its type and its meaning, as Markdown."""
    lines = [
        "# 索引与字段（Elasticsearch）",
        "",
        "由 `qianshao index fields` 从 schemas/elasticsearch 生成，不要手改。",
    ]
    templates = load_templates()
    for kind, index in templates.indices.items():
        lines += ["", f"## {index.alias}", "", str(index.template.body["_meta"]["means"]), ""]
        lines += ["| 字段 | 类型 | 含义 |", "|---|---|---|"]
        lines += [f"| `{name}` | {type_} | {zh} |" for name, (type_, zh) in templates.fields(kind).items()]
    return "\n".join([*lines, ""])


def load_roles(prefix: str = PREFIX, folder: Path = FOLDER) -> dict[str, Json]:
    """The roles under their names on the server, such as `qianshao_analyst`, in its own words.

    Raises ReadError for a file that is no role.
    """
    roles: dict[str, Json] = {}
    for path in sorted((folder / "roles").glob("*.json")):
        body = _read_json(path, ("_meta", "cluster", "indices"))
        indices = [
            {**one, "names": [prefix + name.removeprefix(PREFIX) for name in one["names"]]}
            for one in body["indices"]
        ]
        name = f"{prefix.replace('-', '_')}_{path.stem}"
        roles[name] = {"cluster": body["cluster"], "indices": indices, "metadata": body["_meta"]}
    return roles


def load_lifecycle(name: str, folder: Path = FOLDER) -> Json:
    """A policy of index lifecycle management in the server's own words. Raises ReadError for a wrong file."""
    body = _read_json(folder / "lifecycle" / f"{name}.json", ("_meta", "phases"))
    return {"_meta": body["_meta"], "phases": body["phases"]}


def _read_analyzers(folder: Path, prefix: str, components: Mapping[str, Json]) -> Iterator[Analyzer]:
    for path in sorted((folder / "analyzers").glob("*.json")):
        body = _read_json(path, ("plugin", "component", "_meta", "template"))
        component = body["component"]
        if component not in components:
            raise ReadError(Where(path.name), "component", component, one_of(components))
        merged: Json = {}
        for part in (components[component], {"template": body["template"], "_meta": body["_meta"]}):
            _merge(merged, part)
        yield Analyzer(path.stem, body["plugin"], _named(f"{prefix}-{component}", merged))


def _read(path: Path) -> Json:
    return _read_json(path, ("version", "_meta", "template"))


def _read_json(path: Path, keys: tuple[str, ...]) -> Json:
    try:
        body: Json = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise ReadError(Where(path.name, error.lineno), "JSON", error.msg, "正确的 JSON") from error
    for key in keys:
        if key not in body:
            raise ReadError(Where(path.name), key, None, "必须写明")
    return body


def _read_index(path: Path, prefix: str, components: Mapping[str, Json]) -> IndexTemplate:
    body = _read(path)
    used = body.get("composed_of", [])
    for name in used:
        if name not in components:
            raise ReadError(Where(path.name), "composed_of", name, one_of(components))
    alias = f"{prefix}-{path.stem}"
    names = [f"{prefix}-{name}" for name in used]
    monthly = bool(body.pop("monthly", False))
    full = {**body, "composed_of": names, "index_patterns": [f"{alias}-v*"], "priority": 200}
    index = f"{alias}-v{body['version']}"
    return IndexTemplate(path.stem, _named(alias, full), alias, index, tuple(names), monthly)


def _named(name: str, body: Json) -> Template:
    digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    return Template(name, {**body, "_meta": {**body["_meta"], "digest": digest}}, digest)


def _merge(into: Json, more: Json) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = orjson.loads(orjson.dumps(value))


def _leaves(properties: Json, prefix: str = "") -> Iterator[tuple[str, tuple[str, str]]]:
    for name, field in properties.items():
        if "properties" in field:
            yield from _leaves(field["properties"], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", (field["type"], field.get("meta", {}).get("zh", ""))


def _refuse_unexplained(path: Path, templates: Templates, kind: str) -> None:
    for field, (_, meaning) in templates.fields(kind).items():
        # The server takes no longer meaning than 50 characters.
        if not 0 < len(meaning) <= 50:
            raise ReadError(Where(path.name), f"{field}.meta.zh", meaning, "一句中文说明，不超过 50 个字")
