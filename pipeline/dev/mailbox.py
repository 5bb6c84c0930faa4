"""A mailbox that takes every mail and shows it on a page: nothing of a development deployment leaves it."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from pathlib import Path
from uuid import uuid4
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Request, Response

from pipeline.dev.service import choose_port

SHOWN = 500
# A mail may hold what somebody posted: its HTML runs nothing and fetches nothing.
SEALED = {"Content-Security-Policy": "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"}
PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>试用邮箱</title>
<style>body{{font:15px/1.6 sans-serif;margin:2em auto;max-width:70em;padding:0 1em}}
td{{padding:.2em 1em .2em 0}}
tr:nth-child(even){{background:#f4f4f4}}</style><h1>试用邮箱</h1><p>{count} 封，新的在上。</p>
<table>{rows}</table></html>"""
ROW = '<tr><td>{date}<td><a href="/{name}">{subject}</a><td>{to}</tr>'


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A running mailbox: where it takes mails, where it shows them, and what ends both."""

    smtp_port: int
    page_port: int
    stop: Callable[[], None]


class _Keeper:
    """Writes each mail to a file of its own before it says yes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, _smtp: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - theirs
        content = envelope.original_content
        assert content is not None
        (self.folder / f"{uuid4().hex}.eml").write_bytes(content)
        return "250 OK"


class MailPage:
    """The page (WSGI): the list, and each mail as its reader would see it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            answer = self._answer(Request(environ).path.strip("/"))
        except HTTPException as error:
            return error(environ, start_response)
        return answer(environ, start_response)

    def _answer(self, name: str) -> Response:
        files = sorted(self._folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        if not name:
            rows = "".join(map(_row, files[:SHOWN]))
            return Response(PAGE.format(count=len(files), rows=rows), mimetype="text/html")
        found = next((file for file in files if file.name == name), None)
        if found is None:
            raise NotFound
        body = _read(found).get_body(("html", "plain"))
        text = "" if body is None else body.get_content()
        kind = "text/plain" if body is None else body.get_content_type()
        return Response(text, mimetype=kind, headers=SEALED)


class _QuietHandler(WSGIRequestHandler):
    """Does not write a line to the terminal for each request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - their name
        """Say nothing."""


def _read(file: Path) -> EmailMessage:
    return message_from_bytes(file.read_bytes(), policy=policy.default)


def _row(file: Path) -> str:
    mail = _read(file)
    told = {name: escape(str(mail[name] or "")) for name in ("date", "subject", "to")}
    return ROW.format(name=file.name, **told)


def open_mailbox(folder: Path, smtp_port: int, page_port: int) -> Mailbox:
    """Take mails into `folder` and show them, on these ports of this machine where they are free."""
    folder.mkdir(parents=True, exist_ok=True)
    smtp_port, page_port = choose_port(smtp_port), choose_port(page_port)
    # The machine's own name may need a name server to be found.
    taking = Controller(_Keeper(folder), hostname="127.0.0.1", port=smtp_port, server_hostname="localhost")
    taking.start()
    showing = make_server("127.0.0.1", page_port, MailPage(folder), handler_class=_QuietHandler)
    threading.Thread(target=showing.serve_forever, name="mailbox", daemon=True).start()

    def stop() -> None:
        showing.shutdown()
        showing.server_close()
        taking.stop()

    return Mailbox(smtp_port, page_port, stop)
