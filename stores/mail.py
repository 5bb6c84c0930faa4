"""Sending mail: by SMTP, or into a folder of .eml files where no server is set."""

import contextlib
import hashlib
import re
import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import parseaddr
from pathlib import Path
from typing import Literal, Protocol, cast

from schemas.records import Mail
from stores.atomic import write_atomic
from stores.errors import MailRefusedError, MailUnavailable

Security = Literal["none", "starttls", "ssl"]
_FINAL = 500


class _MailPolicy(EmailPolicy):
    """Internet mail whose ids and subjects stay whole.

    The stock folding turns a long References line into encoded words, in which no mail program finds the
    thread, and drops a space of the subject that falls between two encoded words.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        if name in {"Message-ID", "In-Reply-To", "References"}:
            return f"{name}: ".encode() + b"\r\n ".join(value.encode("ascii").split()) + b"\r\n"
        if name == "Subject" and not value.isascii():
            encoded = Header(str(value), "utf-8", header_name=name).encode(linesep="\r\n")
            return f"{name}: {encoded}\r\n".encode("ascii")
        return super().fold_binary(name, value)


class Mailer(Protocol):
    """What sends a mail."""

    def send(self, mail: Mail, at: datetime | None = None) -> dict[str, str]:
        """Send; returns the recipients refused while others were taken, with the server's words.

        Raises MailUnavailable when nobody was reached.
        """


def build_message(mail: Mail, sender: str, at: datetime | None = None) -> EmailMessage:
    """The mail as text with an HTML alternative; equal input gives equal bytes. `at` becomes its Date."""
    message = EmailMessage(policy=_MailPolicy(linesep="\r\n"))
    message["Message-ID"] = message_id = _bracketed(mail.message_id)
    if mail.references:
        message["In-Reply-To"] = _bracketed(mail.references[-1])
        message["References"] = " ".join(map(_bracketed, mail.references))
    message["From"] = _address(sender)
    message["To"] = tuple(map(_address, mail.to))
    # A title may come from a post; a line break in it must not start a header of its own.
    message["Subject"] = " ".join(mail.subject.split())
    if at is not None:
        message["Date"] = at
    # Keeps holiday replies of recipients away from the duty mailbox (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    # Base64 passes every server; 8bit needs an extension that old ones lack.
    message.set_content(mail.text, cte="base64")
    message.add_alternative(mail.html, subtype="html", cte="base64")
    _attach_images(message, mail)
    message.set_boundary(_boundary(message_id))
    _attach_files(message, mail)
    return message


def _attach_images(message: EmailMessage, mail: Mail) -> None:
    """Put the pictures beside the HTML part, where every mail program finds them (RFC 2387, RFC 2392)."""
    if not mail.images:
        return
    page = cast("EmailMessage", message.get_body(("html",)))
    for name, picture in mail.images:
        page.add_related(picture, "image", "png", cid=f"<{name}>", cte="base64")
    page.set_boundary(_boundary(f"{mail.message_id} images"))


def _attach_files(message: EmailMessage, mail: Mail) -> None:
    """Put the files after the text and the pictures, each to be saved under its own name."""
    for file in mail.attachments:
        main, _, sub = file.type.partition("/")
        message.add_attachment(file.content, main, sub, filename=file.name, cte="base64")
    if mail.attachments:
        message.set_boundary(_boundary(f"{mail.message_id} files"))


def _boundary(seed: str) -> str:
    return f"=_{hashlib.sha256(seed.encode()).hexdigest()[:32]}"


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Sends by one SMTP server. `timeout` in seconds holds for each answer of the server."""

    host: str
    port: int
    sender: str
    security: Security = "none"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 30.0

    def send(self, mail: Mail, at: datetime | None = None) -> dict[str, str]:
        """Send one mail; returns refused recipients where the server took it for others."""
        message = _built(mail, self.sender, at)
        try:
            with contextlib.closing(self._connect()) as server:
                refused = server.send_message(message)
                # The mail is taken; a server that stumbles over the good-bye must not make us send it again.
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    server.quit()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            reason = f"邮件服务器 {self.host}:{self.port} 没有收下 {mail.message_id}：{_reason(error)}"
            raise (MailRefusedError if _is_final(error) else MailUnavailable)(reason) from error
        return {recipient: _answer(code, text) for recipient, (code, text) in refused.items()}

    def check(self) -> None:
        """Connect and log in without sending. Raises MailUnavailable."""
        try:
            with contextlib.closing(self._connect()) as server:
                server.noop()
        except (smtplib.SMTPException, OSError) as error:
            reason = f"连不上邮件服务器 {self.host}:{self.port}：{_reason(error)}"
            raise MailUnavailable(reason) from error

    def _connect(self) -> smtplib.SMTP:
        if self.security == "ssl":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout, context=context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            if self.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self.user is not None:
                server.login(self.user, self.password or "")
        except BaseException:
            server.close()
            raise
        return server


@dataclass(frozen=True, slots=True)
class OutboxMailer:
    """Writes each mail as an .eml file named after its Message-ID, so that a repeat is the same file."""

    folder: Path
    sender: str = "qianshao@localhost"

    def send(self, mail: Mail, at: datetime | None = None) -> dict[str, str]:
        """Write one mail; nobody is ever refused."""
        message = _built(mail, self.sender, at)
        try:
            write_atomic(self.path(mail.message_id), message.as_bytes())
        except OSError as error:
            reason = f"发件箱 {self.folder} 写不进去：{error.strerror or error}"
            raise MailUnavailable(reason) from error
        return {}

    def path(self, message_id: str) -> Path:
        """The file of a mail."""
        bare = message_id.strip("<>")
        name = re.sub(r"[^A-Za-z0-9._@-]+", "_", bare).lstrip(".")[:120]
        if name != bare:
            # Two ids must not share a file because their odd characters were replaced.
            name = f"{name}-{hashlib.sha256(bare.encode()).hexdigest()[:8]}"
        return self.folder / f"{name}.eml"


def _built(mail: Mail, sender: str, at: datetime | None) -> EmailMessage:
    if not mail.to:
        reason = f"邮件 {mail.message_id} 没有收件人"
        raise MailUnavailable(reason)
    try:
        return build_message(mail, sender, at)
    except (ValueError, IndexError) as error:
        reason = f"邮件 {mail.message_id} 写不成：{_reason(error)}"
        raise MailUnavailable(reason) from error


def _bracketed(message_id: str) -> str:
    return f"<{message_id.strip('<>')}>"


def _address(written: str) -> Address:
    name, address = parseaddr(written)
    return Address(display_name=name, addr_spec=address)


def _is_final(error: Exception) -> bool:
    """Whether the server has said no for good (5xx) to the text or to every recipient."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= _FINAL for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPDataError | smtplib.SMTPSenderRefused):
        return error.smtp_code >= _FINAL
    return False


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = (f"{recipient} {_answer(*answer)}" for recipient, answer in error.recipients.items())
        return "；".join(answers)
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    # smtplib hides a time-out in a disconnection of its own.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "超时没有回答 (timed out)"
    return " ".join(str(error).split()) or type(error).__name__


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())}"
