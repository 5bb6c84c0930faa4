"""Strict reading of the project's YAML files: each needed key is taken once, each unknown key is refused."""

from collections.abc import Collection, Hashable, Iterator
from pathlib import Path
from typing import Any

import yaml

from schemas.errors import ReadError, Where, one_of


class _Mapping(dict[str, object]):
    """A YAML mapping that knows the line it begins on."""

    line: int = 0


class _Loader(yaml.CSafeLoader):
    """Safe YAML without surprises: `no` and `on` stay words, times stay text, a key stands once."""

    file: str = ""


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> _Mapping:
    mapping = _Mapping()
    mapping.line = node.start_mark.line + 1
    for key_node, value_node in node.value:
        key: Hashable = loader.construct_object(key_node, deep=True)
        if str(key) in mapping:
            where = Where(loader.file, key_node.start_mark.line + 1)
            raise ReadError(where, str(key), key, "每个键只写一次")
        mapping[str(key)] = loader.construct_object(value_node, deep=True)
    return mapping


_PLAIN = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:merge"}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _PLAIN]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


class Section:
    """One mapping of a YAML file: take its keys by the typed methods, then `close` it; the rest is an error.

    Every error is a ReadError with file and line, the path of the key, the value and what is allowed.
    """

    def __init__(self, where: Where, path: str, values: dict[str, object]) -> None:
        self.where, self.path, self._values = where, path, values
        self._known: dict[str, None] = {}

    def key(self, name: str) -> str:
        """The path of a key in the file, e.g. `labels.fire.zh`."""
        return f"{self.path}.{name}" if self.path else name

    def refuse(self, name: str, allowed: str) -> ReadError:
        """The error for the value of this key (None where the key is missing)."""
        return ReadError(self.where, self.key(name), self._values.get(name), allowed)

    def has(self, name: str) -> bool:
        """Whether an optional key is there (an empty value counts as there)."""
        self._known[name] = None
        return name in self._values

    def names(self) -> tuple[str, ...]:
        """All keys of this mapping, in the order of the file."""
        return tuple(self._values)

    def text(self, name: str) -> str:
        """A text that is not blank."""
        value = self._take(name)
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(name, "非空文字")
        return value.strip()

    def whole(self, name: str, least: int = 0) -> int:
        """A whole number, `least` or more."""
        value = self._take(name)
        if not isinstance(value, int) or value < least:
            raise self.refuse(name, f"不小于 {least} 的整数")
        return value

    def number(self, name: str, least: float, most: float) -> float:
        """A number from `least` to `most`, both included."""
        value = self._take(name)
        if not isinstance(value, int | float) or not least <= value <= most:
            raise self.refuse(name, f"{least} 到 {most} 的数")
        return float(value)

    def numbers(self, name: str, count: int | None = None) -> tuple[float, ...]:
        """A list of numbers, exactly so many where `count` is given."""
        value = self._take(name)
        if not isinstance(value, list) or not value or not all(type(item) in (int, float) for item in value):
            raise self.refuse(name, "数的列表")
        if count is not None and len(value) != count:
            raise self.refuse(name, f"{count} 个数")
        return tuple(float(item) for item in value)

    def choice(self, name: str, allowed: Collection[str]) -> str:
        """One of a closed list."""
        value = self._take(name)
        if not isinstance(value, str) or value not in allowed:
            raise self.refuse(name, one_of(allowed))
        return value

    def texts(self, name: str, least: int = 0) -> tuple[str, ...]:
        """A list of texts, at least so many, none blank, none twice."""
        value = self._take(name)
        if not isinstance(value, list) or len(value) < least:
            raise self.refuse(name, f"文字的列表，至少 {least} 项")
        for at, item in enumerate(value):
            if not isinstance(item, str) or not item.strip() or item in value[:at]:
                raise ReadError(self.where, f"{self.key(name)}[{at + 1}]", item, "非空、不重复的文字")
        return tuple(value)

    def choices(self, name: str, allowed: Collection[str], least: int = 1) -> tuple[str, ...]:
        """A list of which every item is one of a closed list."""
        items = self.texts(name, least)
        for item in items:
            if item not in allowed:
                raise ReadError(self.where, self.key(name), item, one_of(allowed))
        return items

    def section(self, name: str) -> "Section":
        """A mapping under this key."""
        return self._nested(name, self._take(name))

    def sections(self, name: str, least: int = 0) -> tuple["Section", ...]:
        """A list of mappings under this key, at least so many."""
        value = self._take(name)
        if not isinstance(value, list) or len(value) < least:
            raise self.refuse(name, f"键值表的列表，至少 {least} 项")
        return tuple(self._nested(f"{name}[{at}]", item) for at, item in enumerate(value, start=1))

    def named(self, name: str) -> Iterator[tuple[str, "Section"]]:
        """The mappings under this key, each with its own name."""
        below = self.section(name)
        for key in below.names():
            yield key, below.section(key)

    def close(self) -> None:
        """Refuse the first key that nobody took."""
        for name in self._values:
            if name not in self._known:
                raise ReadError(
                    self.where, self.key(name), self._values[name], f"只有这些键：{one_of(self._known)}"
                )

    def _take(self, name: str) -> object:
        self._known[name] = None
        return self._values.get(name)

    def _nested(self, name: str, value: object) -> "Section":
        if not isinstance(value, _Mapping):
            raise ReadError(self.where, self.key(name), value, "键值表")
        return Section(Where(self.where.name, value.line), self.key(name), value)


def read_yaml(path: Path) -> Section:
    """The top mapping of a YAML file. Raises ReadError where the file is none (encoding, syntax, a list)."""
    where = Where(str(path))
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        loader.file = str(path)
        value: Any = loader.get_single_data()
    except UnicodeDecodeError as error:
        raise ReadError(where, "编码", error.object[error.start : error.start + 4], "UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ReadError(Where(str(path), line), "YAML", error.problem, "合乎语法的 YAML") from error
    except yaml.YAMLError as error:
        raise ReadError(where, "YAML", str(error), "合乎语法的 YAML") from error
    if not isinstance(value, _Mapping):
        raise ReadError(where, "顶层", type(value).__name__, "键值表")
    return Section(Where(str(path), value.line), "", value)
