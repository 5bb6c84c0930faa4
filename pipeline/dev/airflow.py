"""Airflow as three plain processes: the page, the scheduler and the reader of DAG files."""

import importlib.util
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from pipeline.dev.service import Owner, PartMissingError, Service, choose_port

# In the order of starting; each ends by itself on SIGTERM, which `airflow standalone` would not pass on.
COMPONENTS = ("api-server", "scheduler", "dag-processor")


@dataclass(frozen=True, slots=True)
class Airflow:
    """The processes of one Airflow, and the port of its page."""

    services: tuple[Service, ...]
    port: int

    @property
    def url(self) -> str:
        """Where its page is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, seconds: float = 180) -> None:
        """Start all and wait for the page."""
        for service in self.services:
            service.start(self.answers if service is self.services[0] else _at_once, seconds)

    def stop(self) -> None:
        """Stop all, the page last."""
        for service in reversed(self.services):
            service.stop()

    def answers(self) -> bool:
        """Whether the page says that it is well."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def install_airflow(folder: Path, database: str | None, variables: Mapping[str, str], port: int) -> Airflow:
    """An Airflow in `folder` whose DAGs see `variables`; its own state at the URL `database`, or in SQLite.

    Raises PartMissingError where Airflow is not installed beside this Python.
    """
    program = Path(sys.executable).with_name("airflow")
    dags = importlib.util.find_spec("dags")
    if not program.is_file() or dags is None or dags.origin is None:
        raise PartMissingError("没有装 Airflow：requirements/airflow.txt (Airflow is not installed)")
    folder.mkdir(parents=True, exist_ok=True)
    port = choose_port(port)
    state = database or f"sqlite:///{folder.absolute() / 'airflow.db'}"
    environment = {**variables, **_settings(folder, Path(dags.origin).parent, state, port)}
    _migrate(program, folder, environment)
    services = []
    for name in COMPONENTS:
        (folder / name).mkdir(exist_ok=True)
        services.append(Service([str(program), name], folder / name, Owner(), environment))
    return Airflow(tuple(services), port)


def _settings(folder: Path, dags: Path, database: str, port: int) -> dict[str, str]:
    secret = _read_secret(folder / "jwt.key")
    return {
        "AIRFLOW_HOME": str(folder.absolute()),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        # Nobody but this machine reaches the page.
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secret,
        "AIRFLOW__API_AUTH__JWT_SECRET": secret,
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        **_asynchronous(database),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    }


def _asynchronous(database: str) -> dict[str, str]:
    # Airflow would take asyncpg, which nothing else here needs: psycopg speaks both ways.
    return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": database} if "+psycopg" in database else {}


def _read_secret(file: Path) -> str:
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(token_hex(64), "utf-8")
    return file.read_text("utf-8")


def _migrate(program: Path, folder: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        [str(program), "db", "migrate"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reason = f"Airflow 的状态库没有建成 (db migrate failed): {done.stderr.strip()[-500:]}"
        raise PartMissingError(reason)


def _at_once() -> bool:
    return True
