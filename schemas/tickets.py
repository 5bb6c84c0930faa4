"""Hotline tickets: what each revision said of the work on one, and what follows from all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from schemas.errors import Where
from schemas.records import Place, RawPost
from schemas.times import parse_time

# The words of the mappings of hotline tables for a state of work, in the order work takes.
STATES_ZH = {
    "new": "待受理",
    "accepted": "已受理",
    "assigned": "已派单",
    "returned": "退回",
    "working": "办理中",
    "answered": "已答复",
    "closed": "已办结",
    "duplicate": "重复",
}
STAGES_ZH = {"waiting": "待受理", "working": "在办", "done": "办结", "unknown": "未写明"}
_DONE = frozenset(("answered", "closed", "duplicate"))
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_ORDER = {state: place for place, state in enumerate(("", *STATES_ZH))}


@dataclass(frozen=True, slots=True)
class TicketStep:
    """One revision of a ticket: what its source said of the work when it was fetched at `at`.

    `state` is one of STATES_ZH or a word of the source's own, `unit` who works on it; both empty where
    nothing is said. `replied_at`, `closed_at` and `due` are times that the source names.
    """

    revision: str
    at: datetime
    state: str = ""
    unit: str = ""
    replied: bool = False
    replied_at: datetime | None = None
    closed_at: datetime | None = None
    due: datetime | None = None

    @property
    def order(self) -> tuple[datetime, datetime, int, str]:
        """What revisions are sorted by: of two fetched together, the one further in the work is the later."""
        named = max(self.closed_at or _LONG_AGO, self.replied_at or _LONG_AGO)
        return self.at, named, _ORDER.get(self.state, len(_ORDER)), self.revision


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket with its revisions, oldest first, at least one. `id` is that of its post.

    `title`, `complaint`, `detail`, `incident` and `place` are what the text core says of the newest revision.
    """

    id: str
    source: str
    number: str
    title: str
    complaint: str
    detail: str | None
    incident: str
    place: Place | None
    submitted: datetime | None
    steps: tuple[TicketStep, ...]

    @property
    def state(self) -> str:
        """The last state that was told; empty where none ever was."""
        return next((step.state for step in reversed(self.steps) if step.state), "")

    @property
    def unit(self) -> str:
        """The last unit that was told (承办单位); empty where none ever was."""
        return next((step.unit for step in reversed(self.steps) if step.unit), "")

    @property
    def replied(self) -> bool:
        """Whether the newest revision has an answer."""
        return self.steps[-1].replied or self.steps[-1].replied_at is not None

    @property
    def accepted_at(self) -> datetime | None:
        """When a ticket that was seen waiting was first seen taken on."""
        return next(iter(_seen(self.steps, lambda step: step.state not in {"", "new"})), None)

    @property
    def replied_at(self) -> datetime | None:
        """When it was answered: the newest time the source names, else when the answer was first seen beside
        a revision without one; None where nobody knows."""
        named = [step.replied_at for step in self.steps if step.replied_at]
        return named[-1] if named else next(iter(_seen(self.steps, lambda step: step.replied)), None)

    @property
    def closed_at(self) -> datetime | None:
        """When it was closed, known in the same way; one that is worked on again is not closed."""
        last = self.steps[-1]
        if last.state not in {"", "closed"} and last.closed_at is None:
            return None
        named = [step.closed_at for step in self.steps if step.closed_at]
        closed = _seen(self.steps, lambda step: step.state == "closed")
        return named[-1] if named else next(reversed(closed), None)

    @property
    def due(self) -> datetime | None:
        """The last time limit that the source named."""
        return next((step.due for step in reversed(self.steps) if step.due), None)

    @property
    def stage(self) -> str:
        """One of STAGES_ZH. Answered, closed and duplicate tickets are done; so is one with an answer whose
        source tells no states."""
        if self.state in _DONE or self.closed_at or (not self.state and self.replied):
            return "done"
        if not self.state:
            return "working" if self.unit else "unknown"
        return "waiting" if self.state == "new" else "working"

    @property
    def transfers(self) -> int:
        """How many times it went to another unit."""
        units = [step.unit for step in self.steps if step.unit]
        return sum(before != after for before, after in pairwise(units))


def read_step(post: RawPost, where: Where) -> TicketStep | None:
    """What a record says of the work on its ticket; None for a record that is none. Raises ReadError for a
    time that is none."""
    if post.origin.ticket is None:
        return None
    return TicketStep(
        revision=post.origin.revision,
        at=post.origin.fetched_at,
        state=_text(post, "state"),
        unit=_text(post, "unit"),
        replied=bool(post.extra.get("reply")),
        replied_at=_time(post, "reply_time", where),
        closed_at=_time(post, "close_time", where),
        due=_time(post, "due_time", where),
    )


def hours_between(start: datetime | None, end: datetime | None) -> float | None:
    """The hours from one moment to another; None where one is unknown or they are the wrong way round."""
    if start is None or end is None or end < start:
        return None
    return round((end - start).total_seconds() / 3600, 2)


def _seen(steps: Sequence[TicketStep], happened: Callable[[TicketStep], bool]) -> list[datetime]:
    """When something was seen that the revision before did not have."""
    return [after.at for before, after in pairwise(steps) if happened(after) and not happened(before)]


def _text(post: RawPost, name: str) -> str:
    return str(post.extra.get(name) or "")


def _time(post: RawPost, name: str, where: Where) -> datetime | None:
    told = str(post.extra.get(name) or "")
    if not told:
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        moment = None
    aware = moment is not None and moment.tzinfo is not None
    return moment if aware else parse_time(told, where, name)
