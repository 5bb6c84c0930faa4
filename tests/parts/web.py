"""A real web server with a table of pages that can hang, break off, fail, and answer conditional requests."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Behaviour = Literal["answer", "hang", "reset", "cut"]


@dataclass(frozen=True, slots=True)
class Page:
    """One answer. With `etag` or `last_modified`, an unchanged page is answered 304 to whoever holds it.

    hang: no answer until the server stops; reset: the line is reset without an answer; cut: the body ends
    half way; `delay` in seconds before the answer.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    behaviour: Behaviour = "answer"
    etag: str | None = None
    last_modified: str | None = None
    delay: float = 0.0


@dataclass(slots=True)
class WebServer:
    """The table of pages by path (a query string belongs to the path), what was asked for and when, and how
    many requests waited for their answer at most at once."""

    port: int = 0
    pages: dict[str, Page] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    busy: int = 0
    busiest: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    posted: list[bytes] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/") -> str:
        """The address of a page."""
        return f"http://127.0.0.1:{self.port}{path}"

    def serve(self, path: str, body: bytes | str, kind: str = "text/html; charset=utf-8", **page: Any) -> str:
        """Put a page into the table; returns its address. `page` are the fields of Page."""
        content = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": kind, **page.pop("headers", {})}
        self.pages[path] = Page(content, headers=headers, **page)
        return self.url(path)

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(asked == path for asked, _ in self.requests)

    def reset(self) -> None:
        """Forget pages and requests."""
        self.pages.clear()
        self.requests.clear()
        self.times.clear()
        self.busiest = 0
        self.posted.clear()
        self.answers.clear()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: WebServer

    def do_GET(self) -> None:
        self.web.requests.append((self.path, dict(self.headers.items())))
        self.web.times.append(time.monotonic())
        page = self.web.pages.get(self.path, Page(b"not found", 404))
        self._wait(page.delay)
        if page.behaviour == "hang":
            self.web.closing.wait()
            self.close_connection = True
        elif page.behaviour == "reset":
            self._reset()
        elif self._is_held(page):
            self._answer(page, 304, b"")
        else:
            self._answer(page, page.status, page.body)

    do_HEAD = do_GET  # noqa: N815

    def _wait(self, seconds: float) -> None:
        with self.web.lock:
            self.web.busy += 1
            self.web.busiest = max(self.web.busiest, self.web.busy)
        self.web.closing.wait(seconds)
        with self.web.lock:
            self.web.busy -= 1

    def do_POST(self) -> None:
        self.web.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.do_GET()

    def log_message(self, *_arguments: object) -> None:
        """Keep the test's output clean."""

    def _is_held(self, page: Page) -> bool:
        if page.etag is not None and "If-None-Match" in self.headers:
            return self.headers["If-None-Match"] == page.etag
        modified = self.headers.get("If-Modified-Since")
        return page.last_modified is not None and modified == page.last_modified

    def _answer(self, page: Page, status: int, body: bytes) -> None:
        self.web.answers[status] += 1
        self.send_response(status)
        named = {"ETag": page.etag, "Last-Modified": page.last_modified, **page.headers}
        for name, value in named.items():
            if value is not None:
                self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if page.behaviour == "cut":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(body)

    def _reset(self) -> None:
        # Lingering for no time makes the system send a reset instead of an orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.connection.close()
        self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is no error of the server."""


def start_web() -> tuple[WebServer, Callable[[], None]]:
    """A server on a free port, and what stops it."""
    web = WebServer()
    handler = type("Handler", (_Handler,), {"web": web})
    server = _Server(("127.0.0.1", 0), handler)
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()

    def stop() -> None:
        web.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(5)

    return web, stop
