"""Which district and which street a place lies in, from its path of names alone."""

import re
from functools import lru_cache

_DISTRICT = re.compile(r"(?:(?<![社小地治景校厂])区|县|旗)$")
_STREET = re.compile(r"(?:街道|(?<!小)镇|乡|苏木|办事处)$")
_CITY = re.compile(r"(?:市|州|盟|地区)$")
# Digits of a code: GB/T 2260 for a district, the statistics bureau's for a street.
_DISTRICT_DIGITS, _STREET_DIGITS = 6, 9


@lru_cache(maxsize=16_384)
def find_divisions(path: str, code: str | None) -> tuple[str, str]:
    """The district (county, banner, city without districts) and the street (town, township) on a path, each
    with the one name above it, as there is a 城关镇 in many counties; empty where the path has none.

    A code of six or nine digits says what the last name is; the others are known by how they end. One of
    other characters is that of an estate, a road or a firm, whatever its name ends with.

    >>> find_divisions("云汀市/汀东区/柳浪街道/柳浪社区/柳浪家园", "990101001001E01")
    ('云汀市/汀东区', '汀东区/柳浪街道')
    >>> find_divisions("云汀市/汀东区", None)
    ('云汀市/汀东区', '')
    """
    names = path.split("/") if path else []
    last = len(names) - 1
    named = names[:last] if code and not code.isdigit() else names
    told = {} if not code or not code.isdigit() else {len(code): last}
    ends = (at for at, name in enumerate(named) if _STREET.search(name))
    street = told.get(_STREET_DIGITS, next(ends, None))
    above = named[:street]
    lies = (at for at in range(len(above)) if _is_district(above, at, street))
    district = told.get(_DISTRICT_DIGITS, next(lies, None))
    return _with_above(names, district), _with_above(names, street)


def _is_district(names: list[str], at: int, street: int | None) -> bool:
    """By its ending; a city is one within another city, or right above a street."""
    if not names[at].endswith("市"):
        return _DISTRICT.search(names[at]) is not None
    return at > 0 and (_CITY.search(names[at - 1]) is not None or at + 1 == street)


def _with_above(names: list[str], at: int | None) -> str:
    return "" if at is None else "/".join(names[max(0, at - 1) : at + 1])
