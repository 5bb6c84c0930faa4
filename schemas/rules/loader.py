"""The rules: one YAML file each, read strictly, with the tests that stand inside."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from schemas.errors import ReadError, Where
from schemas.health import SourceHealth
from schemas.reading import Section, read_yaml
from schemas.records import PLACE_LEVELS, Level, Reading
from schemas.rules.parts import read_hours, read_level
from schemas.rules.when import When, kind_of, read_when
from schemas.sensors import load_quantities, make_place
from schemas.taxonomy.duty import Duty, load_duty
from schemas.taxonomy.places import Deployment
from schemas.times import parse_time

RULES = Path(__file__).parent
STATUSES = ("draft", "test", "production")
ROUTE = "route"

_NAME = re.compile(r"[a-z]+(_[a-z0-9]+)+")


@dataclass(frozen=True, slots=True)
class Quiet:
    """After a warning, the rule keeps quiet for so long about the same thing: the same in all that is
    listed of `event`, `place`, `label` and the place levels. A higher level speaks up all the same."""

    same: tuple[str, ...]
    hours: int


@dataclass(frozen=True, slots=True)
class RuleDoc:
    """One post of a test inside a rule. `place` is a place code, None where the text says it all; `user` is
    an author of its own for every post unless the file names one; `source` None is the rehearsal's own."""

    text: str
    time: datetime
    user: str
    place: str | None = None
    source: str | None = None
    reposts: int = 0


@dataclass(frozen=True, slots=True)
class RuleTest:
    """A test inside a rule: after these posts, readings and days of sources, and the clock at `until` where
    given, it has fired (at `level` in the end, where given) or not."""

    name: str
    docs: tuple[RuleDoc, ...]
    fires: bool
    level: Level | None = None
    readings: tuple[Reading, ...] = ()
    until: datetime | None = None
    health: tuple[SourceHealth, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One warning rule. `name` is the file's; `owner` names a duty group, or is `route`: the place and label
    decide. `level` is the lowest it gives; a ladder in `when` raises it. A warning is over when nobody has
    written of its matter for `over_hours`; above its lowest level it falls by one level whenever nobody has
    for `ease_hours` (None: it stays as high as it was until it is over). `budget` is how many warnings a week
    the rule may raise over ordinary days of a city."""

    name: str
    title: str
    id: str
    status: str
    level: Level
    owner: str
    why: str
    when: When
    quiet: Quiet
    guide: str
    falsepositives: tuple[str, ...]
    over_hours: int
    tests: tuple[RuleTest, ...] = field(repr=False)
    ease_hours: int | None = None
    budget: float = 0.0


def load_rules(folder: Path = RULES, duty: Duty | None = None) -> tuple[Rule, ...]:
    """All rules of a folder by name. `duty` knows the owners and places, the shipped one unless given.

    Raises ReadError with file, key, value and what is allowed; also where two rules share an id or a title.
    """
    duty = load_duty() if duty is None else duty
    paths = sorted(folder.glob("*.yml"))
    if not paths:
        raise ReadError(Where(str(folder)), "*.yml", "没有规则文件", "至少一个规则文件")
    rules = tuple(load_rule(path, duty) for path in paths)
    _refuse_twins(folder, rules)
    return rules


def load_rule(path: Path, duty: Duty) -> Rule:
    """One rule file. Raises ReadError with file, key, value and what is allowed."""
    top = read_yaml(path)
    level = read_level(top, "level")
    rule = Rule(
        name=path.stem,
        title=top.text("title"),
        id=_read_id(top),
        status=top.choice("status", STATUSES),
        level=level,
        owner=top.choice("owner", (ROUTE, *duty.groups)),
        why=top.text("why"),
        when=read_when(top.section("when"), level),
        quiet=_read_quiet(top.section("quiet")),
        guide=top.text("guide"),
        over_hours=read_hours(top, "over"),
        falsepositives=top.texts("falsepositives", least=1),
        tests=tuple(_read_test(section, duty) for section in top.sections("tests")),
        ease_hours=read_hours(top, "ease") if top.has("ease") else None,
        budget=top.number("budget", 0.0, 100.0),
    )
    top.close()
    _check_name(path, rule)
    _check_production(top, rule)
    return rule


def _read_id(top: Section) -> str:
    text = top.text("id")
    try:
        return str(UUID(text))
    except ValueError as error:
        raise top.refuse("id", "uuid，如 0b8e6c1e-3f0a-4c7e-9d59-2f6f1f6a9a11") from error


def _read_quiet(section: Section) -> Quiet:
    quiet = Quiet(
        section.choices("same", ("event", "place", "label", *PLACE_LEVELS)), read_hours(section, "for")
    )
    section.close()
    return quiet


def _read_test(section: Section, duty: Duty) -> RuleTest:
    docs: list[RuleDoc] = []
    readings: list[Reading] = []
    health: list[SourceHealth] = []
    for doc in section.sections("docs", least=1):
        if doc.has("day"):
            health.extend(_read_health(doc))
        elif doc.has("station"):
            readings.extend(_read_readings(doc, duty.deployment))
        else:
            docs.extend(_read_docs(doc, duty.deployment.by_code, first_user=len(docs) + 1))
    test = RuleTest(
        name=section.text("name"),
        docs=tuple(sorted(docs, key=lambda doc: doc.time)),
        fires=section.choice("expect", ("fires", "silent")) == "fires",
        level=read_level(section, "level") if section.has("level") else None,
        readings=tuple(sorted(readings, key=lambda one: one.at)),
        until=_read_time(section, "until") if section.has("until") else None,
        health=tuple(health),
    )
    if test.level is not None and not test.fires:
        raise section.refuse("level", "只写在 expect: fires 的测试里")
    section.close()
    return test


def _read_docs(section: Section, places: Collection[str], first_user: int) -> Iterator[RuleDoc]:
    """One post, or a row of them: `times` posts, `every` so long, saying `texts` in turn."""
    texts = section.texts("texts", least=1) if section.has("texts") else (section.text("text"),)
    times = section.whole("times", least=2) if section.has("times") else len(texts)
    start, step = _read_row(section, times)
    user = section.text("user") if section.has("user") else None
    place = _read_place(section, places)
    source = section.text("source") if section.has("source") else None
    reposts = section.whole("reposts") if section.has("reposts") else 0
    section.close()
    for n in range(times):
        who = user or f"网友{first_user + n}"
        yield RuleDoc(texts[n % len(texts)], start + n * step, who, place, source, reposts)


def _read_readings(section: Section, deployment: Deployment) -> Iterator[Reading]:
    """A row of readings of one station: `values`, `every` so long."""
    quantities = load_quantities()
    quantity = quantities[section.choice("quantity", tuple(quantities))]
    station = section.text("station")
    values = section.numbers("values")
    start, step = _read_row(section, len(values))
    code = _read_place(section, deployment.by_code)
    place = None if code is None else make_place(deployment, code)
    section.close()
    for n, value in enumerate(values):
        yield Reading(station, quantity.name, value, quantity.unit, start + n * step, place, "sensor")


def _read_health(section: Section) -> Iterator[SourceHealth]:
    """Days of one source from `day` on, `times` of them; each number a list gone through in turn."""
    first, source = _read_time(section, "day").date(), section.text("source")
    times = section.whole("times", least=1)
    names = [one.name for one in fields(SourceHealth) if one.name not in {"source", "day"}]
    rows = {name: section.numbers(name) for name in names if section.has(name)}
    section.close()
    for n in range(times):
        told = {name: int(values[n % len(values)]) for name, values in rows.items()}
        counts = {"runs": 1, "successes": 1} | told
        yield SourceHealth(source, first + timedelta(days=n), **counts)


def _read_row(section: Section, times: int) -> tuple[datetime, timedelta]:
    """When a row begins, and the time from one to the next."""
    step = timedelta(hours=read_hours(section, "every")) if times > 1 else timedelta()
    return _read_time(section, "time"), step


def _read_time(section: Section, key: str) -> datetime:
    return parse_time(section.text(key), section.where, section.key(key))


def _read_place(section: Section, places: Collection[str]) -> str | None:
    place = section.text("place") if section.has("place") else None
    if place is not None and place not in places:
        raise section.refuse("place", "本部署的地点编码")
    return place


def _check_name(path: Path, rule: Rule) -> None:
    kind = kind_of(rule.when)
    if not _NAME.fullmatch(rule.name) or not rule.name.startswith(f"{kind}_"):
        raise ReadError(Where(str(path)), "文件名", path.name, f"{kind}_<说的什么>.yml，小写字母与下划线")


def _check_production(top: Section, rule: Rule) -> None:
    outcomes = {test.fires for test in rule.tests}
    if rule.status == "production" and outcomes != {True, False}:
        raise top.refuse("tests", "production 的规则至少一个 fires、一个 silent 的测试")


def _refuse_twins(folder: Path, rules: tuple[Rule, ...]) -> None:
    for key in ("id", "title"):
        seen: dict[str, Rule] = {}
        for rule in rules:
            value = getattr(rule, key)
            if value in seen:
                where = Where(str(folder / f"{rule.name}.yml"))
                raise ReadError(where, key, value, f"与 {seen[value].name}.yml 不同")
            seen[value] = rule
