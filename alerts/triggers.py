"""Which rules are asked at what: a post asks only those that its labels and needs can concern."""

from collections.abc import Iterable

from schemas.rules.loader import Rule
from schemas.rules.when import AllOf, Fact, Growth, Single, When, parts_of
from schemas.rules.when_clock import Sensor, Silence
from schemas.rules.when_counts import Counted, RumourSpreading
from schemas.rules.when_drift import Drift


class RuleIndex:
    """The rules of one mode by what makes them speak."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self.at_tick = tuple(rule for rule in self._rules if _has(rule, Silence, Drift))
        self.in_reading = tuple(rule for rule in self._rules if _has(rule, Sensor))
        combined = (rule.when for rule in self.in_reading if isinstance(rule.when, AllOf))
        self._beside_sensors = frozenset(label for when in combined for label in when.labels)
        self._by_labels: dict[tuple[str, str, tuple[str, ...], bool], tuple[Rule, ...]] = {}

    def at_post(self, own: str, event: str, needs: tuple[str, ...], *, counted: bool) -> tuple[Rule, ...]:
        """The rules that a post of this label, of an event of that label, with these needs can concern;
        `counted` says whether any rule that keeps its own count has counted it."""
        key = (own, event, needs, counted)
        found = self._by_labels.get(key)
        if found is None:
            ours = (rule for rule in self._rules if _concerns(rule.when, own, event, needs))
            found = tuple(rule for rule in ours if counted or not _keeps_count(rule.when))
            self._by_labels[key] = found
        return found

    def waits_for_reading(self, own: str, event: str, needs: tuple[str, ...]) -> bool:
        """Whether a reading may complete a combined rule for such a post."""
        return not self._beside_sensors.isdisjoint((own, event, *needs))


def _has(rule: Rule, *kinds: type[Single]) -> bool:
    """Whether a rule speaks without a post. Of `all` the last part to hold may be a sensor's."""
    return any(isinstance(part, kinds) for part in parts_of(rule.when))


def _keeps_count(when: When) -> bool:
    """Whether a condition can hold only at a post that its own count has taken."""
    counts = [isinstance(part, Counted) for part in parts_of(when)]
    return any(counts) if isinstance(when, AllOf) else all(counts)


def _concerns(when: When, own: str, event: str, needs: tuple[str, ...]) -> bool:
    answers = [_part_concerns(part, own, event, needs) for part in parts_of(when)]
    if isinstance(when, AllOf):
        posts = zip(when.parts, answers, strict=True)
        return all(answer for part, answer in posts if not isinstance(part, Sensor))
    return any(answers)


def _part_concerns(part: Single, own: str, event: str, needs: tuple[str, ...]) -> bool:
    if isinstance(part, Silence | Sensor | Drift):
        return False
    if isinstance(part, Fact | RumourSpreading):
        return event in part.labels
    if isinstance(part, Growth):
        return event in part.labels or own in part.labels
    return own in part.labels or not set(needs).isdisjoint(part.labels)
