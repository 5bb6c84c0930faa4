"""A real web server that does everything a server must not: raw sockets, one coroutine a trap."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Writer = asyncio.StreamWriter
Trap = Callable[["HostileServer", Writer, str], Awaitable[None]]
Robots = Callable[["HostileServer", Writer], Awaitable[None]]

HTML = "text/html; charset=utf-8"
TRAPS: dict[str, Trap] = {}
ROBOTS: dict[str, Robots] = {}


def article(title: str = "停水通知", body: str = "河口街道今晚停水。") -> str:
    """A sound detail page."""
    return (
        f"<html><head><meta charset='utf-8'></head><body><h1>{title}</h1>"
        f"<span class='t'>2026-01-31 08:00</span><div id='b'><p>{body}</p></div></body></html>"
    )


def listing(*hrefs: str, following: str = "") -> str:
    """A list page that links to these addresses."""
    items = "".join(f'<li><a href="{href}">{href[:40]}</a></li>' for href in hrefs)
    return f"<ul>{items}</ul>" + (f"<a class='next' href='{following}'>下一页</a>" if following else "")


def head(kind: str = HTML, status: str = "200 OK", length: int | str | None = None, *others: str) -> bytes:
    """The head of an answer; without `length` it ends with the connection."""
    told = () if length is None else (f"Content-Length: {length}",)
    lines = (f"HTTP/1.1 {status}", f"Content-Type: {kind}", *told, *others, "Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@dataclass(slots=True)
class HostileServer:
    """The server: its main port, a port for each robots.txt, and how often each path was asked for there."""

    port: int = 0
    robots_ports: dict[str, int] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    heads: list[tuple[str, bytes]] = field(default_factory=list)

    def url(self, path: str) -> str:
        """An address on the main port."""
        return f"http://127.0.0.1:{self.port}{path}"

    def robots_url(self, kind: str) -> str:
        """The list page behind one of the robots.txt."""
        return f"http://127.0.0.1:{self.robots_ports[kind]}/list"

    async def serve(self, reader: asyncio.StreamReader, writer: Writer, kind: str) -> None:
        """Answer one request; every connection is closed after it."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            asked = await reader.readuntil(b"\r\n\r\n")
            path = asked.split(b" ", 2)[1].decode("latin-1")
            self.asked[f"{kind}{path}"] += 1
            self.heads.append((f"{kind}{path}", asked))
            await self._answer(writer, path, kind)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()

    async def _answer(self, writer: Writer, path: str, kind: str) -> None:
        name = path.partition("?")[0]
        if kind and name == "/robots.txt":
            await ROBOTS[kind](self, writer)
        elif kind and name == "/list":
            send(writer, listing("/fine"))
        elif name in TRAPS:
            await TRAPS[name](self, writer, path)
        elif name == "/robots.txt":
            send(writer, "User-agent: *\nDisallow: /forbidden\n", "text/plain")
        else:
            # Of the many pages of one list: even a quick crawl does not come to their end in its time.
            await asyncio.sleep(0.05 if name.startswith("/n") else 0)
            send(writer, article(name))


def send(writer: Writer, body: str | bytes, kind: str = HTML, status: str = "200 OK", *others: str) -> None:
    """A whole answer."""
    content = body.encode() if isinstance(body, str) else body
    writer.write(head(kind, status, len(content), *others) + content)


def redirect(writer: Writer, target: str) -> None:
    """A redirect."""
    send(writer, "", HTML, "302 Found", f"Location: {target}")


def reset(writer: Writer) -> None:
    """Break the connection off with a reset instead of an orderly end."""
    found: socket.socket = writer.get_extra_info("socket")
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def drip(writer: Writer, data: bytes, pause: float = 0.2) -> None:
    """One byte at a time."""
    for at in range(len(data)):
        writer.write(data[at : at + 1])
        await writer.drain()
        await asyncio.sleep(pause)


async def flood(writer: Writer, piece: bytes, size: int) -> None:
    """The same piece again and again, until so many bytes are out."""
    for _ in range(size // len(piece)):
        writer.write(piece)
        await writer.drain()


def start_hostile() -> tuple[HostileServer, Callable[[], None]]:
    """The server on free ports in a thread of its own, and what stops it."""
    server, loop, ready = HostileServer(), asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def run() -> None:
        async def listen(kind: str) -> tuple[asyncio.Server, int]:
            listener = await asyncio.start_server(
                lambda reader, writer: server.serve(reader, writer, kind), "127.0.0.1", 0
            )
            return listener, listener.sockets[0].getsockname()[1]

        main, server.port = await listen("")
        others = [await listen(kind) for kind in ROBOTS]
        server.robots_ports = {kind: port for kind, (_, port) in zip(ROBOTS, others, strict=True)}
        ready.set()
        await stop.wait()
        for listener in (main, *(found for found, _ in others)):
            listener.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    ready.wait(10)

    def end() -> None:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()

    return server, end
