"""Which labels tell of one matter, read from matters/kin.yml."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from schemas.reading import Section, read_yaml
from schemas.rules.parts import read_hours
from schemas.taxonomy.patterns import match_patterns, read_patterns

KIN = Path(__file__).parent / "matters" / "kin.yml"


@dataclass(frozen=True, slots=True)
class Kin:
    """`rows` are labels that may tell of one matter, `spread` those of hazards without one place;
    `follow_labels` and `follow_rules` tell what such a hazard brings; `active_hours` is for how long after
    its last news a warning takes others in."""

    rows: tuple[frozenset[str], ...]
    spread: frozenset[str]
    follow_labels: frozenset[str]
    follow_rules: frozenset[str]
    active_hours: int

    def alike(self, one: str, other: str) -> bool:
        """Whether two labels may tell of one matter: 洪涝 and 道路中断, or a complaint beside an incident."""
        if one == other or any(one in row and other in row for row in self.rows):
            return True
        return one.startswith("complaint.") and other.startswith("incident.")

    def follows(self, rule: str, label: str, host: str) -> bool:
        """Whether a finding of this rule and label is what a hazard of the label `host` has brought (洪涝 and
        缺水断粮), or another of the same kind; never the other way round: a hazard joins no shortage."""
        if label in self.follow_labels:
            return host in self.spread or host == label
        return rule in self.follow_rules and host in self.spread


@cache
def load_kin(path: Path = KIN) -> Kin:
    """The kin in `path`. Raises ReadError with file, key, value and what is allowed."""
    top = read_yaml(path)
    follow = top.section("follow")
    kin = Kin(
        rows=tuple(_read_row(section) for section in top.sections("kin", least=1)),
        spread=frozenset(match_patterns(read_patterns(top, "spread"))),
        follow_labels=frozenset(match_patterns(read_patterns(follow, "labels"))),
        follow_rules=frozenset(follow.texts("rules")),
        active_hours=read_hours(top, "active"),
    )
    follow.close()
    top.close()
    return kin


def _read_row(section: Section) -> frozenset[str]:
    row = frozenset(match_patterns(read_patterns(section, "labels")))
    section.close()
    return row
