"""Facts that a text states: casualties, money, and when it happened; each with where it stands."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from nlp.batches import CharacterGates, Gate, TextBatch
from nlp.facts_casualties import CASUALTY_WORDS, GATE, KINDS, Stated, count_casualties
from nlp.facts_time import GATES as TIME_GATES
from nlp.facts_time import find_time
from nlp.knowledge import read_knowledge
from nlp.numerals import FULL_WIDTH_DIGITS, NUMBER, read_number
from schemas.records import Facts, FactSpan

_MONEY_WORDS = read_knowledge("facts").texts("money", 1)
_UNITS = ("元", "万", "块", "人民币")
_WORDS = "|".join(sorted(_MONEY_WORDS, key=len, reverse=True))
# 欠薪4.8万 is a sum, 欠4.8万户 is none.
_YUAN = "(?:元|块钱?|人民币|(?<=万)(?![人户平名个亩台辆条斤吨公件只套字方多余]))"
_SUM = re.compile(
    f"(?:{_WORDS})[^，。；！？\n\\d]{{0,12}}?({NUMBER})(?:多|余)?([万亿]?)(?:多|余)?{_YUAN}"
    f"|({NUMBER})(?:多|余)?([万亿]?)(?:多|余)?元(?:人民币)?的?(?:经济|直接)?(?:{_WORDS})"
)

# Gates of a whole batch, in the order of their bits: full-width digits, people, a word of money and its unit,
# times.
_GATES = CharacterGates((
    Gate("".join(map(chr, FULL_WIDTH_DIGITS))),
    Gate.of_words(CASUALTY_WORDS),
    Gate.of_words(_MONEY_WORDS),
    Gate.of_words(_UNITS),
    *TIME_GATES,
))  # fmt: skip
_ALL = (1 << 4 + len(TIME_GATES)) - 1
_FULL_WIDTH, _PEOPLE, _MONEY = 0b0001, 0b0010, 0b1100
_TIME = _ALL & ~0b1111
_NOTHING = Facts()


def find_facts(text: str, at: datetime) -> Facts:
    """The facts of one post made at `at` (with its zone): None where nothing is stated, 0 where it says none.

    >>> from datetime import UTC
    >>> facts = find_facts("昨晚8点厂房坍塌，造成二死三伤，另有1人失踪", datetime(2026, 7, 22, 9, tzinfo=UTC))
    >>> facts.deaths, facts.injured, facts.missing, facts.time.isoformat()
    (2, 3, 1, '2026-07-21T20:00:00+00:00')
    >>> [(span.name, span.start, span.end) for span in facts.spans]
    [('deaths', 11, 13), ('injured', 13, 15), ('missing', 18, 22), ('time', 0, 4)]
    """
    return _find(text, at, _ALL)


def find_facts_batch(batch: TextBatch, times: Sequence[datetime]) -> list[Facts]:
    """The facts of each text of a batch, made at its time."""
    gates = _GATES.find_open(batch)
    return [
        _find(text, at, opened) if opened else _NOTHING
        for text, at, opened in zip(batch.texts, times, gates, strict=True)
    ]


def _find(text: str, at: datetime, opened: int) -> Facts:
    """The facts of a text where no more than the gates given are open."""
    if opened & _FULL_WIDTH and (narrow := text.translate(FULL_WIDTH_DIGITS)) != text:
        text, opened = narrow, _ALL
    counts = count_casualties(text, at.year) if opened & _PEOPLE and GATE.search(text) else {}
    money = find_money(text) if opened & _MONEY == _MONEY else None
    when = find_time(text, at) if opened & _TIME else None
    if not counts and money is None and when is None:
        return _NOTHING
    spans = tuple(_spans(counts, money, None if when is None else (when[1], when[2])))
    deaths, injured, missing, trapped, affected = (
        counts[kind].number if kind in counts else None for kind in KINDS
    )
    return Facts(
        deaths,
        injured,
        missing,
        trapped,
        affected,
        money=None if money is None else money[0],
        time=None if when is None else when[0],
        spans=spans,
    )


def _spans(
    counts: dict[str, Stated], money: tuple[float, int, int] | None, time: tuple[int, int] | None
) -> Iterator[FactSpan]:
    for kind in KINDS:
        if kind in counts:
            yield FactSpan(kind, counts[kind].start, counts[kind].end)
    if money is not None:
        yield FactSpan("money", money[1], money[2])
    if time is not None:
        yield FactSpan("time", *time)


def find_money(text: str) -> tuple[float, int, int] | None:
    """The largest sum in yuan beside a word of loss, debt or fraud, and where it stands; None without one.

    Prices do not count.
    """
    if not any(word in text for word in _UNITS) or not any(word in text for word in _MONEY_WORDS):
        return None
    sums: list[tuple[float, int, int]] = []
    for match in _SUM.finditer(text):
        number = read_number((match[1] or match[3]) + (match[2] or match[4] or ""))
        if number is not None:
            sums.append((number, match.start(1 if match[1] else 3), match.end()))
    return max(sums, key=lambda one: one[0], default=None)
