"""The second level of a complaint: which detail of its class the text speaks of, by the names' own words."""

from collections.abc import Mapping, Sequence

import ahocorasick_rs

from nlp.knowledge import read_knowledge
from nlp.seeds import name_deciding
from schemas.records import Label
from schemas.taxonomy.details import Detail

_KNOWN = read_knowledge("details")
_LEAD, _IN_LEAD = _KNOWN.whole("lead_characters", 1), _KNOWN.number("in_lead", 1, 5)
_READ = _KNOWN.whole("read_characters", 1)
_LEAST, _DOUBT = _KNOWN.number("least", 0, 10), _KNOWN.number("doubt", 0, 10)
_THRESHOLD = _KNOWN.number("threshold", 0, 1)
_KNOWN.close()


class DetailJudge:
    """Judges which detail of a complaint's class a text speaks of, if any.

    The probability is the detail's share of all the seed weights found, not the outcome of training: the
    details are weakly labelled, by the taxonomy's names.
    """

    def __init__(self, details: Mapping[str, Detail]) -> None:
        parents = dict.fromkeys(detail.parent for detail in details.values())
        self._classes = {
            parent: _Finder([detail for detail in details.values() if detail.parent == parent])
            for parent in parents
        }

    def judge(self, text: str, complaint: str) -> Label | None:
        """The detail with its probability and the words that decided; None where too little is said.

        >>> DetailJudge(load_details()).judge("三栋电梯停了半个月，物业不修", "urban_rural").name
        'property'
        """
        finder = self._classes.get(complaint)
        found = {} if finder is None else finder.find(text[:_READ])
        if not found:
            return None
        scores = {name: sum(words.values()) for name, words in found.items()}
        best = max(scores, key=scores.__getitem__)
        probability = scores[best] / (sum(scores.values()) + _DOUBT)
        if scores[best] < _LEAST or probability < _THRESHOLD:
            return None
        return Label(best, round(probability, 4), name_deciding(found[best]))


class _Finder:
    """The seed phrases of one class's details."""

    def __init__(self, details: Sequence[Detail]) -> None:
        seeds = {seed.phrase: (detail.name, seed) for detail in reversed(details) for seed in detail.seeds}
        self._roles = [(name, phrase, float(seed.weight)) for phrase, (name, seed) in seeds.items()]
        self._automaton = ahocorasick_rs.AhoCorasick(
            [*seeds],
            matchkind=ahocorasick_rs.MatchKind.LeftmostLongest,
            implementation=ahocorasick_rs.Implementation.DFA,
        )

    def find(self, text: str) -> dict[str, dict[str, float]]:
        """For each detail its phrases in the text, each with the weight of its first place."""
        found: dict[str, dict[str, float]] = {}
        for at, start, _ in self._automaton.find_matches_as_indexes(text):
            name, phrase, weight = self._roles[at]
            words = found.setdefault(name, {})
            if phrase not in words:
                words[phrase] = weight * _IN_LEAD if start < _LEAD else weight
        return found
