"""The deployment's own words: estates, roads, firms and new terms that the segmenter keeps whole."""

from pathlib import Path

from schemas.errors import ReadError, Where

_LONGEST = 20


def read_words(path: Path) -> tuple[str, ...]:
    """The words of a `words.txt`, each once: separated by spaces or lines; `#` begins a comment.

    Raises ReadError with file and line for a word of one character, of more than twenty, or with punctuation.
    """
    words: dict[str, None] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        for word in line.split("#")[0].split():
            if not 2 <= len(word) <= _LONGEST or not word.isalnum():
                raise ReadError(Where(path.name, number), "词", word, f"2 至 {_LONGEST} 个字、不含标点的词")
            words[word] = None
    return tuple(words)
