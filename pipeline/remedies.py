"""What an operator does about a reason for which something was not collected (remedies.yml)."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from crawlers.reasons import OTHER, reason_of
from schemas.reading import read_yaml
from schemas.records import Quarantined

# A crawl that a limit or a kill has ended before it was through.
CUT_SHORT = "采集没有走完"
_FILE = Path(__file__).with_name("remedies.yml")
_KINDS = ("failures", "refusals")


@cache
def _remedies() -> dict[str, dict[str, str]]:
    top = read_yaml(_FILE)
    found: dict[str, dict[str, str]] = {}
    for kind in _KINDS:
        found[kind] = {}
        for section in top.sections(kind):
            told = section.text("do")
            found[kind] |= dict.fromkeys(section.texts("reasons", least=1), told)
            section.close()
    top.close()
    return found


def reasons_told() -> frozenset[str]:
    """Every reason that has a remedy."""
    return frozenset(reason for told in _remedies().values() for reason in told)


def is_unfetched(reason: str) -> bool:
    """Whether a reason says that a page was not fetched, not that something could not be read."""
    return reason in _remedies()["failures"]


def remedy_of(reason: str, source: str) -> str:
    """What to do about a reason at a source.

    >>> remedy_of("限流", "yunting_forum")
    '取得太勤：把源文件的 delay 调大、every 放长'
    """
    every = {word: told for ours in _remedies().values() for word, told in ours.items()}
    return every.get(reason, every[OTHER]).replace("{source}", source)


def count_reasons(aside: Iterable[Quarantined]) -> tuple[dict[str, int], dict[str, int]]:
    """How many pages could not be fetched and how many records could not be read, both by reason."""
    counts = Counter(reason_of(record.reason) for record in aside)
    failures = {reason: count for reason, count in counts.items() if is_unfetched(reason)}
    return failures, {reason: count for reason, count in counts.items() if reason not in failures}
