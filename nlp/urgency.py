"""How soon somebody has to act on a post: the taxonomy's words, the incident and the facts."""

from collections.abc import Iterator, Sequence
from operator import attrgetter

from nlp.knowledge import read_knowledge
from nlp.phrases import Hit, PhraseSet
from schemas.records import Facts, Label
from schemas.taxonomy.labels import Family

CRITICAL, URGENT, NORMAL, LOW = "critical", "urgent", "normal", "low"
_REPORT = "report"
_NOT_NOW = "not_now"
_SCORED = (CRITICAL, URGENT, NORMAL, LOW, _REPORT, _NOT_NOW)
_KNOWN = read_knowledge("urgency")
_LEAST = {level: _KNOWN.number(level, 0, 10) for level in (CRITICAL, URGENT, LOW)}
_INCIDENT = _KNOWN.number("incident_probability", 0, 1)
_URGENT_KINDS = frozenset(_KNOWN.texts("urgent_kinds", 1))
_DANGER_FACTS = _KNOWN.choices("danger_facts", ("trapped", "missing", "affected"))
_REPORT_SHARE, _REPORT_WORDS = _KNOWN.number("report", 0, 1), _KNOWN.texts("report_words", 1)
_LEAD, _AFTER_LEAD = _KNOWN.whole("lead_characters"), _KNOWN.number("after_lead", 0, 1)
_DEATHS, _INJURED = _KNOWN.whole("critical_deaths", 1), _KNOWN.whole("critical_injured", 1)
_KNOWN.close()
_START = attrgetter("start")


class UrgencyJudge:
    """Judges one post: `critical`, `urgent`, `normal` or `low`."""

    def __init__(self, family: Family) -> None:
        self._roles = [*_collect_roles(family)]
        self.phrases = PhraseSet(
            [phrase for _, _, phrase in self._roles],
            [level not in (_REPORT, _NOT_NOW) for level, _, _ in self._roles],
        )

    def judge(self, text: str, incident: Label, facts: Facts) -> str:
        """The urgency of a text whose incident and facts are known.

        >>> UrgencyJudge(load_families()["urgency"]).judge("救命，我们被困在楼顶", Label("none", 1.0),
        Facts()) 'critical'
        """
        return self.judge_hits(self.phrases.find(text), incident, facts)

    def judge_hits(self, hits: Sequence[Hit], incident: Label, facts: Facts) -> str:
        """The same for a text whose hits of `phrases` are known."""
        scores = self._score(hits)
        happening = incident.name in _URGENT_KINDS and incident.probability >= _INCIDENT
        if scores[CRITICAL] >= _LEAST[CRITICAL] or (happening and _is_deadly(facts)):
            return CRITICAL
        if happening or scores[URGENT] >= _LEAST[URGENT]:
            return URGENT
        calm = scores[LOW] >= _LEAST[LOW] and scores[LOW] > scores[NORMAL]
        return LOW if calm and not scores[CRITICAL] else NORMAL

    def _score(self, hits: Sequence[Hit]) -> dict[str, float]:
        """The sum of the weights of each level's distinct words; less in a report and, of critical ones, far
        down in a long text, none in a drill or a film."""
        scores = dict.fromkeys(_SCORED, 0.0)
        told: set[int] = set()
        for hit in sorted(hits, key=_START) if len(hits) > 1 else hits:
            if hit.phrase not in told:
                told.add(hit.phrase)
                level, weight, _ = self._roles[hit.phrase]
                late = level == CRITICAL and hit.start >= _LEAD
                scores[level] += weight * _AFTER_LEAD if late else weight
        if scores[_NOT_NOW]:
            scores[CRITICAL] = scores[URGENT] = 0.0
        elif scores[_REPORT]:
            scores[CRITICAL] *= _REPORT_SHARE
        return scores


def _collect_roles(family: Family) -> Iterator[tuple[str, float, str]]:
    for label in family.labels.values():
        yield from ((label.name, float(seed.weight), seed.phrase) for seed in label.seeds)
    yield from ((_NOT_NOW, 1.0, phrase) for phrase in family.not_now)
    yield from ((_REPORT, 1.0, phrase) for phrase in _REPORT_WORDS)


def _is_deadly(facts: Facts) -> bool:
    """People are in danger, or the incident killed or hurt enough of them."""
    in_danger = any(getattr(facts, name) for name in _DANGER_FACTS)
    return in_danger or (facts.deaths or 0) >= _DEATHS or (facts.injured or 0) >= _INJURED
