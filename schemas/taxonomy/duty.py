"""The duty groups: who answers for which labels at which place, and who comes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from schemas.errors import ReadError
from schemas.reading import Section, read_yaml
from schemas.records import Level, Place
from schemas.taxonomy.labels import all_labels
from schemas.taxonomy.patterns import match_patterns, read_patterns
from schemas.taxonomy.places import Deployment, load_places
from schemas.taxonomy.rota import Night, Shift, find_shift, read_mails, read_night, read_rota

DUTY = Path(__file__).with_name("duty.yml")


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is written to, and why them."""

    people: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class DutyGroup:
    """A group that answers for warnings.

    `level` is the level of its place, `place` the code of it, `labels` the full labels it answers for.
    `parent` names the group a warning goes to when nobody has acknowledged it within `acknowledge_minutes` of
    its level, first by those on call and then by their deputies (None at the top). `closeness` says how
    closely each label was named (see patterns.py). `rota` is who is on call when, its first fitting shift
    counts; `mails` and `deputies` answer where it leaves a gap. `night` is what waits for the morning.
    """

    name: str
    zh: str
    level: str
    place: str
    labels: tuple[str, ...]
    mails: tuple[str, ...]
    deputies: tuple[str, ...]
    parent: str | None
    acknowledge_minutes: Mapping[Level, int]
    closeness: Mapping[str, int]
    rota: tuple[Shift, ...] = ()
    night: Night | None = None

    def on_call(self, at: datetime) -> OnCall:
        """Who answers first at that moment."""
        shift = find_shift(self.rota, at)
        if shift is not None:
            return OnCall(shift.people, f"值班表：{shift.zh()}")
        return OnCall(self.mails, "值班表没有排这个时间，发到本组信箱" if self.rota else "本组信箱")

    def on_call_deputies(self, at: datetime) -> OnCall:
        """Who answers when the first do not."""
        shift = find_shift(self.rota, at)
        if shift is not None and shift.deputies:
            return OnCall(shift.deputies, f"值班表：{shift.zh()}的副班")
        return OnCall(self.deputies, "本组副班")


@dataclass(frozen=True)
class Duty:
    """All duty groups of one deployment; `default` takes what no other group answers for."""

    groups: Mapping[str, DutyGroup]
    default: DutyGroup
    deployment: Deployment

    @cached_property
    def _answering(self) -> Mapping[tuple[str, str], DutyGroup]:
        found: dict[tuple[str, str], DutyGroup] = {}
        for group in self.groups.values():
            for label, closeness in group.closeness.items():
                other = found.get((group.place, label))
                if other is None or closeness > other.closeness[label]:
                    found[group.place, label] = group
        return found

    def route(self, place: Place | None, label: str) -> DutyGroup:
        """The group that answers for the label at the place: its own, else the one of the nearest place above
        it, else the default group (also where the place is none of the deployment's).

        Raises KeyError for a label that is none.
        """
        if label not in all_labels():
            raise KeyError(label)
        for code in self._codes(place):
            group = self._answering.get((code, label))
            if group is not None:
                return group
        return self.default

    def parent(self, group: DutyGroup) -> DutyGroup | None:
        """The group one up, or None at the top."""
        return None if group.parent is None else self.groups[group.parent]

    def _codes(self, place: Place | None) -> list[str]:
        if place is None or place.code is None or place.code not in self.deployment.by_code:
            return []
        return [place.code, *(above.code for above in self.deployment.ancestors(place.code))]


def load_duty(path: Path = DUTY, deployment: Deployment | None = None) -> Duty:
    """The duty groups of one file, for the shipped deployment unless another is given.

    Raises ReadError with file, key, value and what is allowed.
    """
    deployment = load_places() if deployment is None else deployment
    top = read_yaml(path)
    top.choice("deployment", (deployment.name,))
    groups: dict[str, DutyGroup] = {}
    for section in top.sections("groups", least=1):
        group = _read_group(section, groups, deployment)
        _refuse_rivals(section, group, groups)
        groups[group.name] = group
    default = groups[top.choice("default", tuple(groups))]
    top.close()
    return Duty(MappingProxyType(groups), default, deployment)


def _read_group(section: Section, above: Mapping[str, DutyGroup], deployment: Deployment) -> DutyGroup:
    name = section.text("name")
    if name in above:
        raise section.refuse("name", "没有用过的组名")
    code = section.text("place")
    if code not in deployment.by_code:
        raise section.refuse("place", f"{deployment.name} 的地点编码")
    # A group without labels gets only what rules hand to it by name.
    closeness = match_patterns(read_patterns(section, "labels")) if section.has("labels") else {}
    group = DutyGroup(
        name=name,
        zh=section.text("zh"),
        level=deployment.by_code[code].level,
        place=code,
        labels=tuple(closeness),
        mails=read_mails(section, "mails"),
        deputies=read_mails(section, "deputies"),
        parent=section.choice("parent", tuple(above)) if section.has("parent") else None,
        acknowledge_minutes=_read_minutes(section.section("acknowledge_minutes")),
        closeness=MappingProxyType(closeness),
        rota=read_rota(section, "rota"),
        night=read_night(section, "night"),
    )
    section.close()
    return group


def _read_minutes(section: Section) -> Mapping[Level, int]:
    minutes = {level: section.whole(level.name.lower(), least=1) for level in Level}
    section.close()
    return MappingProxyType(minutes)


def _refuse_rivals(section: Section, group: DutyGroup, others: Mapping[str, DutyGroup]) -> None:
    """Two groups of one place must not name the same label equally closely: nobody would know who goes."""
    for other in others.values():
        for label in group.labels if other.place == group.place else ():
            if group.closeness[label] == other.closeness.get(label):
                allowed = f"本地点 {other.name} 没有同样写明的标签"
                raise ReadError(section.where, section.key("labels"), label, allowed)
