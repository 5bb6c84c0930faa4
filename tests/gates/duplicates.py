"""Near-duplicates: seeded edits of the shared texts, and the real duplicates of a complaint stream."""

import gzip
import json
import random
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nlp.clean import clean_text
from nlp.fingerprint import NEAR_DUPLICATE, PERMUTATIONS, fingerprint
from nlp.segment import Segmenter
from tests.gates.pins import SHARED, read_pin

SEED, EACH, SHORTEST = 5, 500, 30
# Two texts that were not made of each other are duplicates all the same where so many triples are shared.
ALIKE, SURELY_ALIKE = 0.3, 0.5
_LENGTHS = (60, 120, 300)
_PREFIXES = ("转发微博 ", "求扩散！", "大家看看，这是真的吗？", "【转】", "紧急求助，请帮忙转发扩散：")
_SUFFIXES = (" 转发", "，请大家转发扩散！", "（转自网络）", " 求帮转，谢谢大家了", "。大家怎么看？")
_STREAM = "hotline/stream_2019.jsonl.gz"

Prints = NDArray[np.uint32]
_SEGMENTER = Segmenter()


def read_texts(name: str) -> list[str]:
    """The clean texts of one shared file."""
    with gzip.open(SHARED / name, "rt", encoding="utf-8") as lines:
        rows = map(json.loads, lines)
        return [
            clean_text(
                f"{row.get('title') or ''} {row.get('detail') or row.get('text') or row.get('content')}"
            )
            for row in rows
        ]


def edit_text(text: str, chance: random.Random) -> str:
    """A repost: one change in 40 characters; a prefix, a suffix or a cut end in four of five."""
    chars = list(text)
    for _ in range(max(1, len(chars) // 40)):
        at = chance.randrange(len(chars))
        chars[at] = chance.choice((chance.choice("的了在是小区"), "", chars[at] + chance.choice("，。！了")))
    edited = "".join(chars)
    ways = (
        lambda: chance.choice(_PREFIXES) + edited,
        lambda: edited + chance.choice(_SUFFIXES),
        lambda: edited[: int(len(edited) * 0.8)],
        lambda: edited,
    )
    return chance.choices(ways, (35, 35, 10, 20))[0]()


def measure() -> dict[str, float]:
    """Precision and recall of the threshold for near-duplicates."""
    chance = random.Random(SEED)
    texts: dict[str, None] = {}
    for name in read_pin("duplicates")["data"]:
        rows = [text for text in read_texts(name) if len(text) >= SHORTEST]
        texts |= dict.fromkeys(text[: chance.choice(_LENGTHS)] for text in chance.sample(rows, EACH))
    stream = [text for text in read_texts(_STREAM) if text]
    return {**_score_edits([*texts], chance), **_score_stream(stream)}


def _score_edits(texts: list[str], chance: random.Random) -> dict[str, float]:
    edits = [clean_text(edit_text(text, chance)) for text in texts]
    firsts, seconds = make_prints(texts), make_prints(edits)
    recall = float(np.mean((firsts == seconds).mean(axis=1) >= NEAR_DUPLICATE))
    pairs = list(find_pairs(firsts, seconds, NEAR_DUPLICATE))
    right = sum(one == other or jaccard(texts[one], edits[other]) >= ALIKE for one, other in pairs)
    return {"edits_recall": recall, "edits_precision": right / len(pairs)}


def _score_stream(texts: list[str]) -> dict[str, float]:
    prints = make_prints(texts)
    near = [pair for pair in find_pairs(prints, prints, 0.2) if pair[0] < pair[1]]
    exact = {pair: jaccard(texts[pair[0]], texts[pair[1]]) for pair in near}
    found = {pair for pair in find_pairs(prints, prints, NEAR_DUPLICATE) if pair[0] < pair[1]}
    sure = {pair for pair, alike in exact.items() if alike >= SURELY_ALIKE}
    return {
        "stream_recall": len(sure & found) / len(sure),
        "stream_precision": sum(exact[pair] >= ALIKE for pair in found) / len(found),
    }


def make_prints(texts: list[str]) -> Prints:
    """The fingerprints as rows."""
    return np.array([fingerprint(_SEGMENTER.segment(text)) for text in texts], dtype=np.uint32)


def find_pairs(firsts: Prints, seconds: Prints, least: float) -> Iterator[tuple[int, int]]:
    """Places of the pairs whose prints agree in the share `least` or more."""
    for at, print_ in enumerate(firsts):
        agreeing = (seconds == print_).sum(axis=1) >= least * PERMUTATIONS
        yield from ((at, int(other)) for other in np.flatnonzero(agreeing))


def jaccard(first: str, second: str) -> float:
    """The exact share of common triples of letters and digits."""
    one, other = _triples(first), _triples(second)
    return len(one & other) / len(one | other)


def _triples(text: str) -> set[str]:
    letters = "".join(filter(str.isalnum, text))
    return {letters[at : at + 3] for at in range(max(1, len(letters) - 2))}
