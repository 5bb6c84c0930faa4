"""A folder of a mailbox over IMAP (RFC 3501): what is new in it, read without changing anything."""

import base64
import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline.rooms import secret
from pipeline.settings import Settings
from schemas.errors import ReadError, Where

# Seconds that a server may keep silent.
TIMEOUT = 60.0
# Numbers asked for at once: an answer is one line, and imaplib reads no line of more than a million bytes.
_AT_ONCE = 50_000
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_NUMBER = re.compile(rb"UID (\d+)")


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail of a folder: its number (UID), its whole size in bytes, when the server received it, and its
    bytes, cut where it is longer than was asked for."""

    uid: int
    size: int
    received: datetime
    raw: bytes


class Folder:
    """An open folder. `validity` is the server's word for its numbering: where it changes, all numbers are
    other mails'. All methods raise ReadError where the server refuses or breaks off."""

    def __init__(self, connection: imaplib.IMAP4, where: Where, *, validity: int, next_uid: int) -> None:
        self._connection, self.where = connection, where
        self.validity, self._next = validity, next_uid

    def numbers(self, after: int) -> Iterator[int]:
        """The numbers of the mails that came after the one with the number `after`, in order."""
        for first in range(after + 1, max(self._next, after + 2), _AT_ONCE):
            last = min(first + _AT_ONCE - 1, self._next)
            found = self._ask("SEARCH", f"UID {first}:{last}")
            told = b" ".join(line for line in found if isinstance(line, bytes)).split()
            yield from sorted(uid for uid in map(int, told) if first <= uid <= last)

    def read(self, uid: int, *, longest: int) -> Letter | None:
        """A mail, or the first `longest` bytes of it; None where it is gone."""
        found = self._ask("FETCH", str(uid), f"(RFC822.SIZE INTERNALDATE BODY.PEEK[]<0.{longest}>)")
        told = [part for part in found if isinstance(part, tuple) and _is_of(part[0], uid)]
        if not told:
            return None
        head, raw = told[0]
        # What the server tells after the bytes belongs to the mail too.
        head += b" ".join(part for part in found if isinstance(part, bytes))
        size, at = _SIZE.search(head), imaplib.Internaldate2tuple(head)
        received = datetime.now(UTC) if at is None else datetime(*at[:6]).astimezone()
        return Letter(uid, int(size[1]) if size else len(raw), received, raw)

    def mark_read(self, uids: list[int]) -> None:
        """Set the flag \\Seen of some mails; the folder has to be open for writing."""
        if uids:
            self._ask("STORE", ",".join(map(str, uids)), "+FLAGS.SILENT", "(\\Seen)")

    def _ask(self, command: str, *arguments: str) -> list[Any]:
        with _told_clearly(self.where):
            status, found = self._connection.uid(command, *arguments)
        if status != "OK":
            raise ReadError(self.where, command, _text(found), "OK")
        return list(found)


@contextmanager
def open_folder(settings: Settings) -> Iterator[Folder]:
    """The folder that the settings name, opened for reading only unless mails are to be marked as read.

    Raises ReadError where the settings or the server's answers are wrong; the password shows nowhere.
    """
    where = Where(f"imap://{settings.mailbox_user}@{settings.mailbox_host}/{settings.mailbox_folder}")
    if settings.mailbox_host is None or not settings.mailbox_user or settings.mailbox_password is None:
        allowed = "QIANSHAO_MAILBOX_HOST、_USER 和 _PASSWORD"
        raise ReadError(where, "mailbox_host、mailbox_user、mailbox_password", "没有都设", allowed)
    with _told_clearly(where):
        connection = _connect(settings)
    try:
        with _told_clearly(where):
            _log_in(connection, settings)
            folder = _select(connection, settings, where)
        yield folder
    finally:
        _leave(connection)


def folder_name(name: str) -> str:
    """A folder's name as IMAP writes it (RFC 3501 5.1.3).

    >>> folder_name("群众来信"), folder_name("A&B")
    ('&f6RPF2dlT+E-', 'A&-B')
    """

    def written(found: re.Match[str]) -> str:
        code = base64.b64encode(found[0].encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
        return f"&{code.decode('ascii')}-"

    return re.sub(r"[^\x20-\x7e]+", written, name.replace("&", "&-"))


def _connect(settings: Settings) -> imaplib.IMAP4:
    host, port = settings.mailbox_host or "", settings.mailbox_port
    if settings.mailbox_security == "none":
        return imaplib.IMAP4(host, port, timeout=TIMEOUT)
    authority = None if settings.mailbox_ca is None else str(settings.mailbox_ca)
    context = ssl.create_default_context(cafile=authority)
    if settings.mailbox_security == "ssl":
        return imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=TIMEOUT)
    connection = imaplib.IMAP4(host, port, timeout=TIMEOUT)
    connection.starttls(context)
    return connection


def _log_in(connection: imaplib.IMAP4, settings: Settings) -> None:
    password = secret(settings.mailbox_password) or ""
    if password.isascii():
        connection.login(settings.mailbox_user, password)
    else:
        told = f"\0{settings.mailbox_user}\0{password}".encode()
        connection.authenticate("PLAIN", lambda _: told)
    # Some large providers close a folder to programs that do not name themselves (RFC 2971).
    if "ID" in connection.capabilities:
        connection.xatom("ID", '("name" "qianshao")')


def _select(connection: imaplib.IMAP4, settings: Settings, where: Where) -> Folder:
    quoted = folder_name(settings.mailbox_folder).replace("\\", "\\\\").replace('"', '\\"')
    status, found = connection.select(f'"{quoted}"', readonly=not settings.mailbox_mark_read)
    if status != "OK":
        raise ReadError(where, "mailbox_folder", settings.mailbox_folder, f"邮箱里的文件夹（{_text(found)}）")
    numbers = {name: connection.response(name)[1] for name in ("UIDVALIDITY", "UIDNEXT")}
    validity, next_uid = (int(found[0]) if found and found[0] else 0 for found in numbers.values())
    return Folder(connection, where, validity=validity, next_uid=next_uid or 2**32 - 1)


def _leave(connection: imaplib.IMAP4) -> None:
    try:
        connection.logout()
    except (imaplib.IMAP4.error, OSError):  # it has left already
        connection.shutdown()


@contextmanager
def _told_clearly(where: Where) -> Iterator[None]:
    try:
        yield
    except (imaplib.IMAP4.error, OSError) as error:
        told = _text(error.args) or type(error).__name__
        raise ReadError(where, "邮箱", told, "连得上、登得进的 IMAP 服务器") from error


def _is_of(head: object, uid: int) -> bool:
    found = _NUMBER.search(head) if isinstance(head, bytes) else None
    return found is None or int(found[1]) == uid


def _text(told: Any) -> str:  # noqa: ANN401 - whatever a server or the system says
    pieces = (one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in told)
    return " ".join(" ".join(pieces).split())[:200]
