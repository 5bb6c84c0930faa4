"""The label families: complaint, incident, rumour, urgency, needs and emotion, one YAML file each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from schemas.errors import ReadError
from schemas.reading import Section, read_yaml

TAXONOMY = Path(__file__).parent
FAMILIES = ("complaint", "incident", "rumour", "urgency", "needs", "emotion")


@dataclass(frozen=True, slots=True)
class Seed:
    """A word or phrase that speaks for a label; weight 1 (hint), 2 (likely) or 3 (plain).

    A phrase with spaces (`不发 工资`) speaks where all its parts stand in one sentence, in any order.
    """

    phrase: str
    weight: int

    @property
    def parts(self) -> tuple[str, ...]:
        """The words that must all stand in one sentence; a single one where the phrase has no space."""
        return tuple(self.phrase.split())


@dataclass(frozen=True, slots=True)
class LabelClass:
    """A class above labels. `gbt35561_class` is 1..4, the class number of GB/T 35561-2017."""

    name: str
    zh: str
    gbt35561_class: int


@dataclass(frozen=True, slots=True)
class LabelDef:
    """One label. `parent` names its LabelClass where it has one; `against` are words that hold its seeds back
    because they look alike and mean something else (火锅 for 火灾); where it has a `context`, its seeds say
    less in a text without any word of it (急需 without a disaster)."""

    name: str
    zh: str
    code: str
    parent: str | None
    definition: str
    examples: tuple[str, ...]
    seeds: tuple[Seed, ...]
    against: tuple[str, ...] = ()
    context: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """All labels of one question. `not_now` are words that say: not here and now (演练, 周年, 电影)."""

    name: str
    zh: str
    definition: str
    labels: Mapping[str, LabelDef]
    classes: Mapping[str, LabelClass]
    not_now: tuple[str, ...] = ()


def load_families(folder: Path = TAXONOMY) -> Mapping[str, Family]:
    """The families by name. Raises ReadError with file, key, value and what is allowed."""
    families = {name: load_family(folder / f"{name}.yml") for name in FAMILIES}
    return MappingProxyType(families)


@cache
def _shipped() -> Mapping[str, Family]:
    return load_families()


@cache
def all_labels() -> tuple[str, ...]:
    """Every full label `<family>.<name>`, in the order of the files."""
    return tuple(f"{family.name}.{name}" for family in _shipped().values() for name in family.labels)


def label_def(label: str) -> LabelDef:
    """The definition of a full label. Raises KeyError for one that is none."""
    family, _, name = label.partition(".")
    return _shipped()[family].labels[name]


def label_zh(label: str) -> str:
    """The Chinese name of a full label. Raises KeyError for one that is none.

    >>> label_zh("incident.fire")
    '火灾'
    """
    return label_def(label).zh


def load_family(path: Path) -> Family:
    """One family file. Raises ReadError with file, key, value and what is allowed."""
    top = read_yaml(path)
    classes = _read_classes(top)
    labels: dict[str, LabelDef] = {}
    for name, section in top.named("labels"):
        labels[name] = _read_label(name, section, classes)
        _refuse_double_code(section, labels)
    family = Family(
        name=top.choice("family", (path.stem,)),
        zh=top.text("zh"),
        definition=top.text("definition"),
        labels=MappingProxyType(labels),
        classes=MappingProxyType(classes),
        not_now=top.texts("not_now") if top.has("not_now") else (),
    )
    top.close()
    return family


def _read_classes(top: Section) -> dict[str, LabelClass]:
    classes: dict[str, LabelClass] = {}
    for name, section in top.named("classes") if top.has("classes") else ():
        number = section.whole("gbt35561_class", least=1)
        if number > 4:
            raise section.refuse("gbt35561_class", "1 到 4")
        classes[name] = LabelClass(name, section.text("zh"), number)
        section.close()
    return classes


def _read_label(name: str, section: Section, classes: Mapping[str, LabelClass]) -> LabelDef:
    examples = section.texts("examples", least=2)
    if len(examples) != 2:
        raise section.refuse("examples", "恰好两句")
    label = LabelDef(
        name=name,
        zh=section.text("zh"),
        code=section.text("code"),
        parent=section.choice("class", tuple(classes)) if section.has("class") else None,
        definition=section.text("definition"),
        examples=examples,
        seeds=_read_seeds(section.section("seeds")),
        against=section.texts("against") if section.has("against") else (),
        context=section.texts("context") if section.has("context") else (),
    )
    section.close()
    return label


def _read_seeds(section: Section) -> tuple[Seed, ...]:
    weights: dict[str, int] = {}
    for weight in section.names():
        if weight not in ("1", "2", "3"):
            raise section.refuse(weight, "权重 1、2、3 之一作键")
        for phrase in section.texts(weight, least=1):
            if phrase in weights:
                raise ReadError(section.where, section.key(weight), phrase, "每个词只有一个权重")
            weights[phrase] = int(weight)
    return tuple(Seed(phrase, weight) for phrase, weight in weights.items())


def _refuse_double_code(section: Section, labels: Mapping[str, LabelDef]) -> None:
    codes = [label.code for label in labels.values()]
    if len(set(codes)) < len(codes):
        raise section.refuse("code", "本文件中没有用过的编码")
