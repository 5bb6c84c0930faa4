"""Label patterns: how duty groups and rules name several labels at once."""

from collections.abc import Iterable

from schemas.errors import ReadError
from schemas.reading import Section
from schemas.taxonomy.labels import all_labels, label_def

ALLOWED = "*、族.*（如 incident.*）、族.类.*（如 incident.accident.*）或 族.名（如 incident.fire）"


def match_pattern(pattern: str) -> dict[str, int]:
    """The full labels a pattern names, each with how close the pattern is: 3 one label, 2 a class,
    1 a family, 0 everything. Empty where the pattern names nothing.

    >>> match_pattern("incident.fire")
    {'incident.fire': 3}
    """
    family, *rest = pattern.split(".")
    if pattern == "*":
        return dict.fromkeys(all_labels(), 0)
    if rest == ["*"]:
        return dict.fromkeys(_of_family(family), 1)
    if len(rest) == 2 and rest[1] == "*":
        return {label: 2 for label in _of_family(family) if label_def(label).parent == rest[0]}
    return {pattern: 3} if pattern in all_labels() else {}


def match_patterns(patterns: Iterable[str]) -> dict[str, int]:
    """The labels of all patterns; one named twice keeps its closest."""
    found: dict[str, int] = {}
    for pattern in patterns:
        for label, closeness in match_pattern(pattern).items():
            found[label] = max(closeness, found.get(label, 0))
    return found


def read_patterns(section: Section, key: str) -> tuple[str, ...]:
    """The patterns under a key of a YAML file, each of which names something."""
    patterns = section.texts(key, least=1)
    for pattern in patterns:
        if not match_pattern(pattern):
            raise ReadError(section.where, section.key(key), pattern, ALLOWED)
    return patterns


def _of_family(family: str) -> list[str]:
    return [label for label in all_labels() if label.startswith(f"{family}.")]
