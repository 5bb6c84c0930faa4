"""Labels by the taxonomy's seed phrases: what incident, needs and emotion have in common."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nlp.knowledge import read_knowledge
from nlp.phrases import Hit, PhraseSet
from schemas.records import Label
from schemas.taxonomy.labels import Family

_KNOWN = read_knowledge("seeds")
_FURTHER = _KNOWN.number("further", 0, 1)
_SLOPE, _MIDDLE = _KNOWN.number("slope", 0, 10), _KNOWN.number("middle", 0, 10)
_THRESHOLDS = _KNOWN.section("threshold")
_THRESHOLD = {name: _THRESHOLDS.number(name, 0, 1) for name in ("needs", "emotion")}
_THRESHOLDS.close()
# What a seed counts where a word of its label's context stands in another sentence, and where in none.
_ELSEWHERE, _NOWHERE = _KNOWN.number("context_elsewhere", 0, 1), _KNOWN.number("context_nowhere", 0, 1)
_KNOWN.close()

_TOLD_WORDS = 3


@dataclass(frozen=True, slots=True)
class Role:
    """What a phrase is for: `seed`, `against` or `context` of a label, or a word that weighs on all
    (`not_now`, ...)."""

    what: str
    label: str
    weight: float
    phrase: str


class SeedJudge:
    """Judges which labels of a family a text carries: any number of them, surest first.

    The probability is a score made of seed weights by a logistic curve (nlp/knowledge/seeds.yml), not the
    outcome of training. A text with a word of `not_now` (演练) carries none.
    """

    def __init__(self, family: Family) -> None:
        self._least = _THRESHOLD[family.name]
        self._roles = [*collect_roles(family), *_collect_context(family)]
        self._in_context = frozenset(name for name, label in family.labels.items() if label.context)
        self.phrases = PhraseSet(
            [role.phrase for role in self._roles], [is_telling(role) for role in self._roles]
        )

    def judge(self, text: str) -> tuple[Label, ...]:
        """The labels of a text, each with its probability and the phrases that decided.

        >>> [one.name for one in SeedJudge(load_families()["needs"]).judge("我们被困在楼顶，断水断粮")]
        ['help_request', 'shortage']
        """
        return self.judge_hits(self.phrases.find(text))

    def judge_hits(self, hits: Sequence[Hit]) -> tuple[Label, ...]:
        """The same for a text whose hits of `phrases` are known."""
        if not hits:
            return ()
        told = [(hit, self._roles[hit.phrase]) for hit in hits]
        if any(role.what == "not_now" for _, role in told):
            return ()
        against = [one for one in told if one[1].what == "against"]
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for hit, role in told:
            if role.what == "seed" and not any(holds_back(*one, hit, role) for one in against):
                weight = role.weight * self._weigh_context(hit, role, told)
                found[role.label][role.phrase] = max(weight, found[role.label].get(role.phrase, 0.0))
        labels = [_label(name, drop_contained(phrases)) for name, phrases in found.items()]
        sure = [label for label in labels if label.probability >= self._least]
        return tuple(sorted(sure, key=lambda label: -label.probability))

    def _weigh_context(self, hit: Hit, seed: Role, told: Sequence[tuple[Hit, Role]]) -> float:
        """Whole where the seed's label has no context, or two words of it stand in the text, or one in the
        seed's own sentence."""
        if seed.label not in self._in_context:
            return 1.0
        around = [
            (at, role.phrase) for at, role in told if role.what == "context" and role.label == seed.label
        ]
        if any(at.sentence == hit.sentence for at, _ in around) or len({phrase for _, phrase in around}) > 1:
            return 1.0
        return _ELSEWHERE if around else _NOWHERE


def _label(name: str, phrases: Mapping[str, float]) -> Label:
    score = sum_up(phrases.values(), _FURTHER)
    return Label(name, round(1 / (1 + math.exp(-_SLOPE * (score - _MIDDLE))), 4), name_deciding(phrases))


def collect_roles(family: Family) -> Iterator[Role]:
    """The seeds of a family, what holds them back, and its words of another time."""
    for label in family.labels.values():
        yield from (Role("seed", label.name, seed.weight, seed.phrase) for seed in label.seeds)
        yield from (Role("against", label.name, 0, phrase) for phrase in label.against)
    yield from (Role("not_now", "", 0, phrase) for phrase in family.not_now)


def _collect_context(family: Family) -> Iterator[Role]:
    for label in family.labels.values():
        yield from (Role("context", label.name, 0, phrase) for phrase in label.context)


def is_telling(role: Role) -> bool:
    """A seed that is more than a hint (weight 1): hints alone make no label."""
    return role.what == "seed" and role.weight > 1


def holds_back(other: Hit, against: Role, hit: Hit, seed: Role) -> bool:
    """A look-alike holds back the seeds inside it (爆炸头: 爆炸); one of several parts, all of its sentence.

    Mere touching does not: 火了 is in 着火了.
    """
    if against.label != seed.label:
        return False
    if " " in against.phrase:
        return other.sentence == hit.sentence
    return other.start <= hit.start and hit.end <= other.end


def drop_contained(phrases: Mapping[str, float]) -> dict[str, float]:
    """浓烟滚滚 is not told once more by 浓烟."""
    return {
        phrase: weight
        for phrase, weight in phrases.items()
        if not any(phrase != other and phrase in other and phrases[other] >= weight for other in phrases)
    }


def sum_up(weights: Iterable[float], further: float) -> float:
    """The strongest weight whole, each further one by `further` less than the one before."""
    return sum(weight * further**rank for rank, weight in enumerate(sorted(weights, reverse=True)))


def name_deciding(phrases: Mapping[str, float]) -> tuple[str, ...]:
    """The phrases that weigh most."""
    return tuple(sorted(phrases, key=lambda phrase: -phrases[phrase])[:_TOLD_WORDS])
