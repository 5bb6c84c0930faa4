"""A real IMAP server: the Dovecot of the system, run privately, as a plain user, with its own mails."""

import grp
import imaplib
import os
import pwd
import secrets
import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.dev.service import Owner, PartMissingError, Service, free_port
from pipeline.imap import folder_name
from tests.parts.certificate import issue_certificate

USER = "jubao@tingdong.example"
_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{folder}/mail/%u
auth_username_chars =
ssl = yes
ssl_cert = <{folder}/node.crt
ssl_key = <{folder}/node.key
disable_plaintext_auth = no
auth_mechanisms = plain login
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
first_valid_uid = 1
first_valid_gid = 1
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
  }}
}}
service stats {{
  chroot =
}}
"""


@dataclass(slots=True)
class Dovecot:
    """A server with one mailbox: its ports for TLS and for plain text with STARTTLS, its certificate."""

    service: Service
    tls: int
    plain: int
    password: str
    authority: Path

    def start(self, seconds: float = 30) -> float:
        """Start and wait for the first log-in; returns how many seconds that took."""
        return self.service.start(self._answers, seconds)

    def stop(self) -> None:
        """Stop it; its mails stay."""
        self.service.stop()

    def remove(self) -> None:
        """Stop it and delete its mails."""
        self.service.remove()

    @contextmanager
    def logged_in(self) -> Iterator[imaplib.IMAP4]:
        """A connection of the owner of the mailbox."""
        context = ssl.create_default_context(cafile=str(self.authority))
        connection = imaplib.IMAP4_SSL("127.0.0.1", self.tls, ssl_context=context, timeout=10)
        try:
            connection.authenticate("PLAIN", lambda _: f"\0{USER}\0{self.password}".encode())
            yield connection
        finally:
            connection.logout()

    def deliver(self, *mails: bytes, folder: str = "INBOX") -> None:
        """Put mails into a folder, unread; the folder is made where it is missing."""
        name = f'"{folder_name(folder)}"'
        with self.logged_in() as connection:
            connection.create(name)
            for mail in mails:
                status, told = connection.append(name, "", "", mail)
                assert status == "OK", told

    def flags(self, folder: str = "INBOX") -> list[bytes]:
        """What the server says of the flags of each mail."""
        with self.logged_in() as connection:
            connection.select(f'"{folder_name(folder)}"', readonly=True)
            found = connection.fetch("1:*", "(FLAGS)")[1]
        return [line for line in found if isinstance(line, bytes)]

    def renumber(self, folder: str) -> None:
        """Give the folder another UIDVALIDITY, as a restored backup has; the mails keep their bytes."""
        with self.logged_in() as connection:
            connection.select(f'"{folder_name(folder)}"', readonly=True)
            found = connection.fetch("1:*", "(BODY.PEEK[])")[1]
            connection.close()
            connection.delete(f'"{folder_name(folder)}"')
        self.deliver(*(part[1] for part in found if isinstance(part, tuple)), folder=folder)

    def _answers(self) -> bool:
        try:
            with self.logged_in():
                return True
        except (OSError, imaplib.IMAP4.error):
            return False


def install_dovecot() -> Dovecot:
    """A server that is ready to start, its mails in a new temporary folder. Raises PartMissingError."""
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        reason = "没有 Dovecot：装 dovecot-imapd (no Dovecot: install dovecot-imapd)"
        raise PartMissingError(reason)
    owner = Owner.for_servers()
    entry = pwd.getpwnam(owner.name) if owner.name else pwd.getpwuid(os.getuid())
    folder, password = owner.make_folder("dovecot"), f"{secrets.token_hex(8)}密"
    ports = free_port(), free_port()
    (folder / "mail").mkdir()
    (folder / "passwd").write_text(f"{USER}:{{PLAIN}}{password}::::::\n", encoding="utf-8")
    authority = issue_certificate(folder)
    shown = {
        "folder": folder,
        "user": entry.pw_name,
        "group": grp.getgrgid(entry.pw_gid).gr_name,
        "uid": entry.pw_uid,
        "gid": entry.pw_gid,
        "tls": ports[0],
        "plain": ports[1],
    }
    (folder / "dovecot.conf").write_text(_CONFIG.format(**shown), encoding="utf-8")
    owner.own(folder)
    command = [program, "-F", "-c", str(folder / "dovecot.conf")]
    return Dovecot(Service(command, folder, owner), *ports, password, authority)
