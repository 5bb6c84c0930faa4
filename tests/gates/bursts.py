"""How well labelled bursts are clustered and warned of; `python -m tests.gates.bursts` prints each of them.

The labels are ids only, made by hand; half of them, by the hash of their name, served for tuning. Those of
bursts_2019_more.json were found later among the alerts and by search.
"""

import sys
from pathlib import Path

from benchmarks.warning import FIRST, MORE, Outcome, measure_bursts

STREAM = Path(__file__).parents[3] / "shared" / "data" / "hotline" / "stream_2019.jsonl.gz"
NAMED = ("concrete_plant", "parking_sales", "restaurant_fumes")


def main() -> None:
    """Print the table."""
    outcome: Outcome = measure_bursts(STREAM, (FIRST, MORE))
    for burst in outcome.bursts:
        told = f"told after {burst.told}, yellow after {burst.yellow}"
        sys.stdout.write(f"{burst.half:7}{burst.name:26}{burst.size:4}  F1 {burst.f1:.2f}  {told}\n")
    for half in ("tune", "report"):
        sys.stdout.write(f"mean F1 ({half}): {outcome.mean_f1(half):.3f}\n")
    sys.stdout.write(f"other alerts at yellow or above: {len(outcome.others)} in {outcome.weeks:.0f} weeks\n")


if __name__ == "__main__":
    main()
