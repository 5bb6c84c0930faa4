"""A real MariaDB of the distribution as a plain process: where WordPress and Ghost keep their posts."""

import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pipeline.dev.service import Owner, PartMissingError, Service, free_port

PROGRAMS = ("mariadbd", "mariadb", "mariadb-install-db")
# The data live as long as the test run: waiting for the disk would only cost time.
_SETTINGS = """\
[mariadbd]
datadir={folder}/data
socket={folder}/socket
pid-file={folder}/pid
bind-address=127.0.0.1
port={port}
character-set-server=utf8mb4
collation-server=utf8mb4_unicode_ci
innodb-flush-log-at-trx-commit=0
innodb-flush-method=nosync
innodb-doublewrite=0
innodb-buffer-pool-size=128M
innodb-log-file-size=32M
skip-log-bin
skip-name-resolve
"""


@dataclass(slots=True)
class MariaDb:
    """One MariaDB server on a socket and a port; its databases belong to the user of their name."""

    service: Service
    port: int
    passwords: dict[str, str]

    @property
    def socket(self) -> Path:
        """Where it listens, besides its port on 127.0.0.1."""
        return self.service.folder / "socket"

    def start(self, seconds: float = 60) -> float:
        """Start and wait for the first answer; returns how many seconds that took."""
        return self.service.start(lambda: self._run("SELECT 1").returncode == 0, seconds)

    def stop(self) -> None:
        """Stop it; its data stay."""
        self.service.stop()

    def remove(self) -> None:
        """Stop it and delete its data."""
        self.service.remove()

    def create_database(self, name: str) -> str:
        """A new, empty database and a user of the same name; the user's password."""
        password = self.passwords[name] = secrets.token_hex(16)
        statements = [f"CREATE DATABASE {name} CHARACTER SET utf8mb4"]
        for user in (f"{name}@localhost", f"{name}@127.0.0.1"):
            statements += [
                f"CREATE USER {user} IDENTIFIED BY '{password}'",
                f"GRANT ALL ON {name}.* TO {user}",
            ]
        self.execute(";\n".join(statements))
        return password

    def execute(self, statements: str, database: str = "mysql") -> str:
        """Run statements as root; what they print."""
        done = self._run(statements, database)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode("utf-8", "replace").strip())
        return done.stdout.decode()

    def _run(self, statements: str, database: str = "mysql") -> subprocess.CompletedProcess[bytes]:
        command = ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "--batch"]
        command += ["--skip-column-names", "--default-character-set=utf8mb4", database]
        return subprocess.run(
            command, input=statements.encode(), capture_output=True, check=False, timeout=60
        )


def install_mariadb() -> MariaDb:
    """A server that is ready to start, its data in a new temporary folder. Raises PartMissingError."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        reason = f"没有 MariaDB：装 mariadb-server (not installed: {', '.join(missing)})"
        raise PartMissingError(reason)
    owner = Owner.for_servers()
    folder, port = owner.make_folder("mariadb"), free_port()
    defaults = folder / "my.cnf"
    defaults.write_text(_SETTINGS.format(folder=folder, port=port), "utf-8")
    owner.own(folder)
    install = [
        "mariadb-install-db",
        f"--defaults-file={defaults}",
        "--auth-root-authentication-method=normal",
    ]
    _run_as(owner, [*install, "--skip-test-db", "--force", f"--datadir={folder}/data"], folder)
    return MariaDb(Service(["mariadbd", f"--defaults-file={defaults}"], folder, owner), port, {})


def _run_as(owner: Owner, command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder)},
        capture_output=True,
        check=False,
        timeout=120,
        **owner.popen_options(),  # type: ignore[call-overload]
    )
    if done.returncode != 0:
        told = (done.stdout + done.stderr).decode("utf-8", "replace").strip()[-500:]
        reason = f"MariaDB 初始化不成 (mariadb-install-db failed): {told}"
        raise PartMissingError(reason)
