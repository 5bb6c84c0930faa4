"""New words from a corpus for the deployment's word file, and what is wrong with such a file."""

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from nlp.clean import clean_text
from nlp.newwords import find_new_words
from nlp.places_patterns import SUFFIXES
from nlp.segment import Segmenter
from schemas.errors import ReadError, Where
from schemas.taxonomy.words import read_words

_TEXTS = ("title", "text", "body", "detail", "content")
_KINDS = {"estate": "小区", "community": "社区", "road": "道路", "firm": "单位"}


def propose_words(paths: Sequence[Path], known: Sequence[str], limit: int) -> list[dict[str, object]]:
    """Rows of words for `words.txt` that the dictionary and `known` lack, the likeliest first.

    The files hold a text a line: JSON objects (`text`, or `title` with `body`, `detail` or `content`), or
    plain text; `.gz` is unpacked. Raises ReadError.
    """
    segmenter = Segmenter(known)
    found = find_new_words(
        lambda: (text for path in paths for text in _read_texts(path)),
        lambda word: segmenter.segment(word) == [word],
        limit,
    )
    return [
        {
            "词": word.word,
            "篇数": word.texts,
            "凝固度": word.cohesion,
            "自由度": word.freedom,
            "类别": _guess_kind(word.word),
        }
        for word in found
    ]


def check_words(path: Path) -> list[dict[str, object]]:
    """Rows of the words that need not stand in the file: the dictionary has them whole. Raises ReadError."""
    plain = Segmenter()
    return [{"词": word, "说明": "词典已有"} for word in read_words(path) if plain.segment(word) == [word]]


def _guess_kind(word: str) -> str:
    """By the suffixes of places: 小区, 道路; empty where there is none."""
    for start in range(1, len(word)):
        level = SUFFIXES.get(word[start:])
        if level is not None:
            return _KINDS[level]
    return ""


def _read_texts(path: Path) -> Iterator[str]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield clean_text(_read_text(line, Where(path.name, number)))


def _read_text(line: bytes, where: Where) -> str:
    if not line.lstrip().startswith(b"{"):
        return _decode(line, where)
    try:
        row: dict[str, object] = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ReadError(where, "行", line.decode("utf-8", "replace"), "JSON 对象或纯文本") from error
    texts = [value for name in _TEXTS if isinstance(value := row.get(name), str)]
    if not texts:
        raise ReadError(where, "正文", sorted(row), f"{'、'.join(_TEXTS)} 中至少一个")
    return "\n".join(texts)


def _decode(line: bytes, where: Where) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ReadError(where, "行", line[:20], "UTF-8 文本") from error
