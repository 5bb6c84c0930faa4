"""Names of places as evidence: does a post speak of the estate, school or firm that an event is about?"""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from schemas.records import ClassifiedPost, Place

HOME_LEVELS = frozenset({"community", "estate"})
OWN_LEVELS = frozenset({"community", "estate", "firm"})
_TAIL = re.compile(
    r"(?:[一二三四五六七八九十\d]+[期栋座号区])+$|(?:小区|社区|居民区|住宅区|楼盘|项目|有限责任公司|有限公司|公司|集团)$"
)
_HEAD = re.compile(r"^(?:[A-Z]\d*[市区县]|.{2}[省市])+")
_SIGNS = re.compile(r"[^\w]|_")


@lru_cache(maxsize=65_536)
def name_core(name: str) -> str:
    """The part of a name that tells it from others: no division before it, no phase or kind behind it.

    >>> name_core("汀东·丽湖花苑小区二期")
    '汀东丽湖花苑'
    """
    core = _HEAD.sub("", _SIGNS.sub("", name))
    while (shorter := _TAIL.sub("", core)) != core and len(shorter) > 1:
        core = shorter
    return core


@lru_cache(maxsize=65_536)
def _pieces(core: str) -> frozenset[str]:
    return frozenset(core[at : at + 2] for at in range(len(core) - 1))


def names_alike(one: str, other: str) -> float:
    """Share of the shorter name's two-character pieces that stand in the longer one, in [0, 1]."""
    ours, theirs = _pieces(one), _pieces(other)
    if not ours or not theirs:
        return 0.0
    return len(ours & theirs) / min(len(ours), len(theirs))


def home_names(post: ClassifiedPost) -> tuple[str, ...]:
    """Cores of the estates and communities a post is plainly about: its title's, else its text's."""
    text = post.clean.title or post.clean.text
    homes = (name_core(place.name) for place in post.places if place.level in HOME_LEVELS)
    return tuple(dict.fromkeys(core for core in homes if len(core) > 1 and core in text))


def own_names(post: ClassifiedPost) -> tuple[str, ...]:
    """Cores of the estates, communities and firms a post is about, each once; its title's, if it has any.

    A body names many places on the way; the title names the one that matters.
    """
    named = [place for place in post.places if place.level in OWN_LEVELS]
    titled = [place for place in named if place.name in post.clean.title]
    cores = (name_core(place.name) for place in titled or named)
    return tuple(dict.fromkeys(core for core in cores if len(core) > 1))


def roads(places: Iterable[Place]) -> frozenset[str]:
    """Names of the roads among the places."""
    return frozenset(place.name for place in places if place.level == "road")


def districts(places: Iterable[Place]) -> frozenset[str]:
    """Codes or names of the districts among the places."""
    return frozenset(place.code or place.name for place in places if place.level == "district")


def count_shared(names: Collection[str], others: Collection[str], alike: float) -> int:
    """How many of the names the other side has too, in this or another wording."""
    return sum(any(names_alike(one, other) >= alike for other in others) for one in names)
