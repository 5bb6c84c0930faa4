"""The writer's emotion: what the linear task reads besides the words, and what its answer means."""

from collections.abc import Sequence

from nlp.phrases import Hit, PhraseSet
from nlp.seeds import SeedJudge
from schemas.records import Label
from schemas.taxonomy.labels import Family

TASK = "emotion"
NEUTRAL = "neutral"
# Characters that no text has: one for each emotion the seeds show, once more where they are surer of it.
_FIRST_MARK, _SURER = 0xE110, 0xE120
_SURE_FROM = (0.7, 0.9)
_TOLD_WORDS = 3


class EmotionSigns:
    """Signs of an emotion: feelings in brackets, emoji, and the taxonomy's seed phrases as marks."""

    def __init__(self, family: Family) -> None:
        self._seeds = SeedJudge(family)
        self._marks = {name: chr(_FIRST_MARK + at) for at, name in enumerate(sorted(family.labels))}

    @property
    def phrases(self) -> PhraseSet:
        """The seed phrases, to be found with those of other questions in one pass."""
        return self._seeds.phrases

    def judge_hits(self, hits: Sequence[Hit]) -> tuple[Label, ...]:
        """What the seed phrases alone say, surest first."""
        return self._seeds.judge_hits(hits)

    def add_signs(
        self, words: Sequence[str], feelings: Sequence[str], shown: Sequence[Label]
    ) -> Sequence[str]:
        """The words and behind them the signs; the words themselves where there is none."""
        if not feelings and not shown:
            return words
        signs = [f"[{feeling}]" for feeling in feelings]
        for label in shown:
            mark = self._marks[label.name]
            surer = sum(label.probability >= least for least in _SURE_FROM)
            signs += (mark, *(f"{mark}{chr(_SURER + at)}" for at in range(surer)))
        return [*words, *signs]

    def explain(self, given: Label, shown: Sequence[Label]) -> Label | None:
        """The task's answer as a label of the taxonomy; None for `neutral`. Seed phrases are told first."""
        if given.name == NEUTRAL:
            return None
        seeds = next((label.words for label in shown if label.name == given.name), ())
        words = (*seeds, *(word for word in given.words if not "\ue110" <= word[0] <= "\ue12f"))
        return Label(given.name, given.probability, tuple(dict.fromkeys(words))[:_TOLD_WORDS])
