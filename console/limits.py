"""Who tries too many wrong links is slowed down; whoever has a right one always gets in."""

from collections import deque
from datetime import datetime, timedelta

MOST_TRIES = 20
WITHIN = timedelta(minutes=10)
# Beyond this many addresses the oldest are forgotten, so that a flood of them fills no memory.
MOST_ADDRESSES = 10_000


class BadTries:
    """The wrong links of the last minutes by address. Safe between threads: a lost count does no harm."""

    def __init__(self) -> None:
        self._tries: dict[str, deque[datetime]] = {}

    def note(self, address: str, now: datetime) -> bool:
        """Count a wrong link; whether there were too many."""
        tries = self._tries.setdefault(address, deque(maxlen=MOST_TRIES + 1))
        tries.append(now)
        if len(self._tries) > MOST_ADDRESSES:
            self._tries.pop(next(iter(self._tries)), None)
        return sum(now - at < WITHIN for at in list(tries)) > MOST_TRIES
