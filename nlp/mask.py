"""Finding and masking personal numbers and names before anything is stored, indexed, logged or mailed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nlp.mask_patterns import FINDERS, GATE, HIDDEN_GATE, Found, has_long_run
from nlp.numerals import FULL_WIDTH_DIGITS, HIDDEN_DIGITS

_PLAIN = FULL_WIDTH_DIGITS | {
    ord("－"): "-",
    ord("—"): "-",
    ord("–"): "-",
    ord("＠"): "@",
    ord("．"): ".",
    0x3000: " ",
}
_PLAIN |= {ord("Ａ") + place: chr(ord("A") + place) for place in range(26)}
_PLAIN |= {ord("ａ") + place: chr(ord("a") + place) for place in range(26)}
_UNHIDDEN = _PLAIN | HIDDEN_DIGITS
_FULL_WIDTH = re.compile("[０-９Ａ-Ｚａ-ｚ＠．－—–\u3000]")


@dataclass(frozen=True, slots=True)
class Masked:
    """Something personal: what it is, where it stands in the text, and what is shown in its place."""

    kind: str
    start: int
    end: int
    shown: str


def mask_text(text: str) -> str:
    """The text with personal numbers and names masked; the same text where there are none.

    >>> mask_text("请回电138 0013 8000，联系人：欧阳小明")
    '请回电138****8000，联系人：欧阳**'
    """
    found = find_personal(text)
    if not found:
        return text
    parts: list[str] = []
    last = 0
    for item in found:
        parts += (text[last : item.start], item.shown)
        last = item.end
    return "".join(parts) + text[last:]


def find_personal(text: str) -> list[Masked]:
    """Mobile and fixed numbers, identity and bank cards, plates, mail addresses, QQ and WeChat ids, names.

    In order of their place; none overlaps another. Also where written with spaces, dashes, full-width or
    Chinese digits. Numbers must prove themselves (check digit, Luhn, area code) or stand beside a word that
    says what they are, so that house numbers, prices, ticket numbers and dates stay.
    """
    if GATE.search(text) is None:
        return []
    plain = text.translate(_PLAIN) if _FULL_WIDTH.search(text) else text
    taken: list[Found] = []
    _take(plain, taken)
    if HIDDEN_GATE.search(plain):
        _take(plain.translate(_UNHIDDEN), taken)
    return [Masked(*found) for found in sorted(taken, key=lambda found: found.start)]


def _take(text: str, taken: list[Found]) -> None:
    digits = has_long_run(text)
    for finder in FINDERS:
        if digits or not finder.needs_digits:
            taken += _apart(finder.find(text), taken)


def _apart(found: Iterator[Found], taken: list[Found]) -> list[Found]:
    return [one for one in found if all(one.end <= other.start or one.start >= other.end for other in taken)]
