"""Bulk requests that follow the server: larger while it answers fast, half as large when it is busy or full.

The client's own helpers send chunks of one size, one after the other, and give up at a time-out; here the
next chunk is made ready while the server works on the last one.
"""

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Any, NamedTuple

import orjson
from elastic_transport import ConnectionError as NoConnection
from elastic_transport import ConnectionTimeout
from elasticsearch import ApiError, Elasticsearch

from stores.elastic_client import BUSY, api_reason, error_reason

Document = dict[str, Any]
DOCUMENTS, BYTES = 500, 1024 * 1024
LEAST, MOST = 1 / 16, 10.0
# Up to so many seconds for an answer are fast; the server's own limit for a request is a minute.
FAST, SLOW = 1.0, 10.0
ATTEMPTS, FIRST_WAIT, LONGEST_WAIT = 6, 0.5, 15.0
# What the answer has to tell; without this it is as long as the request.
_ASKED = "items.*.status,items.*.error"
_TOO_LARGE = 413
_TIMED_OUT = 408
# A server that nobody answers for is given up sooner than a busy one.
_UNREACHED = 2
_FULL_DISK = ("read-only-allow-delete", "flood-stage")


class Versioned(NamedTuple):
    """A document on its way to the index. `part` is the month of a monthly kind, else empty."""

    id: str
    version: int
    document: Document
    part: str = ""


class Outcome(NamedTuple):
    """What the server said of one document, which `source` is as JSON; no `reason` where it was written."""

    id: str
    version: int
    source: bytes
    status: int
    reason: str = ""

    @property
    def written(self) -> bool:
        """Whether the index holds it now."""
        return 200 <= self.status < 300

    @property
    def settled(self) -> bool:
        """Whether it need not be sent again: written, older than what is there, or never to be taken."""
        return self.written or self.status in {400, 404, 409}

    @property
    def disk_full(self) -> bool:
        """Whether the server locked the index because its disk is full: waiting a minute will not help."""
        return is_disk_full(self.reason)


def is_disk_full(reason: str) -> bool:
    """Whether a server's no is the lock that it sets on every index of a full disk."""
    return any(word in reason for word in _FULL_DISK)


@dataclass(slots=True)
class Pace:
    """How much goes into one request: `scale` times 500 documents or 1 MiB, whichever is reached first.

    `known` is the scale from which on it grows by a tenth only, as TCP does: half of what was refused last.
    """

    scale: float = 1.0
    known: float = MOST

    @property
    def documents(self) -> int:
        """The most documents of a request."""
        return max(1, int(DOCUMENTS * self.scale))

    @property
    def bytes(self) -> int:
        """The most bytes of a request; a single larger document goes alone."""
        return int(BYTES * self.scale)

    def answered(self, seconds: float) -> None:
        """Grow after a fast answer, shrink after a slow one."""
        if seconds < FAST:
            self.known = max(self.known, min(MOST, self.scale * 1.1))
            self.scale = min(self.known, self.scale * 2)
        elif seconds > SLOW:
            self.refused()

    def refused(self) -> None:
        """Halve: the server was busy, did not answer in time, or found the request too large."""
        self.known = self.scale = max(LEAST, self.scale / 2)


class _Line(NamedTuple):
    """A document as a request carries it; its fields are gone, so that a large request is little memory."""

    id: str
    version: int
    header: bytes
    source: bytes


@dataclass(slots=True)
class BulkSender:
    """Sends documents to one server; `pace` is kept from one call to the next.

    `waited` are the pauses in seconds that the server asked for by refusing, the newest last.
    """

    client: Elasticsearch
    pace: Pace = field(default_factory=Pace)
    waited: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    attempts: int = ATTEMPTS
    first_wait: float = FIRST_WAIT
    _stop: Event = field(default_factory=Event)

    def send(
        self, documents: Iterable[Versioned], alias: Callable[[str], str]
    ) -> Iterator[tuple[Outcome, ...]]:
        """Write documents under the alias of their part; the outcomes, request by request.

        Every document has one outcome. One that a busy server did not take after some tries keeps its busy
        status, and no more are sent then. Raises the client's own errors for what no try will mend.
        """
        self._stop.clear()
        with ThreadPoolExecutor(1, "bulk") as sender:
            flying: deque[Future[tuple[Outcome, ...]]] = deque()
            try:
                for lines in self._requests(_line(one, alias(one.part)) for one in documents):
                    flying.append(sender.submit(self._deliver, lines))
                    if len(flying) > 1:
                        outcomes = flying.popleft().result()
                        yield outcomes
                        if not all(one.settled for one in outcomes):
                            break
                while flying:
                    yield flying.popleft().result()
            finally:
                self._stop.set()
                sender.shutdown(wait=True, cancel_futures=True)

    def _requests(self, lines: Iterable[_Line]) -> Iterator[list[_Line]]:
        """The lines in requests of the present size."""
        request, size = list[_Line](), 0
        for line in lines:
            more = len(line.header) + len(line.source) + 2
            if request and (len(request) >= self.pace.documents or size + more > self.pace.bytes):
                yield request
                request, size = [], 0
            request.append(line)
            size += more
        if request:
            yield request

    def _deliver(self, lines: Sequence[_Line]) -> tuple[Outcome, ...]:
        """Send a request until every document of it is settled or the tries are used up."""
        settled, waiting = list[Outcome](), list(lines)
        tries = 0
        while True:
            outcomes = self._ask_all(waiting, tries)
            again = [one.status in BUSY and not one.disk_full for one in outcomes]
            # As long as some get through, it is worth trying.
            tries = tries + 1 if all(again) else 1
            if not any(again) or tries == self.attempts or self._stop.wait(self._pause(tries)):
                return (*settled, *outcomes)
            settled += [one for one, busy in zip(outcomes, again, strict=True) if not busy]
            waiting = [line for line, busy in zip(waiting, again, strict=True) if busy]

    def _ask_all(self, lines: Sequence[_Line], attempt: int) -> list[Outcome]:
        """The documents in requests of the present size: what was refused comes again in smaller ones.

        After one without an answer the others are not tried."""
        outcomes = list[Outcome]()
        for request in self._requests(lines):
            if outcomes and outcomes[-1].status == _TIMED_OUT:
                outcomes += [_outcome(line, _TIMED_OUT, outcomes[-1].reason) for line in request]
            else:
                outcomes += self._ask(request, attempt)
        return outcomes

    def _pause(self, attempt: int) -> float:
        """Seconds to wait: doubling, and by chance, so that writers do not come back all at once."""
        longest = min(LONGEST_WAIT, self.first_wait * 2 ** (attempt - 1))
        pause = random.uniform(longest / 2, longest)  # noqa: S311 - no secret
        self.waited.append(pause)
        return pause

    def _ask(self, lines: Sequence[_Line], attempt: int) -> tuple[Outcome, ...]:
        """One request; a busy or silent server gives every document its status."""
        begun = time.monotonic()
        operations: list[Any] = [part for line in lines for part in (line.header, line.source)]
        try:
            answer = self.client.options(max_retries=0).bulk(
                operations=operations,
                # Without this a missing alias would become an index of its own with guessed fields.
                require_alias=True,
                filter_path=_ASKED,
            )
        except ConnectionTimeout:
            self.pace.refused()
            return tuple(_outcome(line, _TIMED_OUT, "超时没有回答 (timed out)") for line in lines)
        except NoConnection as error:
            if attempt >= _UNREACHED:
                raise
            return tuple(_outcome(line, 503, str(error.message)) for line in lines)
        except ApiError as error:
            return self._refused(lines, error, attempt)
        outcomes = tuple(map(_read, lines, answer.body["items"]))
        if any(one.status in BUSY for one in outcomes):
            self.pace.refused()
        else:
            self.pace.answered(time.monotonic() - begun)
        return outcomes

    def _refused(self, lines: Sequence[_Line], error: ApiError, attempt: int) -> tuple[Outcome, ...]:
        reason = api_reason(error)
        if error.status_code == _TOO_LARGE:
            self.pace.refused()
            if len(lines) == 1:
                return (_outcome(lines[0], 400, f"文档太大，服务器不收：{reason}"),)
            half = len(lines) // 2
            return (*self._ask(lines[:half], attempt), *self._ask(lines[half:], attempt))
        if error.status_code not in BUSY:
            raise error
        self.pace.refused()
        return tuple(_outcome(line, error.status_code, reason) for line in lines)


def _line(one: Versioned, index: str) -> _Line:
    about = {"_index": index, "_id": one.id, "version": one.version, "version_type": "external_gte"}
    return _Line(one.id, one.version, orjson.dumps({"index": about}), orjson.dumps(one.document))


def _outcome(line: _Line, status: int, reason: str = "") -> Outcome:
    return Outcome(line.id, line.version, line.source, status, reason)


def _read(line: _Line, item: Document) -> Outcome:
    answer = item["index"]
    error = answer.get("error")
    if error is None:
        return _outcome(line, answer["status"])
    return _outcome(line, answer["status"], error_reason(error))
