"""Cleaning of single characters: wrong encodings, invisible and full-width characters, traditional forms."""

import re
from functools import cache

import ftfy
import opencc
from ftfy import bad_codecs

bad_codecs.ok()  # registers sloppy-windows-1252

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffc\U000e0000-\U000e0fff]"
)
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
_WIDE = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()}
_WIDE |= {
    ord(wide): narrow for wide, narrow in zip("＠＃％＋－／＆＿．＊＝＜＞", "@#%+-/&_.*=<>", strict=True)
}
_WIDE |= {ord("\u3000"): " ", ord("\xa0"): " "}
_WIDE |= dict.fromkeys(range(8192, 8203), " ")

# Bytes of GB18030 or UTF-8 shown as Latin-1 or Windows-1252: at least two upper characters together.
_LATIN = (
    "[ -~\x80-\xff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]*"
)
_LETTER = "[\xc0-\xd6\xd8-\xf6\xf8-\xff]"
_LATIN_RUN = re.compile(f"{_LATIN}(?:{_LETTER}[\x80-\xff]|[\x80-\xff]{_LETTER}){_LATIN}")

# What Chinese in UTF-8 becomes when it is read as GB18030: first bytes E3 to EF, second ones 80 to BF.
UTF8_AS_GBK = "".join(
    bytes((first, second)).decode("gb18030", "ignore")
    for first in range(0xE3, 0xF0)
    for second in range(0x80, 0xC0)
)
_UTF8_AS_GBK = re.compile(f"[{re.escape(UTF8_AS_GBK)}]")
_NOT_ASCII = re.compile("[^\x00-\x7f]+")


def repair_mojibake(text: str) -> str:
    """Text whose bytes were read in the wrong encoding, read in the right one; other text unchanged.

    UTF-8 or GB18030 read as Latin-1 (`ÍõÃ÷` for 王明), and UTF-8 read as GB18030 (`鐢佃瘽` for 电话).
    """
    if max(text, default="") >= "\xc2" and _LATIN_RUN.search(text):
        text = _LATIN_RUN.sub(lambda run: _reread_latin(run[0]), text)
    if len(_UTF8_AS_GBK.findall(text)) > 1:
        text = _NOT_ASCII.sub(lambda run: _reread(run[0], "gb18030", "utf-8", "replace"), text)
    return text


def _reread_latin(run: str) -> str:
    if ftfy.badness.is_bad(run):
        fixed = ftfy.fix_encoding(run)
        if fixed != run and _is_chinese(fixed):
            return fixed
    return _reread(run, "sloppy-windows-1252", "gb18030", "strict")


def _reread(run: str, wrong: str, right: str, errors: str) -> str:
    try:
        text = run.replace("\ufffd", "").encode(wrong).decode(right, errors)
    except UnicodeError:
        return run
    lost = text.count("\ufffd")
    return text.replace("\ufffd", "") if 8 * lost <= len(text) + 8 and _is_chinese(text) else run


def _is_chinese(text: str) -> bool:
    """Whether the letters beyond ASCII are mostly the 3,755 common characters of GB 2312."""
    letters = [char for char in text if char > "\x7f"]
    common = sum(_is_common(char) for char in letters)
    return common >= 2 and common >= 0.7 * sum(char not in "，。！？：；、（）“”《》…—" for char in letters)


@cache
def _is_common(char: str) -> bool:
    return "\xb0" <= char.encode("gb2312", "ignore")[:1].decode("latin-1") <= "\xd7"


def drop_invisible(text: str) -> str:
    """Without control, zero-width and direction characters; every line end is a line feed."""
    return _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))


def narrow_characters(text: str) -> str:
    """Full-width letters, digits and signs as ASCII ones; Chinese punctuation stays.

    >>> narrow_characters("Ａ栋３０１，急！")
    'A栋301，急！'
    """
    return text.translate(_WIDE)


class Simplifier:
    """Traditional characters to simplified ones by OpenCC, only where a text has any that are nothing else.

    Characters of GB 2312 are simplified Chinese already, so they alone start nothing: 乾县 and 张乾 stay.
    坏 stays always (OpenCC takes it for the old form of 坯).
    """

    def __init__(self) -> None:
        self._opencc = opencc.OpenCC("t2s")
        self.traditional = re.compile(f"[{''.join(self._only_traditional())}]")

    def simplify(self, text: str) -> str:
        """The text in simplified characters."""
        if self.traditional.search(text) is None:
            return text
        kept = "坏" in text
        simple: str = self._opencc.convert(text.replace("坏", "\ue000") if kept else text)
        return simple.replace("\ue000", "坏") if kept else simple

    def _only_traditional(self) -> list[str]:
        han = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000), *range(0xF900, 0xFB00))]
        simple = self._opencc.convert("\n".join(han)).split("\n")
        changed = [one for one, other in zip(han, simple, strict=True) if one != other]
        return [char for char in changed if not char.encode("gb2312", "ignore")]
