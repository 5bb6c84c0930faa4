"""A real SMTP server that collects what it is sent, and can refuse, hang or drop the line."""

import asyncio
import os
import signal
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from pipeline.dev.service import free_port

Behaviour = Literal[
    "accept", "refuse", "busy", "hang", "drop_in_data", "drop_after_data", "rude_goodbye",
    "kill_at_rcpt", "kill_in_data", "kill_after_data",
]  # fmt: skip


@dataclass(slots=True)
class SmtpServer:
    """What was received, and how the server behaves from now on.

    refuse: 550 to every recipient; busy: 451 after the text; hang: no answer after the text; drop_in_data:
    the line is cut while the text is sent; drop_after_data: the mail is taken and the line cut before the
    yes; rude_goodbye: the mail is taken and the line cut at QUIT. kill_at_rcpt, kill_in_data and
    kill_after_data: the sending process `victim` is killed when it names a recipient, while it sends the
    text, or once the mail is taken and before the yes. `refused` names single addresses to refuse.
    """

    host: str = "127.0.0.1"
    port: int = 0
    behaviour: Behaviour = "accept"
    refused: set[str] = field(default_factory=set)
    logins: dict[str, str] = field(default_factory=dict)
    received: list[bytes] = field(default_factory=list)
    attempts: int = 0
    victim: int | None = None

    def kill(self) -> None:
        """Kill the sending process, as a power cut would; only the first time."""
        assert self.victim is not None
        self.behaviour = "accept"
        os.kill(self.victim, signal.SIGKILL)

    @property
    def messages(self) -> list[EmailMessage]:
        """What was received, parsed."""
        return [message_from_bytes(raw, policy=policy.default) for raw in self.received]  # type: ignore[misc]

    def reset(self) -> None:
        """Behave well again, and forget what was received."""
        self.behaviour, self.attempts = "accept", 0
        self.refused.clear()
        self.logins.clear()
        self.received.clear()


class _Hooks:
    def __init__(self, server: SmtpServer) -> None:
        self.server = server

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _smtp: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.server.behaviour == "kill_at_rcpt":
            self.server.kill()
        if self.server.behaviour == "refuse" or address in self.server.refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, smtp: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.server.attempts += 1
        if self.server.behaviour == "busy":
            return "451 4.3.0 come back later"
        if self.server.behaviour == "hang":
            await asyncio.sleep(60)
            return "451 4.3.0 too late"
        content = envelope.original_content
        assert content is not None
        self.server.received.append(content)
        if self.server.behaviour == "drop_after_data":
            _cut(smtp)
        if self.server.behaviour == "kill_after_data":
            self.server.kill()
        return "250 OK"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        given = isinstance(data, LoginPassword) and self.server.logins.get(data.login.decode())
        return AuthResult(success=bool(given) and given == data.password.decode(), handled=False)


class _Smtp(SMTP):
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        hooks = self.event_handler
        if hooks.server.behaviour not in {"drop_in_data", "kill_in_data"}:
            await super().smtp_DATA(arg)
            return
        hooks.server.attempts += 1
        await self.push("354 go on")
        await self._reader.readline()
        if hooks.server.behaviour == "kill_in_data":
            hooks.server.kill()
        _cut(self)

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802
        if self.event_handler.server.behaviour == "rude_goodbye":
            _cut(self)
        else:
            await super().smtp_QUIT(arg)


def _cut(smtp: SMTP) -> None:
    assert smtp.transport is not None
    smtp.transport.abort()


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Smtp(self.handler, **self.SMTP_kwargs)


def start_smtp(tls: ssl.SSLContext | None = None) -> tuple[SmtpServer, Callable[[], None]]:
    """A server on a free port, with STARTTLS when a certificate is given, and what stops it."""
    server = SmtpServer(port=free_port())
    hooks = _Hooks(server)
    controller = _Controller(
        hooks,
        hostname=server.host,
        port=server.port,
        tls_context=tls,
        authenticator=hooks.authenticate,
        auth_require_tls=False,
        # The machine's own name may need a name server to be found.
        server_hostname="localhost",
    )
    controller.start()
    return server, controller.stop
