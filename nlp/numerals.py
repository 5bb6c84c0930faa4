"""Chinese and Arabic numerals to numbers, and the characters they are written with."""

import re
from functools import lru_cache

DIGITS = {
    char: value
    for value, chars in enumerate(
        ("零〇○", "一壹", "二贰两俩", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
    )
    for char in chars
}
SMALL_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
LARGE_UNITS = {"万": 10_000, "萬": 10_000, "亿": 100_000_000}

# A whole number as text writes it: 23, 1,200, 3.5万, 12万3千, 二十三, 一百零六, 两千.
NUMBER = (
    r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:\.\d+)?)(?:[万亿]\d+[百千万]|[十百千万亿]*)"
    "|[零〇一二两俩三四五六七八九十百千万亿]+"
)

# One character for one, so that offsets stay: full-width digits and the digits people write to hide a number.
FULL_WIDTH_DIGITS = {ord("０") + value: str(value) for value in range(10)}
HIDDEN_DIGITS = {
    ord(char): str(value)
    for value, chars in enumerate(
        ("零〇○⓪", "一壹幺①", "二贰②", "三叁③", "四肆④", "五伍⑤", "六陆⑥", "七柒⑦", "八捌⑧", "九玖⑨")
    )
    for char in chars
}

_ARABIC = re.compile(r"([\d,]+(?:\.\d+)?)([十百千万亿]*)")
_COMPOUND = re.compile(r"(\d+(?:\.\d+)?[万亿])(\d+[百千万])")


@lru_cache(maxsize=4_096)
def read_number(text: str) -> float | None:
    """The number a numeral stands for; None when the text is no numeral.

    >>> read_number("二十三"), read_number("1.2万"), read_number("一千零六"), read_number("二〇二一")
    (23.0, 12000.0, 1006.0, 2021.0)
    """
    text = text.translate(FULL_WIDTH_DIGITS)
    arabic = _ARABIC.fullmatch(text)
    if arabic:
        return float(arabic[1].replace(",", "") or 0) * _scale(arabic[2])
    compound = _COMPOUND.fullmatch(text)
    if compound:
        return (read_number(compound[1]) or 0) + (read_number(compound[2]) or 0)
    if not text or any(
        char not in DIGITS and char not in SMALL_UNITS and char not in LARGE_UNITS for char in text
    ):
        return None
    if not any(char in SMALL_UNITS or char in LARGE_UNITS for char in text):
        return float("".join(str(DIGITS[char]) for char in text))
    return float(_read_units(text))


def _scale(units: str) -> int:
    scale = 1
    for unit in units:
        scale *= SMALL_UNITS.get(unit) or LARGE_UNITS[unit]
    return scale


def _read_units(text: str) -> int:
    total = section = digit = last_unit = 0
    for char in text:
        if char in DIGITS:
            digit, last_unit = DIGITS[char], 0 if DIGITS[char] == 0 else last_unit
        elif char in SMALL_UNITS:
            last_unit = SMALL_UNITS[char]
            section, digit = section + (digit or 1) * last_unit, 0
        else:
            last_unit = LARGE_UNITS[char]
            total, section, digit = (total + section + digit or 1) * last_unit, 0, 0
    # 一百二 is 120, 三万五 is 35,000; 一百零二 is 102.
    return total + section + digit * max(last_unit // 10, 1)
