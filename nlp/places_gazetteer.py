"""The divisions of China by their full and short names, and how they lie in each other."""

import re
from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from nlp.knowledge import read_knowledge
from schemas.gazetteer import GazetteerEntry

_PEOPLES = (
    "汉|蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|高山|拉祜|水|东乡|纳西|景颇|"
    "柯尔克孜|土|达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|阿昌|普米|塔吉克|怒|乌孜别克|俄罗斯|鄂温克|德昂|保安|裕固|京|塔塔尔|独龙|"
    "鄂伦春|赫哲|门巴|珞巴|基诺|各"
)
_AUTONOMOUS = re.compile(rf"(?:(?:{_PEOPLES})族?){{0,4}}(?:蒙古)?自治([区州县旗])$|维吾尔自治区$")
_SUFFIX = re.compile("(?:特别行政区|自治区|地区|林区|省|市|区|县|旗|盟|州)$")
_STREET_SUFFIX = re.compile("(?:街道|镇|乡)$")
_UNNAMED = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})


class Division(NamedTuple):
    """One division with its path of names from the province down."""

    code: str
    name: str
    level: str
    path: str


class GazetteerIndex:
    """Names to divisions: `full` by written names, `short` by names without 省, 市, 区, 县.

    `called` leads from a full name to the streets that are called so too: 新镇 to 新镇镇 and 新镇街道.
    """

    def __init__(self, entries: Iterable[GazetteerEntry]) -> None:
        known = read_knowledge("places")
        self._never_short = frozenset(known.texts("never_short", 1))
        self.by_code: dict[str, Division] = {}
        self.full: dict[str, list[Division]] = {}
        self.short: dict[str, list[Division]] = {}
        further = known.section("further_provinces")
        provinces = (GazetteerEntry(further.text(name), name, "province", None) for name in further.names())
        for entry in chain(provinces, entries):
            self._add(entry)
        self.called = self._find_called()
        self.unsafe = frozenset((*known.texts("unsafe_short", 1), *known.texts("unsafe_full", 1)))

    def _find_called(self) -> dict[str, list[Division]]:
        called: dict[str, list[Division]] = {}
        for name, divisions in self.full.items():
            stem = _STREET_SUFFIX.sub("", name)
            if stem != name and stem in self.full:
                called.setdefault(stem, []).extend(one for one in divisions if one.level == "street")
        return called

    def find_division(self, district: str | None) -> Division | None:
        """A source's district, given as a code (430104, 430100) or a name; None where it is unknown."""
        if district is None:
            return None
        if district.isdigit():
            return self.by_code.get(re.sub("(?:00)+$", "", district))
        found = self.full.get(district) or self.short.get(district) or []
        return found[0] if len(found) == 1 else None

    def _add(self, entry: GazetteerEntry) -> None:
        above = self.by_code.get(entry.parent or "")
        if entry.name in _UNNAMED:
            self.by_code[entry.code] = Division(entry.code, "", entry.level, above.path if above else "")
            return
        path = f"{above.path}/{entry.name}" if above and above.path else entry.name
        division = Division(entry.code, entry.name, entry.level, path)
        self.by_code[entry.code] = division
        if len(entry.name) > 1:
            self.full.setdefault(entry.name, []).append(division)
        if entry.level != "street":
            for name in frozenset(shorten_name(entry.name)) - self._never_short:
                self.short.setdefault(name, []).append(division)


def shorten_name(name: str) -> tuple[str, ...]:
    """What people write for a division's full name; nothing where only one character is left.

    >>> shorten_name("岳麓区"), shorten_name("恩施土家族苗族自治州"), shorten_name("赵县")
    (('岳麓',), ('恩施', '恩施州'), ())
    """
    autonomous = _AUTONOMOUS.search(name)
    if autonomous and autonomous.start() >= 2:
        stem = name[: autonomous.start()]
        return (stem, f"{stem}{autonomous[1]}") if autonomous[1] in ("州", "县") else (stem,)
    stem = _SUFFIX.sub("", name)
    return (
        (stem,) if len(stem) >= 2 and stem != name and not stem.endswith(("自治", "中", "前", "后")) else ()
    )
