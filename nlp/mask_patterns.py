"""The patterns of personal numbers and names, one small finder for each kind, most certain first."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from nlp.batches import Gate, list_matching
from nlp.gates import compile_gate
from nlp.knowledge import read_knowledge
from nlp.mask_checks import is_bank_card, is_evenly_written, is_identity_card

_KNOWN = read_knowledge("mask")
_HAN = "一-鿿"
_SEP = r"[ \-·.]?"


def _either(key: str) -> str:
    return "|".join(sorted(map(re.escape, _KNOWN.texts(key, 1)), key=len, reverse=True))


_TICKET = re.compile(f"(?:{_either('ticket_contexts')})(?:号码|号)?[:：为是]?[ #]?[A-Za-z]{{0,4}}$")
_ID_WORD = re.compile(f"(?:{_either('id_contexts')})[:：为是 ]{{0,3}}$")
_BANK_WORD = re.compile(f"(?:{_either('bank_contexts')})[:：为是 ]{{0,3}}$")
_SURNAMES = "".join(_KNOWN.text("surnames").split())
_COMPOUND = _either("compound_surnames")
_ENDS = _KNOWN.text("after_names")

_CHINESE_DIGITS = "零○〇⓪一壹幺①二贰②三叁③四肆④五伍⑤六陆⑥七柒⑦八捌⑧九玖⑨"
_FIGURES = f"0123456789０１２３４５６７８９{_CHINESE_DIGITS}"
_DIGITS = f"0-9０-９{_CHINESE_DIGITS}"
_PROVINCES = _KNOWN.text("plate_provinces")

_CONTEXTS = [
    word for key in ("name_contexts", "qq_contexts", "wechat_contexts") for word in _KNOWN.texts(key, 1)
]

# Whether any finder could find anything: five digits with gaps, an at sign, a word of context, or a plate.
GATE = compile_gate(
    _CONTEXTS,
    {
        _DIGITS: rf"(?:[^0-9一-鿿]{{0,2}}[{_DIGITS}]){{4}}",
        "@＠": "",
        _PROVINCES: "[ ]?[A-HJ-NP-Za-hj-np-zＡ-Ｚａ-ｚ]",
    },
)
# The same for a batch, by the first two characters alone.
GATES = (
    Gate.of_words(_CONTEXTS, "@＠"),
    Gate(firsts=_FIGURES, seconds=_FIGURES + list_matching(re.compile(f"[^{_HAN}]"))),
    Gate(firsts=_PROVINCES, seconds=list_matching(re.compile("[ A-HJ-NP-Za-hj-np-zＡ-Ｚａ-ｚ]"))),
)
HIDDEN_GATE = re.compile(rf"[{_CHINESE_DIGITS}][ \-]?[{_DIGITS}]")
_LONG = re.compile(r"\d(?:[ \-·.()（）]{0,2}\d){4}")


class Found(NamedTuple):
    """A personal item: kind, start, end and what is shown in its place."""

    kind: str
    start: int
    end: int
    shown: str


class Finder(NamedTuple):
    """One kind's finder; `needs_digits` when it can find nothing in a text without five digits in a row."""

    find: Callable[[str], Iterator[Found]]
    needs_digits: bool


def has_long_run(text: str) -> bool:
    """Whether five digits follow each other, gaps allowed."""
    return _LONG.search(text) is not None


def _stars(kept: str, width: int, tail: str = "") -> str:
    return f"{kept}{'*' * max(width, 2)}{tail}"


def _digits(written: str) -> str:
    return "".join(char for char in written if char.isalnum())


_LOCAL_PART = r"(?<![A-Za-z0-9._%+\-@])[A-Za-z0-9._%+\-]+"
_MAIL = re.compile(rf"{_LOCAL_PART}@(?:[A-Za-z0-9\-]+\.)+[A-Za-z]{{2,}}(?:@[A-Za-z0-9.\-]+)*")


def _find_mail(text: str) -> Iterator[Found]:
    if "@" in text:
        for match in _MAIL.finditer(text):
            yield Found("email", *match.span(), f"{match[0][0]}****{match[0][match[0].rindex('@') :]}")


_CARD18 = re.compile(
    rf"(?<!\d)(?:[1-8]{_SEP}(?:\d{_SEP}){{5}}(?:1{_SEP}[89]|2{_SEP}0)(?:{_SEP}\d){{9}}{_SEP}[\dXx])(?![\dA-Za-z])"
)
_CARD15 = re.compile(r"(?<!\d)[1-8]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)")


def _find_identity(text: str) -> Iterator[Found]:
    for match in _CARD18.finditer(text):
        number = _digits(match[0])
        if is_identity_card(number) or _ID_WORD.search(text, max(0, match.start() - 12), match.start()):
            yield Found("identity", *match.span(), _stars(number[0], 15, number[-2:]))
    for match in _CARD15.finditer(text):
        if _ID_WORD.search(text, max(0, match.start() - 12), match.start()):
            yield Found("identity", *match.span(), _stars(match[0][0], 12, match[0][-2:]))


_BANK = re.compile(rf"(?<!\d)[3-69]{_SEP}\d(?:{_SEP}\d){{14,17}}(?!\d)")


def _find_bank(text: str) -> Iterator[Found]:
    for match in _BANK.finditer(text):
        number, before = _digits(match[0]), max(0, match.start() - 14)
        named = _BANK_WORD.search(text, before, match.start())
        issued = number.startswith(("62", "60", "4", "51", "52", "53", "54", "55", "35", "37", "95", "94"))
        sure = issued and is_evenly_written(match[0]) and "." not in match[0]
        if named or (sure and is_bank_card(number) and not _TICKET.search(text, before, match.start())):
            yield Found("bank_card", *match.span(), _stars("", len(number) - 4, number[-4:]))


_MOBILE = re.compile(
    rf"(?<![\d.])(?:(?:\+|00)?86[ \-]?|0)?1{_SEP}[3-9](?:{_SEP}\d){{9}}(?!\d|\.\d|[万亿]?元)"
)


def _find_mobile(text: str) -> Iterator[Found]:
    for match in _MOBILE.finditer(text):
        written, number = match[0], _digits(match[0])[-11:]
        if is_evenly_written(written) and not _TICKET.search(text, max(0, match.start() - 12), match.start()):
            yield Found("mobile", *match.span(), f"{number[:3]}****{number[-4:]}")


_AREA = r"0(?:10|2[0-57-9]|[3-9]\d{2})"
_SUBSCRIBER = r"[2-8]\d{2,3}[ \-]?\d{4}"
_LANDLINE = re.compile(
    rf"(?<![\d\-])(?:[(（]({_AREA})[)）]|({_AREA}))[ \-]{{0,2}}({_SUBSCRIBER})(?:-\d{{1,4}})?(?!\d)"
)
_LOCAL = re.compile(
    rf"(?:{_either('phone_contexts')})[号码]{{0,2}}[:：为是 ]{{0,3}}({_SUBSCRIBER})(?![\d年])"
)


def _find_landline(text: str) -> Iterator[Found]:
    for match in _LANDLINE.finditer(text):
        if _TICKET.search(text, max(0, match.start() - 12), match.start()):
            continue
        number = _digits(match[3])
        yield Found(
            "landline", *match.span(), f"{match[1] or match[2]}-{_stars('', len(number) - 2, number[-2:])}"
        )
    for match in _LOCAL.finditer(text):
        number = _digits(match[1])
        yield Found("landline", *match.span(1), _stars("", len(number) - 2, number[-2:]))


_PLATE = re.compile(
    f"([{_PROVINCES}] ?[A-HJ-NP-Za-hj-np-z])[·•・ \\-.]?((?=[A-Za-z]{{0,4}}\\d)"
    f"[A-HJ-NP-Za-hj-np-z0-9]{{4,5}}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳])(?![A-Za-z0-9])"
)


def _find_plate(text: str) -> Iterator[Found]:
    for match in _PLATE.finditer(text):
        if sum(char.isdigit() for char in match[2]) >= 2:
            yield Found(
                "plate", *match.span(), _stars(match[1] + match[2][0], len(match[2]) - 2, match[2][-1])
            )


_QQ = re.compile(f"(?:{_either('qq_contexts')})群?[号码]{{0,2}}[:：为是＝= ]{{0,3}}([1-9]\\d{{4,10}})(?!\\d)")
_WECHAT = re.compile(
    f"(?:{_either('wechat_contexts')})(?:号|ID|id)?[码]?([:：为是＝= ]{{0,3}})"
    r"([A-Za-z][\w\-]{5,19}|\d{6,12})(?![\w\-])",
    re.ASCII,
)


def _find_account(text: str) -> Iterator[Found]:
    for match in _QQ.finditer(text):
        yield Found("qq", *match.span(1), _stars(match[1][:2], len(match[1]) - 2))
    for match in _WECHAT.finditer(text):
        if match[1] or any(char.isdigit() or char in "_-" for char in match[2]):
            yield Found("wechat", *match.span(2), _stars(match[2][:2], len(match[2]) - 2))


_NAME = re.compile(
    f"(?:{_either('name_contexts')})(是|为|叫)?([:： ]{{0,3}})((?:{_COMPOUND})|[{_SURNAMES}])"
    f"(?!某|{_either('titles')})([{_HAN}]{{1,3}})(?![*])"
)


def _find_name(text: str) -> Iterator[Found]:
    at = 0
    while match := _NAME.search(text, at):
        # What was taken for more of a name may begin the next one's context: 我叫王明我叫王明.
        at = match.end(3)
        sure = bool(match[1] or match[2].strip()) or "叫" in match[0]
        given = _given_name(match[4], sure)
        if given:
            start = match.start(3)
            at += given
            yield Found("name", start, at, match[3] + "*" * given)


def _given_name(after: str, sure: bool) -> int:
    """How many characters after a surname are the given name: one or two, before a word that ends names."""
    for length in (2, 1):
        ends = len(after) <= length or (after[length] in _ENDS and (sure or length == 2))
        if len(after) >= length and ends and (length == 1 or after[1] not in _ENDS):
            return length
    return min(2, len(after)) if sure else 0


FINDERS = (
    Finder(_find_mail, needs_digits=False),
    Finder(_find_identity, needs_digits=True),
    Finder(_find_bank, needs_digits=True),
    Finder(_find_mobile, needs_digits=True),
    Finder(_find_landline, needs_digits=True),
    Finder(_find_plate, needs_digits=False),
    Finder(_find_account, needs_digits=False),
    Finder(_find_name, needs_digits=False),
)
