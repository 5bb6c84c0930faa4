"""Bytes to text: the encoding by mark, by content and by what header and page declare."""

import codecs
import re

from schemas.errors import ReadError, Where

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Declared names that say less than the wider encoding they are part of, as the WHATWG standard maps them.
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "ascii": "utf-8",
}
# Any byte is valid in these, so that their declaration proves nothing: servers send them by default.
_EMPTY_CLAIMS = {"iso8859-1", "cp1252"}
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
_HEAD = 4096
# The most frequent characters of modern Chinese, simplified and traditional, with the commonest marks.
_COMMON = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得"
    "经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事"
    "這個為時來們對會發動過說產種後學經進著裡實現兩體製機當點從業應開還無關頭問題長區處電話報請見間，。、：；？！“”（）《》年月日"
)
_CLEARLY = 0.2
_BROKEN_SHARE = 0.3


def decode_text(data: bytes, *, content_type: str, where: Where) -> str:
    """The text of a fetched page or feed. Raises ReadError where its bytes fit no encoding it may have.

    A byte order mark wins; then UTF-8 when the bytes are UTF-8 (no GB18030 text of more than a few
    words is); then what the Content-Type header, then what the page's head declares, then GB18030 and
    Big5; of these four a later one holds where it reads as Chinese and the earlier does not.
    """
    first, *others = _candidates(data, content_type)
    if (text := _decoded(data, first)) is not None:
        return text
    texts = [text for name in others if (text := _decoded(data, name)) is not None]
    if texts:
        return _most_chinese(texts)
    best = guess_encoding(data)
    try:
        return data.decode(best)
    except UnicodeDecodeError as error:
        raise ReadError(where, "编码", data[error.start : error.start + 4], f"{best} 编码的文字") from error


def _decoded(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def _most_chinese(texts: list[str]) -> str:
    """The first, as it was declared, unless a later reading is clearly Chinese where it is not."""
    shares = [_chinese_share(text) for text in texts]
    return texts[0 if shares[0] + _CLEARLY >= max(shares) else shares.index(max(shares))]


def _chinese_share(text: str) -> float:
    """The share of the commonest characters among those beyond ASCII: over a third of any Chinese text."""
    foreign = [char for char in text[:_HEAD] if char > "\x7f"]
    return sum(char in _COMMON for char in foreign) / len(foreign) if foreign else 0.0


def guess_encoding(data: bytes) -> str:
    """The encoding of a piece of a table: by its mark, by the zero bytes of UTF-16, else UTF-8 or GB18030.

    UTF-8 with a few broken bytes is still taken for UTF-8: read as GB18030 all of it would turn into
    other words.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if (wide := _wide(data)) is not None:
        return wide
    text = data.decode("utf-8", "replace")
    foreign = sum(1 for char in text if char > "\x7f")
    broken = text.count("\ufffd")
    return "utf-8" if broken <= foreign * _BROKEN_SHARE or broken <= 1 < foreign else "gb18030"


def _wide(data: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of its line ends, digits and commas is zero."""
    head = data[:_HEAD]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if even + odd < len(head) / 20:
        return None
    if odd > 10 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 10 * odd else None


def _candidates(data: bytes, content_type: str) -> list[str]:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return [name]
    head = [content_type.encode("latin-1", "replace"), data[:_HEAD]]
    declared = [_known(found[1]) for part in head if (found := _DECLARED.search(part))]
    return ["utf-8", *(name for name in declared if name), "gb18030", "big5hkscs"]


def _known(name: bytes) -> str | None:
    text = name.decode("ascii").lower()
    try:
        codec = codecs.lookup(_WIDER.get(text, text)).name
    except LookupError:
        return None
    if codec in _EMPTY_CLAIMS:
        return None
    try:
        "".encode(codec)
    except (LookupError, TypeError, UnicodeError):  # base64 and undefined are codecs too, but not of text
        return None
    return codec
