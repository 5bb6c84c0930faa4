"""Needs in an emergency on the posts of one flood, by their own categories, and how few a hotline has.

`asked`: posts of the categories 求救 that carry a plea for help or a shortage. `offered`: those of 帮助 that
carry an offer. `quiet`: hotline messages without any need. The words were tuned on these posts.
"""

from collections.abc import Iterator

from nlp.clean import clean_text
from nlp.seeds import SeedJudge
from pipeline.training_data import read_file
from schemas.taxonomy.labels import load_families
from tests.gates.pins import SHARED

_FLOOD, _HOTLINE = "incident/flood_help_posts.jsonl.gz", "hotline/stream_2019.jsonl.gz"


def measure() -> dict[str, float]:
    """The three shares."""
    judge = SeedJudge(load_families()["needs"])
    flood = [(category, _names(judge, text)) for category, text in _read_flood()]
    asked = [bool(found & {"help_request", "shortage"}) for category, found in flood if "求救" in category]
    offered = ["offer_of_help" in found for category, found in flood if category.startswith("帮助")]
    quiet = [not _names(judge, text) for text in _read_hotline()]
    shares = {"asked": asked, "offered": offered, "quiet": quiet}
    return {name: sum(some) / len(some) for name, some in shares.items()}


def _names(judge: SeedJudge, text: str) -> set[str]:
    return {label.name for label in judge.judge(clean_text(text))}


def _read_flood() -> Iterator[tuple[str, str]]:
    for _, row in read_file(SHARED / _FLOOD).rows:
        if row["category"]:
            yield row["category"], row["text"]


def _read_hotline() -> Iterator[str]:
    for _, row in read_file(SHARED / _HOTLINE).rows:
        yield f"{row['title']}\n{row['detail']}"
