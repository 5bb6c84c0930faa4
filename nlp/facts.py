"""Facts that a text states: casualties, money, and when it happened."""

import re
from datetime import datetime

from nlp.facts_casualties import GATE, count_casualties
from nlp.facts_time import find_time
from nlp.knowledge import read_knowledge
from nlp.numerals import FULL_WIDTH_DIGITS, NUMBER, read_number
from schemas.records import Facts

_MONEY_WORDS = read_knowledge("facts").texts("money", 1)
_FULL_WIDTH = re.compile("[０-９]")
_WORDS = "|".join(sorted(_MONEY_WORDS, key=len, reverse=True))
_MONEY = re.compile(
    f"(?:{_WORDS})[^，。；！？\n\\d]{{0,12}}?({NUMBER})(?:多|余)?([万亿]?)(?:多|余)?(?:元|块钱|人民币)"
    f"|({NUMBER})(?:多|余)?([万亿]?)(?:多|余)?元(?:人民币)?的?(?:经济|直接)?(?:{_WORDS})"
)


def find_facts(text: str, at: datetime) -> Facts:
    """The facts of one post made at `at` (with its zone): None where nothing is stated, 0 where it says none.

    >>> from datetime import UTC
    >>> facts = find_facts("昨晚8点厂房坍塌，造成二死三伤，另有1人失踪", datetime(2026, 7, 22, 9, tzinfo=UTC))
    >>> facts.deaths, facts.injured, facts.missing, facts.time.isoformat()
    (2, 3, 1, '2026-07-21T20:00:00+00:00')
    """
    if _FULL_WIDTH.search(text):
        text = text.translate(FULL_WIDTH_DIGITS)
    counts = count_casualties(text, at.year) if GATE.search(text) else {}
    return Facts(
        deaths=counts.get("deaths"),
        injured=counts.get("injured"),
        missing=counts.get("missing"),
        trapped=counts.get("trapped"),
        affected=counts.get("affected"),
        money=find_money(text) if "元" in text or "块钱" in text or "人民币" in text else None,
        time=find_time(text, at),
    )


def find_money(text: str) -> float | None:
    """The largest sum in yuan beside a word of loss, debt or fraud; None without one. Prices do not count."""
    if not any(word in text for word in _MONEY_WORDS):
        return None
    sums = []
    for match in _MONEY.finditer(text):
        number = read_number((match[1] or match[3]) + (match[2] or match[4] or ""))
        if number is not None:
            sums.append(number)
    return max(sums, default=None)
