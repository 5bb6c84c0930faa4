"""How often the segmenter gives exactly jieba's words, and how much quicker it is."""

import argparse
import gzip
import logging
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from nlp.segment import Segmenter

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # jieba 0.42.1 has escapes that newer Pythons warn about
    import jieba

_FIELDS = ("title", "text", "content", "detail", "body")


@dataclass(slots=True)
class Tally:
    """Counts of one file: posts and words, how many are the same, and seconds of either segmenter."""

    posts: int = 0
    same_posts: int = 0
    words: int = 0
    same_words: int = 0
    jieba_seconds: float = 0.0
    seconds: float = 0.0

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def __str__(self) -> str:
        return (
            f"{self.same_posts}/{self.posts} posts = {self.same_posts / max(self.posts, 1):.3%}, "
            f"{self.same_words / max(self.words, 1):.4%} of {self.words} words, "
            f"{self.jieba_seconds / max(self.seconds, 1e-9):.1f} times as quick as jieba.lcut"
        )


def read_texts(path: Path, limit: int) -> Iterator[str]:
    """The texts of a JSONL file (.gz or plain): its title and text fields joined; reposts one by one."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        for _, line in zip(range(limit), lines, strict=False):
            row = orjson.loads(line)
            if "reposts" in row and isinstance(row["reposts"], list):
                yield " ".join(repost["text"] for repost in row["reposts"])
            else:
                yield " ".join(str(row[name]) for name in _FIELDS if row.get(name))


def compare_text(segmenter: Segmenter, text: str) -> Tally:
    """One text by both segmenters; a word is the same when it stands at the same place."""
    start = time.perf_counter()
    expected = jieba.lcut(text)
    middle = time.perf_counter()
    words = segmenter.segment(text)
    end = time.perf_counter()
    same = len(_spans(words) & _spans(expected))
    return Tally(1, int(words == expected), len(expected), same, middle - start, end - middle)


def _spans(words: list[str]) -> set[tuple[int, int]]:
    spans, start = set(), 0
    for word in words:
        spans.add((start, start + len(word)))
        start += len(word)
    return spans


def main() -> None:
    """Print one line for each file, the texts that differ with --show, and the sum."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, help="JSONL files, or folders of them")
    parser.add_argument("--limit", type=int, default=3000, help="texts of each file")
    parser.add_argument("--show", action="store_true", help="print the words that differ")
    options = parser.parse_args()
    jieba.setLogLevel(logging.ERROR)
    jieba.initialize()
    segmenter, total = Segmenter(), Tally()
    files = [
        file
        for path in options.paths
        for file in (sorted(path.rglob("*.jsonl*")) if path.is_dir() else [path])
    ]
    for file in files:
        tally = Tally()
        for text in filter(None, read_texts(file, options.limit)):
            one = compare_text(segmenter, text)
            tally.add(one)
            if options.show and one.same_posts == 0:
                print([*zip(jieba.lcut(text), segmenter.segment(text), strict=False)])  # noqa: T201
        total.add(tally)
        print(f"{file.name}: {tally}")  # noqa: T201
    print(f"all: {total}")  # noqa: T201


if __name__ == "__main__":
    main()
