"""Cleaning of what a web page puts into its text: markup, ruby, navigation, tails, repeated paragraphs."""

import html
import re

from nlp.knowledge import read_knowledge

_KNOWN = read_knowledge("clean")
_TAILS = _KNOWN.texts("tails", 1)
_SURE_TAILS = _KNOWN.texts("sure_tails", 1)
_LINES = frozenset(_KNOWN.texts("lines", 1))
_LINE_HEADS = _KNOWN.texts("line_heads", 1)
LINK_TEXTS = _KNOWN.texts("link_texts", 1)
_LINKS = re.compile("|".join(map(re.escape, LINK_TEXTS)))

# A page begins as one; a post that quotes some HTML does not.
_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?(?:<!DOCTYPE\s+html|<html[\s>])", re.IGNORECASE | re.DOTALL
)
_SHORTEST_PAGE = 200

# A line of prose: so long, and with a full stop or comma inside.
_PROSE = 40
_PROSE_SIGN = re.compile("[，,。]")

_BLOCKS = (
    "br|p|div|li|ul|ol|tr|table|h[1-6]|section|article|blockquote|dd|dt|dl|hr|title|head|body|html|"
    "tbody|thead"
)
_INLINE = (
    "a|span|b|i|u|em|strong|font|img|sub|sup|small|big|input|button|form|td|th|label|meta|link|iframe|video|audio|"
    "source|center|code|pre|s|del|ins|svg|path|nav|header|footer|main|option|select|textarea|o:p|st1:\\w+|figure|wbr"
)
_HIDDEN = re.compile(
    r"<(script|style|noscript)\b[^>]*>.*?</\1\s*>|<!--.*?-->|<!DOCTYPE[^>]*>", re.IGNORECASE | re.DOTALL
)
_BLOCK_TAG = re.compile(rf"</?(?:{_BLOCKS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_INLINE_TAG = re.compile(rf"</?(?:{_INLINE})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8}\d{0,2});")

# Every syllable of Hanyu Pinyin, an initial and a final; tone marks are taken off before the test.
_SYLLABLE = (
    "(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:iang|iong|uang|ueng|ang|eng|ing|ong|ian|iao|uai|uan|van|"
    "ai|ei|ui|ao|ou|iu|ie|ue|ve|er|an|en|in|un|vn|ia|ua|uo|a|o|e|i|u|v)|ng|hm|m|n)"
)
_IS_PINYIN = re.compile(rf"{_SYLLABLE}(?:[ '’]?{_SYLLABLE}){{0,3}}")
_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿɑ", "aaaaeeeeiiiioooouuuuvvvvvnnnma")
_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
_RUBY = re.compile(rf"(.)[(（]([a-z{_TONED}üɑ '’]{{1,16}})[)）]")
# What is left of ruby where the page lost the character before it: 地理?xiàng)l件.
_LOST_RUBY = re.compile(rf"\?([a-z]{{0,5}}[{_TONED}][a-z]{{0,4}})\)")
_HAS_TONE = re.compile(f"[{_TONED}]")


def read_page(text: str) -> str:
    """The main text of a whole HTML page, without navigation; other text as it is."""
    if len(text) < _SHORTEST_PAGE or not _PAGE.match(text):
        return text
    import trafilatura  # noqa: PLC0415 - half a second that nobody needs who meets no page

    # With its default balance a page of two sentences keeps its menu.
    found: str | None = trafilatura.extract(text, include_comments=False, favor_precision=True)
    return found or text


def drop_markup(text: str) -> str:
    """Without HTML tags, comments and scripts; entities as their characters. `<TEL>` is no tag and stays."""
    before = ""
    while before != text:
        before = text
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text) if "&" in text else text
        if "<" in text:
            text = _INLINE_TAG.sub("", _BLOCK_TAG.sub("\n", _HIDDEN.sub("\n", text)))
    return text


def drop_ruby(text: str, is_traditional: re.Pattern[str]) -> str:
    """Without the pinyin that pages glue to words: `社區(qū)` is 社區.

    Pinyin with a tone mark goes always, `們(men)` without one only after a character of traditional form;
    `3(room)`, `(OK)` and `小李(he)` stay. Where the page lost the character, its sound goes as well.
    """

    if "(" not in text and "（" not in text and ")" not in text:
        return text

    def read(match: re.Match[str]) -> str:
        char, sound = match[1], match[2]
        sure = _HAS_TONE.search(sound) or is_traditional.match(char)
        return char if sure and _IS_PINYIN.fullmatch(sound.translate(_TONES)) else match[0]

    return _LOST_RUBY.sub("", _RUBY.sub(read, text))


def drop_tail(text: str) -> tuple[str, bool]:
    """Without `…查看全文` and its like at the end, and whether there was one: the text is cut then."""
    if not text.endswith(_TAILS):
        return text, False
    for tail in _TAILS:
        if text.endswith(tail):
            rest = text[: -len(tail)].rstrip(" \n[【(（")
            if rest.endswith(("...", "…", "。。。")):
                return rest.rstrip(".…。 ") + "…", True
            if tail in _SURE_TAILS:
                return rest, True
    return text, False


def drop_link_texts(text: str) -> str:
    """Without the words that stand for a link or picture (网页链接, 查看图片)."""
    return _LINKS.sub(" ", text)


def drop_lines(text: str) -> str:
    """Without navigation lines; every paragraph once, also a heading that the next line repeats."""
    if "\n" not in text:
        return text
    kept: list[str] = []
    seen: set[str] = set()
    for raw in text.split("\n"):
        line = raw.strip()
        if not line or line in _LINES or line.startswith(_LINE_HEADS) or (len(line) > 5 and line in seen):
            continue
        if kept and len(kept[-1]) > 7 and line.startswith(kept[-1]):
            seen.discard(kept.pop())
        elif kept and _is_broken(kept[-1], line):
            line = kept.pop() + line
        seen.add(line)
        kept.append(line)
    return "\n".join(kept)


def _is_broken(line: str, after: str) -> bool:
    """Whether a page broke a sentence in two: prose without its end, then the end of a sentence."""
    return (
        len(line) >= _PROSE
        and _PROSE_SIGN.search(line) is not None
        and "一" <= line[-1] <= "鿿"
        and "一" <= after[0] <= "鿿"
        and after.endswith(("。", "！", "？", "；", "."))
    )


def drop_doubled(text: str) -> str:
    """A text that stands twice, once."""
    half = len(text) // 2
    if (
        half >= 20
        and text[:half].rstrip() == text[-half:].lstrip()
        and not text[half : len(text) - half].strip()
    ):
        return text[:half].rstrip()
    return text
