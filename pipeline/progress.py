"""What jobs and commands share when they report: the shape of a progress call."""

from typing import Protocol


class Advance(Protocol):
    """Called with what is done and, where known, of how many."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """Move the bar."""


def ignore_progress(done: int, total: int | None = None) -> None:
    """For callers that show no bar."""
    del done, total
