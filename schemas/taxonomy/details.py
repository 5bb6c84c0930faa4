"""The second level of the complaints: what within a class somebody wants dealt with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from schemas.errors import ReadError
from schemas.reading import Section, read_yaml
from schemas.taxonomy.labels import TAXONOMY, Seed, load_families

_FAMILY = "complaint_detail"


@dataclass(frozen=True, slots=True)
class Detail:
    """One second-level label with the class of complaint.yml that it lies in."""

    name: str
    parent: str
    zh: str
    seeds: tuple[Seed, ...]


@cache
def load_details() -> Mapping[str, Detail]:
    """The second-level labels by name. Raises ReadError with file, key, value and what is allowed."""
    top = read_yaml(TAXONOMY / f"{_FAMILY}.yml")
    top.choice("family", (_FAMILY,))
    for what in ("zh", "definition"):
        top.text(what)
    details: dict[str, Detail] = {}
    classes, known = top.section("classes"), load_families()["complaint"].labels
    for parent in classes.names():
        if parent not in known:
            raise classes.refuse(parent, "complaint.yml 里的类别")
        for name, one in classes.named(parent):
            if name in details:
                raise ReadError(one.where, one.key("zh"), name, "没有用过的名字")
            details[name] = Detail(name, parent, one.text("zh"), tuple(_read_seeds(one.section("seeds"))))
            one.close()
    top.close()
    return MappingProxyType(details)


def detail_zh(name: str) -> str:
    """The Chinese name of a second-level label. Raises KeyError for one that is none.

    >>> detail_zh("property")
    '物业与小区管理'
    """
    return load_details()[name].zh


def _read_seeds(section: Section) -> Iterator[Seed]:
    for weight in section.names():
        if weight not in ("1", "2", "3"):
            raise section.refuse(weight, "权重 1、2、3 之一作键")
        yield from (Seed(phrase, int(weight)) for phrase in section.texts(weight, least=1))
