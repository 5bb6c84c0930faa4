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
_UNIT = "名|位|个|人|例|具|条|男子|女子|乘客|学生|老人|儿童|孩子|工人|村民|员工|旅客|游客"
_NOT_AFTER = "(?!伤|亡|者家属|因|角|路|刑|机|守|心|害|势|残|痕|口|的原因)"
_COUNT = re.compile(
    f"(?<![数几])(?P<count>{NUMBER})(?:余|多|几)?(?:"
    f"(?:{_UNIT})(?:(?!(?:{NUMBER})(?:{_UNIT}))(?:[^，。；！？：、\n0-9死伤]|\\d{{1,3}}岁)){{0,16}}?(?P<after>{_ALL}){_NOT_AFTER}"
    f"|(?P<bare>死|亡|伤|重伤|轻伤|失踪|失联|被困)(?!者|员|势|害|心))"
    f"|(?P<first>{_FIRST})(?:人数|人口|人员|者|了|有|已经?|共|突破|高达|接近|达到?|为|约|近|至少|超过|逾|上升至|升至|增至|[:：]){{0,4}}"
    f"(?P<number>{NUMBER})(?:余|多|几)?(?:户(?P<people>{NUMBER}))?(?:余|多)?[人名位例]"
)
_NUMERAL = re.compile("[0-9零〇一二两俩三四五六七八九十百千万亿]")
_YEAR = re.compile("((?:19|20)[0-9]{2})年")
_SENTENCE = re.compile("[^。！？；\n]+")
_PAIR = re.compile(f"({NUMBER})(?:名|个)?男(?:性)?、?({NUMBER})(?:名|个)?女(?:性)?")
_HISTORY = re.compile(f"{_either(_KNOWN.texts('history', 1))}|近[\\d一二两三四五六七八九十]+年")
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
_PERSON = _either(_KNOWN.texts("persons", 1))


def _seek_one(*ends: str) -> _Phrase:
    found = f"(?:{_PERSON})(?!们)[^，。！？；们、和]{{0,8}}?(?:{'|'.join(ends)})(?!的)"
    return _Phrase(tuple(end.removeprefix("被?") for end in ends), re.compile(found))


_ONE = {
    "deaths": _seek_one("死亡", "身亡", "遇难", "丧生", "溺亡", "离世"),
    "injured": _seek_one("受伤", "被?烧伤", "被?灼伤", "摔伤", "被?撞伤", "骨折"),
}


_AND = re.compile("[和与及][^，。；、]*$")
GATE = compile_gate([*_KIND_OF, "人员伤亡"])


class _Counts(NamedTuple):
    """The counts of one sentence; `severe` are heavy and slight injuries given apart from a total."""

    numbers: dict[str, int]
    history: bool
    rising: bool
    none: bool
    unknown: bool


def count_casualties(text: str, year: int) -> dict[str, int]:
    """People by kind (deaths, injured, missing, trapped, affected); a kind without a number is absent.

    Heavy and slight injuries are added up where no total is given: 3人重伤，14人轻微伤 is 17 injured.
    Sentences about a year before `year` - 1 do not count, those about other times only where there are no
    others; `无人员伤亡` is zero deaths and zero injured.
    """
    sentences = [
        _count_sentence(match[0])
        for match in _SENTENCE.finditer(_join_pairs(text))
        if GATE.search(match[0]) and all(int(named) >= year - 1 for named in _YEAR.findall(match[0]))
    ]
    found = {kind: _count_kind(kind, sentences, text) for kind in KINDS}
    return {kind: number for kind, number in found.items() if number is not None}


def _count_kind(kind: str, sentences: list[_Counts], text: str) -> int | None:
    """A number of this event; else what is said without a number; else a number of other times."""
    first = _first_word(kind, sentences)
    if first == "unknown":
        return None
    number = None if first == "none" else _choose(kind, sentences, history=False)
    if number is None:
        number = _count_unnumbered(kind, text)
    return _choose(kind, sentences, history=True) if number is None else number


def _join_pairs(text: str) -> str:
    """三男两女 as 5人."""

    def join(match: re.Match[str]) -> str:
        first, second = read_number(match[1]), read_number(match[2])
        return match[0] if first is None or second is None else f"{int(first + second)}人"

    return _PAIR.sub(join, text) if "男" in text else text


def _count_sentence(sentence: str) -> _Counts:
    numbers: dict[str, int] = {}
    for kind, number, part in _mentions(sentence):
        if kind == "severe" and not part:
            numbers["severe"] = numbers.get("severe", 0) + number
        elif kind != "severe":
            numbers[kind] = max(numbers.get(kind, 0), number)
    severe = numbers.pop("severe", None)
    if severe is not None:
        numbers["injured"] = max(severe, numbers.get("injured", 0))
    return _Counts(
        numbers,
        bool(numbers) and _HISTORY.search(sentence) is not None,
        bool(numbers) and _RISING.search(sentence) is not None,
        _NONE["casualties"].search(sentence) is not None,
        _UNKNOWN.search(sentence) is not None,
    )


def _mentions(sentence: str) -> Iterator[tuple[str, int, bool]]:
    """Kind, number, and whether it is a part of a total already given (其中3人重伤)."""
    for match in _COUNT.finditer(sentence) if _NUMERAL.search(sentence) else ():
        verb = match["after"] or match["bare"] or match["first"]
        written = match["count"] or match["people"] or match["number"]
        number = read_number(written)
        if number is not None:
            before = sentence[max(0, match.start() - 6) : match.start()]
            yield _KIND_OF[verb], int(number), "其中" in before or "包括" in before


def _choose(kind: str, sentences: list[_Counts], history: bool) -> int | None:
    """The number of the first sentence that gives one, or a higher one later where the text says it rose."""
    chosen: int | None = None
    for counts in sentences:
        number = counts.numbers.get(kind)
        if (
            number is not None
            and counts.history == history
            and (chosen is None or (counts.rising and number > chosen))
        ):
            chosen = number
    return chosen


def _first_word(kind: str, sentences: list[_Counts]) -> str:
    """What the text says first: `number`, `none` (无人员伤亡), `unknown` (伤亡情况不明) or nothing."""
    for counts in sentences:
        if kind in counts.numbers:
            return "number"
        if kind in ("deaths", "injured") and (counts.none or counts.unknown):
            return "none" if counts.none else "unknown"
    return ""


def _count_unnumbered(kind: str, text: str) -> int | None:
    if kind in ("deaths", "injured") and _NONE["casualties"].search(text):
        return 0
    one = _ONE[kind].search(text) if kind in _ONE else None
    if one is not None:
        return 2 if _AND.search(text, max(0, one.start() - 6), one.start()) else 1
    return 0 if kind in _NONE and _NONE[kind].search(text) else None
