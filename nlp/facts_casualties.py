"""How many people a text says are dead, injured, missing, trapped or affected."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from nlp.gates import compile_gate
from nlp.knowledge import read_knowledge
from nlp.numerals import NUMBER, read_number

KINDS = ("deaths", "injured", "missing", "trapped", "affected")

_KNOWN = read_knowledge("facts")
_VERBS = {kind: _KNOWN.section("verbs").texts(kind, 1) for kind in ("severe", *KINDS)}
_BEFORE = {kind: _KNOWN.section("before").texts(kind, 1) for kind in ("severe", *KINDS)}
_KIND_OF = {verb: kind for kind, verbs in (*_VERBS.items(), *_BEFORE.items()) for verb in verbs}


def _either(words: tuple[str, ...]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_ALL = _either(tuple(verb for verbs in _VERBS.values() for verb in verbs))
_FIRST = _either(tuple(verb for verbs in _BEFORE.values() for verb in verbs))
_UNIT = (
    "名|位|个(?![月小多])|人|口|户|例|具|条|男子|女子|乘客|学生|老人|儿童|孩子|工人|村民|员工|旅客|游客|(?:中国|外籍)?公民|"
    "幼童|女童|男童|女孩|男孩|女生|男生|小伙|少年|少女|婴儿|矿工|患者|驴友|居民|群众|消防员|民警|士兵|平民"
)
# 死亡3人以上 is what a rule says, not what happened.
_NO_RULE = "(?!及?以[上下]|及以)"
# 3人被埋压身亡 tells of the dead, not of the trapped.
_DIED = "[^，。；、0-9一二两三四五六七八九十]{0,6}?(?:身亡|死亡|遇难|丧生|致死)"
_NOT_AFTER = f"(?!伤|亡|者家属|因|角|路|刑|机|守|心|害|势|残|痕|口|的原因|赔|率|证|线|神|灵|医|{_DIED})"
_COUNT = re.compile(
    f"(?<![数几无第大高初小研A-Za-z])(?P<count>{NUMBER})(?:余|多|几)?(?:"
    f"(?:{_UNIT}){_NO_RULE}(?:(?!(?:{NUMBER})(?:{_UNIT}|死|伤|亡|重伤|轻伤))(?:[^，。；！？：、\n0-9死伤]|\\d{{1,3}}岁)){{0,16}}?(?P<after>(?<![社笑吓累热烦气饿装])(?:{_ALL})){_NOT_AFTER}"
    f"|(?P<bare>死|亡|伤|重伤|轻伤|失踪|失联|被困)(?!者|员|势|害|心))"
    f"|(?<![吓累热气笑烦急饿渴])(?P<first>{_FIRST})(?:人数|人口|人员|群众|居民|村民|学生|病例|矿工|工人|者|超|了|有|已经?|共|突破|高达|接近|达到?"
    f"|为|约|近|至少|超过|逾|上升至|升至|增至|[:：]){{0,4}}"
    f"(?P<number>{NUMBER})(?:余|多|几)?(?:户(?P<people>{NUMBER})(?:余|多)?人|个(?=[，。；！]|$)|个?(?:余|多)?[人名位例户]{_NO_RULE})"
)
_NUMERAL = re.compile("[0-9零〇一二两俩三四五六七八九十百千万亿]")
_YEAR = re.compile("((?:19|20)[0-9]{2})年")
_SENTENCE = re.compile("[^。！？；\n]+")
_PAIR = re.compile(f"({NUMBER})(?:名|个)?男(?:性)?、?({NUMBER})(?:名|个)?女(?:性)?")
_HISTORY = re.compile(f"{_either(_KNOWN.texts('history', 1))}|近[\\d一二两三四五六七八九十]+年")
_UNREAL = re.compile(_either(_KNOWN.texts("unreal", 1)))
_RISING = re.compile(_either(_KNOWN.texts("rising", 1)))
_DENIED = f"(?:{_either(_KNOWN.texts('denials', 1))})"
_NOT_DENIED = f"(?!{_either(_KNOWN.texts('not_denials', 1))})"
_BETWEEN = f"(?:{_NOT_DENIED}[^，。；！？、\n0-9]){{0,8}}?"


class _Phrase(NamedTuple):
    """A pattern and the words that it must end with: looking for words is ten times as quick."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]

    def search(self, text: str) -> re.Match[str] | None:
        """The first place of the pattern."""
        return self.pattern.search(text) if any(word in text for word in self.words) else None


def _seek_none(kind: str) -> _Phrase:
    words = _KNOWN.section("none").texts(kind, 1)
    return _Phrase(words, re.compile(f"(?<!有){_DENIED}{_BETWEEN}(?:{_either(words)})"))


_NONE = {kind: _seek_none(kind) for kind in ("casualties", "deaths", "injured", "missing", "trapped")}
_UNKNOWN = re.compile(
    f"(?:伤亡|死亡人数|死伤)[^，。；！？\n]{{0,12}}?(?:{_either(_KNOWN.texts('unknown', 1))})"
)
_PERSON = _either((*_KNOWN.texts("persons", 1), *_KNOWN.texts("couples", 1)))
# 一男子坠楼，当场|死亡; 老人被撞倒，腿骨|骨折.
_THEN = f"(?:，(?:{_either(_KNOWN.texts('then', 1))})[^，。！？；们、和]{{0,4}}?)?"


def _seek_one(*ends: str) -> _Phrase:
    found = f"(?:{_PERSON})(?!们)[^，。！？；们、和]{{0,8}}?{_THEN}(?:{'|'.join(ends)})(?![的赔率证])"
    return _Phrase(tuple(end.removeprefix("被?") for end in ends), re.compile(found))


_ONE = {
    "deaths": _seek_one("死亡", "身亡", "遇难", "丧生", "溺亡", "坠亡", "猝死", "致死", "殒命", "离世"),
    "trapped": _seek_one("被困"),
    "injured": _seek_one("受伤", "被?烧伤", "被?灼伤", "摔伤", "被?撞伤", "骨折"),
}


_COUPLES = _KNOWN.texts("couples", 1)
_AND = re.compile("[和与及][^，。；、]*$")
# 影响, 安置 stand in every tenth post; they tell something only before a number.
_LOOSE = frozenset(_BEFORE["affected"]) - frozenset(_VERBS["affected"])
# One of these stands in every text that tells of people.
CASUALTY_WORDS = (*_KIND_OF, "人员伤亡")
GATE = compile_gate(
    [word for word in CASUALTY_WORDS if word not in _LOOSE],
    {word[0]: f"{word[1:]}[^，。；！？\n]{{0,8}}?{_NUMERAL.pattern}" for word in sorted(_LOOSE)},
)


class Stated(NamedTuple):
    """A number of people, and where the text states it."""

    number: int
    start: int
    end: int


class _Counts(NamedTuple):
    """The counts of one sentence; `severe` are heavy and slight injuries given apart from a total."""

    numbers: dict[str, Stated]
    history: bool
    rising: bool
    none: bool
    unknown: bool


def count_casualties(text: str, year: int) -> dict[str, Stated]:
    """People by kind (deaths, injured, missing, trapped, affected); a kind without a number is absent.

    Heavy and slight injuries are added up where no total is given: 3人重伤，14人轻微伤 is 17 injured.
    20余人 and 近20人 are 20. Sentences about a year before `year` - 1 and those of a drill do not count,
    those about other times only where there are no others; `无人员伤亡` is zero deaths and zero injured.
    """
    sentences = [
        _count_sentence(match[0], match.start())
        for match in _SENTENCE.finditer(_join_pairs(text))
        if GATE.search(match[0])
        and not _UNREAL.search(match[0])
        and all(int(named) >= year - 1 for named in _YEAR.findall(match[0]))
    ]
    if not sentences:
        return {}
    found = {kind: _count_kind(kind, sentences, text) for kind in KINDS}
    return {kind: stated for kind, stated in found.items() if stated is not None}


def _count_kind(kind: str, sentences: list[_Counts], text: str) -> Stated | None:
    """A number of this event; else what is said without a number; else a number of other times."""
    first = _first_word(kind, sentences)
    if first == "unknown":
        return None
    stated = None if first == "none" else _choose(kind, sentences, history=False)
    if stated is None:
        stated = _count_unnumbered(kind, text)
    return _choose(kind, sentences, history=True) if stated is None else stated


def _join_pairs(text: str) -> str:
    """三男两女 as 5人, as long as it was."""

    def join(match: re.Match[str]) -> str:
        first, second = read_number(match[1]), read_number(match[2])
        if first is None or second is None:
            return match[0]
        return f"{int(first + second)}人".ljust(len(match[0]))

    return _PAIR.sub(join, text) if "男" in text else text


def _count_sentence(sentence: str, at: int) -> _Counts:
    """The counts of a sentence that begins at a place of the text."""
    numbers: dict[str, Stated] = {}
    for kind, stated, part in _mentions(sentence, at):
        before = numbers.get(kind)
        if kind == "severe" and not part:
            numbers["severe"] = _add(before, stated)
        elif kind != "severe" and (before is None or stated.number > before.number):
            numbers[kind] = stated
    severe = numbers.pop("severe", None)
    if severe is not None and ("injured" not in numbers or severe.number > numbers["injured"].number):
        numbers["injured"] = severe
    return _Counts(
        numbers,
        bool(numbers) and _HISTORY.search(sentence) is not None,
        bool(numbers) and _RISING.search(sentence) is not None,
        _NONE["casualties"].search(sentence) is not None,
        _UNKNOWN.search(sentence) is not None,
    )


def _add(first: Stated | None, second: Stated) -> Stated:
    return second if first is None else Stated(first.number + second.number, first.start, second.end)


def _mentions(sentence: str, at: int) -> Iterator[tuple[str, Stated, bool]]:
    """Kind, number, and whether it is a part of a total already given (其中3人重伤)."""
    for match in _COUNT.finditer(sentence) if _NUMERAL.search(sentence) else ():
        verb = match["after"] or match["bare"] or match["first"]
        written = match["count"] or match["people"] or match["number"]
        number = read_number(written)
        if number is not None:
            before = sentence[max(0, match.start() - 6) : match.start()]
            if before.endswith("救"):  # 为救两名儿童遇难 tells of somebody else
                continue
            stated = Stated(int(number), at + match.start(), at + match.end())
            yield _KIND_OF[verb], stated, "其中" in before or "包括" in before


def _choose(kind: str, sentences: list[_Counts], history: bool) -> Stated | None:
    """The number of the first sentence that gives one, or a higher one later where the text says it rose."""
    chosen: Stated | None = None
    for counts in sentences:
        stated = counts.numbers.get(kind)
        if (
            stated is not None
            and counts.history == history
            and (chosen is None or (counts.rising and stated.number > chosen.number))
        ):
            chosen = stated
    return chosen


def _first_word(kind: str, sentences: list[_Counts]) -> str:
    """What the text says first: `number`, `none` (无人员伤亡), `unknown` (伤亡情况不明) or nothing."""
    for counts in sentences:
        if kind in counts.numbers:
            return "number"
        if kind in ("deaths", "injured") and (counts.none or counts.unknown):
            return "none" if counts.none else "unknown"
    return ""


def _count_unnumbered(kind: str, text: str) -> Stated | None:
    none = _NONE["casualties"].search(text) if kind in ("deaths", "injured") else None
    if none is not None:
        return Stated(0, *none.span())
    one = _ONE[kind].search(text) if kind in _ONE else None
    if one is not None:
        several = one[0].startswith(_COUPLES) or _AND.search(text, max(0, one.start() - 6), one.start())
        return Stated(2 if several else 1, *one.span())
    none = _NONE[kind].search(text) if kind in _NONE else None
    return None if none is None else Stated(0, *none.span())
