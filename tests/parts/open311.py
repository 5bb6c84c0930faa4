"""A real Open311 server after the public GeoReport v2 specification, in JSON and XML, with its quirks.

Of GET requests: service requests by start_date and end_date (of requested_datetime, 90 days at most, the last
90 by default), status, service_code and service_request_id; jurisdiction_id; errors as a list of code and
description. Not in the core: pages, updated_after, an api_key for reading.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

BASE = "/open311/v2"
LONGEST = timedelta(days=90)
Item = dict[str, Any]


class RefusedError(Exception):
    """An answer with a status of its own."""

    def __init__(self, status: int, description: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(description)
        self.status, self.description, self.headers = status, description, headers or {}


@dataclass(slots=True)
class Open311Server:
    """The requests it holds and how it answers. `cap` is the most it tells at once; `pages` and `updates`:
    whether it knows page and page_size, and updated_after; `busy`: how many of the next answers are 429;
    `breaks_after`: from which answer on it fails for good; `formats` are those it speaks."""

    port: int = 0
    items: list[Any] = field(default_factory=list)
    formats: tuple[str, ...] = ("json", "xml")
    jurisdiction: str | None = None
    key: str | None = None
    cap: int = 1_000
    pages: bool = True
    updates: bool = True
    busy: int = 0
    breaks_after: int | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of its API."""
        return f"http://127.0.0.1:{self.port}{BASE}"

    def find(self, params: dict[str, str]) -> list[Any]:
        """The requests that were asked for, newest first. Raises RefusedError."""
        self.asked.append(params)
        if self.busy:
            self.busy -= 1
            raise RefusedError(429, "slow down", {"Retry-After": "0"})
        if self.breaks_after is not None and len(self.asked) > self.breaks_after:
            raise RefusedError(500, "database is gone")
        if self.jurisdiction and params.get("jurisdiction_id") != self.jurisdiction:
            raise RefusedError(404, "jurisdiction_id provided was not found")
        if self.key and params.get("api_key") != self.key:
            raise RefusedError(403, "Invalid api_key received")
        found = [item for item in self.items if not isinstance(item, dict) or self._is_meant(item, params)]
        found.sort(key=_requested, reverse=True)
        size = min(self.cap, int(params.get("page_size", self.cap))) if self.pages else self.cap
        first = (int(params.get("page", "1")) - 1) * size if self.pages else 0
        return found[first : first + size]

    def _is_meant(self, item: Item, params: dict[str, str]) -> bool:
        for name in ("status", "service_code", "service_request_id"):
            if name in params and str(item.get(name)) not in params[name].split(","):
                return False
        if self.updates and "updated_after" in params:
            return datetime.fromisoformat(item["updated_datetime"]) >= _time(params["updated_after"])
        end = _time(params["end_date"]) if "end_date" in params else self.now
        start = _time(params["start_date"]) if "start_date" in params else end - LONGEST
        if end - start > LONGEST:
            raise RefusedError(400, "The difference between start_date and end_date is more than 90 days")
        return start <= datetime.fromisoformat(item["requested_datetime"]) <= end


def make_request(number: int, made: datetime, **fields: Any) -> Item:
    """A service request; `fields` change or add to it."""
    return {
        "service_request_id": f"{number:06}",
        "status": "open",
        "status_notes": None,
        "service_name": "路灯",
        "service_code": "lamp",
        "description": f"学府路第{number}盏路灯不亮",
        "agency_responsible": None,
        "service_notice": None,
        "requested_datetime": made.isoformat(),
        "updated_datetime": made.isoformat(),
        "expected_datetime": None,
        "address": "汀东区学府路",
        "address_id": None,
        "zipcode": None,
        "lat": 31.2,
        "long": 121.4,
        "media_url": None,
        **fields,
    }


def _requested(item: Any) -> str:
    return str(item["requested_datetime"]) if isinstance(item, dict) else ""


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _xml(root: str, one: str, items: list[Any]) -> bytes:
    rows = (
        "".join(
            f"<{name}>{'' if value is None else escape(str(value))}</{name}>" for name, value in item.items()
        )
        for item in items
    )
    body = "".join(f"<{one}>{row}</{one}>" for row in rows)
    return f'<?xml version="1.0" encoding="utf-8"?><{root}>{body}</{root}>'.encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: Open311Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        name, _, form = parts.path.removeprefix(f"{BASE}/").partition(".")
        if name != "requests" or form not in self.server_state.formats:
            self._answer(404, {}, "text/plain", b"no such resource")
            return
        kind = "application/json" if form == "json" else "text/xml"
        try:
            items, root, one, status = (
                self.server_state.find(dict(parse_qsl(parts.query))),
                "service_requests",
                "request",
                200,
            )
            headers: dict[str, str] = {}
        except RefusedError as error:
            items, root, one = [{"code": error.status, "description": error.description}], "errors", "error"
            status, headers = error.status, error.headers
        body = json.dumps(items).encode() if form == "json" else _xml(root, one, items)
        self._answer(status, headers, f"{kind}; charset=utf-8", body)

    def log_message(self, *_arguments: object) -> None:
        """Keep the test's output clean."""

    def _answer(self, status: int, headers: dict[str, str], kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def start_open311() -> tuple[Open311Server, Callable[[], None]]:
    """A server on a free port, and what stops it."""
    state = Open311Server()
    handler = type("Handler", (_Handler,), {"server_state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(5)

    return state, stop
