"""Which incident a text reports, if any: the taxonomy's seed phrases, weighed by where and how they stand."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from nlp.knowledge import read_knowledge
from nlp.phrases import Hit, PhraseSet
from nlp.seeds import Role, collect_roles, drop_contained, holds_back, is_telling, name_deciding, sum_up
from schemas.records import Label
from schemas.taxonomy.labels import Family

NONE = "none"
_KNOWN = read_knowledge("incident")
_FURTHER = _KNOWN.number("further", 0, 1)
_SLOPE, _MIDDLE = _KNOWN.number("slope", 0, 10), _KNOWN.number("middle", 0, 10)
_THRESHOLD = _KNOWN.number("threshold", 0, 1)
_WORRIED, _WORRY_WORDS = _KNOWN.number("worried", 0, 1), _KNOWN.texts("worry_words", 1)
_SAME, _ELSEWHERE = _KNOWN.number("not_now_same_sentence", 0, 1), _KNOWN.number("not_now_elsewhere", 0, 1)
_LEAD, _AFTER_LEAD = _KNOWN.whole("lead_characters"), _KNOWN.number("after_lead", 0, 1)
_TITLE, _IN_TITLE = _KNOWN.whole("title_characters"), _KNOWN.number("in_title", 1, 2)
_REQUESTED, _REQUEST_WORDS = _KNOWN.number("requested", 0, 1), _KNOWN.texts("request_words", 1)
# What a word in the seed's own sentence says of it: told long after, told of something else, in another
# country, people hurt.
_SENTENCE_WORDS = {
    what: (_KNOWN.number(what, 0, 2), _KNOWN.texts(f"{what}_words", 1))
    for what in ("past", "aside", "foreign", "harm")
}
_HOME_WORDS, _ABROAD = _KNOWN.texts("home_words", 1), frozenset(_KNOWN.texts("abroad_kinds", 1))
_KNOWN.close()

_NOTHING = Label(NONE, 1.0)


class IncidentJudge:
    """Judges whether a text reports an incident that is happening, and of which kind.

    The probability is a score made of seed weights by a logistic curve (nlp/knowledge/incident.yml), not the
    outcome of training: there are no labelled posts for most kinds.
    """

    def __init__(self, family: Family) -> None:
        self._roles = [*_collect_roles(family)]
        self.phrases = PhraseSet(
            [role.phrase for role in self._roles], [is_telling(role) for role in self._roles]
        )

    def judge(self, text: str) -> Label:
        """The kind of incident with its probability and the phrases that decided; `none` with what is left.

        >>> IncidentJudge(load_families()["incident"]).judge("三楼着火了，浓烟滚滚").name
        'fire'
        """
        return self.judge_hits(self.phrases.find(text))

    def judge_hits(self, hits: Sequence[Hit]) -> Label:
        """The same for a text whose hits of `phrases` are known."""
        if not hits:
            return _NOTHING
        weights = self._weigh(hits)
        if not weights:
            return _NOTHING
        scores = {label: sum_up(phrases.values(), _FURTHER) for label, phrases in weights.items()}
        label = max(scores, key=scores.__getitem__)
        probability = 1 / (1 + math.exp(-_SLOPE * (scores[label] - _MIDDLE)))
        if probability < _THRESHOLD:
            return Label(NONE, round(1 - probability, 4))
        return Label(label, round(probability, 4), name_deciding(weights[label]))

    def _weigh(self, hits: Sequence[Hit]) -> dict[str, dict[str, float]]:
        """For each label the weight of each distinct seed that is not held back."""
        seeds: list[tuple[Hit, Role]] = []
        others: dict[str, list[tuple[Hit, Role]]] = defaultdict(list)
        for hit in hits:
            role = self._roles[hit.phrase]
            (seeds if role.what == "seed" else others[role.what]).append((hit, role))
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for hit, role in seeds:
            if any(holds_back(other, against, hit, role) for other, against in others["against"]):
                continue
            if len(seeds) > 1 and any(_says_more(other, longer, hit, role) for other, longer in seeds):
                continue
            weight = role.weight * (_discount(hit, role, others) if others else _place_factor(hit))
            found[role.label][role.phrase] = max(weight, found[role.label].get(role.phrase, 0.0))
        return {label: drop_contained(phrases) for label, phrases in found.items()}


def _collect_roles(family: Family) -> Iterator[Role]:
    yield from collect_roles(family)
    yield from (Role("worry", "", 0, phrase) for phrase in _WORRY_WORDS)
    yield from (Role("request", "", 0, phrase) for phrase in _REQUEST_WORDS)
    yield from (Role("home", "", 0, phrase) for phrase in _HOME_WORDS)
    for what, (_, words) in _SENTENCE_WORDS.items():
        yield from (Role(what, "", 0, phrase) for phrase in words)


def _says_more(other: Hit, longer: Role, hit: Hit, seed: Role) -> bool:
    """A longer seed of another kind takes the place of the shorter one inside it (连环爆炸: 爆炸)."""
    inside = (
        other.start <= hit.start and hit.end <= other.end and other.end - other.start > hit.end - hit.start
    )
    return inside and longer.label != seed.label and longer.weight >= seed.weight


def _place_factor(hit: Hit) -> float:
    """More in the title, less far down."""
    return _IN_TITLE if hit.start < _TITLE else 1.0 if hit.start < _LEAD else _AFTER_LEAD


def _discount(hit: Hit, seed: Role, others: Mapping[str, Sequence[tuple[Hit, Role]]]) -> float:
    factor, abroad = _place_factor(hit), _is_abroad(hit, seed, others)
    if hit.start >= _TITLE and any(other.start < _TITLE for other, _ in others.get("request", ())):
        factor *= _REQUESTED
    if any(other.sentence == hit.sentence and other.start <= hit.end for other, _ in others.get("worry", ())):
        factor *= _WORRIED
    for what, (share, _) in _SENTENCE_WORDS.items():
        if _in_sentence(hit, others.get(what, ())) and (what != "foreign" or abroad):
            factor *= share
    if _in_sentence(hit, others.get("not_now", ())):
        factor *= _SAME
    elif others.get("not_now"):
        factor *= _ELSEWHERE
    return factor


def _is_abroad(hit: Hit, seed: Role, others: Mapping[str, Sequence[tuple[Hit, Role]]]) -> bool:
    """In the sentence stands another country and nothing of ours."""
    foreign = _in_sentence(hit, others.get("foreign", ()))
    return foreign and seed.label not in _ABROAD and not _in_sentence(hit, others.get("home", ()))


def _in_sentence(hit: Hit, others: Sequence[tuple[Hit, Role]]) -> bool:
    return any(other.sentence == hit.sentence for other, _ in others)
