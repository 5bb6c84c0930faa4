"""Telling a text of several pages run together: its joints are seen before cleaning smooths them."""

import re
from itertools import pairwise

from nlp.knowledge import read_knowledge

_KNOWN = read_knowledge("clean")
_BYLINES = _KNOWN.texts("bylines", 1)
_MORE = frozenset(_KNOWN.texts("sure_tails", 1))
_LEAST_LENGTH, _LEAST_LINES = 200, 6
# A heading: so long, and without the end of a sentence.
_HEADING = range(6, 60)
_SENTENCE_END = re.compile("[。！？；，、：,;!?:]$")
# One page may repeat its heading or carry one byline.
_LEAST_JOINTS = 2


def is_joined(text: str) -> bool:
    """Whether unrelated pages stand one after the other.

    A joint is a heading that the next line repeats, a `查看全文` with prose after it, and each further byline
    of one kind (来源：, 摘要：, 责任编辑：); a text with two is joined.
    """
    if len(text) < _LEAST_LENGTH or text.count("\n") < _LEAST_LINES - 1:
        return False
    lines = [line for raw in text.split("\n") if (line := raw.strip())]
    return _count_headings(lines) + _count_tails(lines) + _count_bylines(lines) >= _LEAST_JOINTS


def _count_headings(lines: list[str]) -> int:
    """The different headings that the next line repeats, as a page does whose title stands above its text."""
    return len(
        {
            line
            for line, after in pairwise(lines)
            if len(line) in _HEADING and after.startswith(line) and not _SENTENCE_END.search(line)
        }
    )


def _count_tails(lines: list[str]) -> int:
    return sum(line in _MORE for line in lines[:-1])


def _count_bylines(lines: list[str]) -> int:
    counts = [sum(line.lstrip("[【").startswith(head) for line in lines) for head in _BYLINES]
    return sum(max(count - 1, 0) for count in counts)
