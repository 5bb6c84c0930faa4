"""The whole development deployment: which parts, in which order, and the settings that name them."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from pipeline.dev.airflow import install_airflow
from pipeline.dev.elastic import install_elastic
from pipeline.dev.kibana import import_dashboards, install_kibana, is_ready
from pipeline.dev.mailbox import open_mailbox
from pipeline.dev.postgres import install_postgres
from pipeline.dev.service import Owner, PartMissingError, Service, choose_port, is_listening
from pipeline.settings import CONFIG_VARIABLE
from schemas.errors import ReadError, Where, one_of
from stores.atomic import write_atomic
from stores.elastic import ElasticStore

Values = dict[str, str | int]
# Where each part would like to answer; a free port is taken where somebody else does already.
PORTS = {
    "elasticsearch": 9200, "postgresql": 5432, "smtp": 1025, "mailbox": 8025, "kibana": 5601,
    "console": 8091, "airflow": 8080,
}  # fmt: skip
SLOW = 180.0


@dataclass(slots=True)
class Stack:
    """What runs. `settings` become the deployment's qianshao.toml; `missing` says why a part does not run."""

    folder: Path
    kibana_home: Path | None
    settings: Values = field(default_factory=dict)
    airflow_database: str | None = None
    addresses: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    ends: ExitStack = field(default_factory=ExitStack)

    @property
    def config(self) -> Path:
        """The settings file of this deployment."""
        return (self.folder / "qianshao.toml").absolute()

    @property
    def variables(self) -> dict[str, str]:
        """What a command needs to work on this deployment."""
        return {CONFIG_VARIABLE: str(self.config)}

    def rows(self) -> list[dict[str, object]]:
        """Every part with its address, or why it does not run."""
        return [
            {"部件": name, "地址": self.addresses.get(name, "—"), "说明": self.missing.get(name, "")}
            for name in PARTS
            if name in self.addresses or name in self.missing
        ]

    def write_settings(self) -> None:
        """Write the settings, which hold a password, for this user alone, and beside them the addresses."""
        lines = [f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}"
                 for name, value in self.settings.items()]  # fmt: skip
        self.config.unlink(missing_ok=True)
        self.config.touch(mode=0o600)
        self.config.write_text("\n".join(lines) + "\n", "utf-8")
        write_atomic(self.folder / "addresses.json", orjson.dumps(self.addresses))


def _start_elasticsearch(stack: Stack) -> str:
    node = install_elastic(_server_folder(stack, "elasticsearch"), PORTS["elasticsearch"])
    stack.ends.callback(node.stop)
    node.start(SLOW)
    stack.settings["elasticsearch_url"] = node.url
    with ElasticStore(node.url) as store:
        store.apply()
    return node.url


def _start_postgresql(stack: Stack) -> str:
    server = install_postgres(_server_folder(stack, "postgresql"), PORTS["postgresql"])
    stack.ends.callback(server.stop)
    server.start(SLOW)
    stack.settings["database_url"] = server.ensure_database("qianshao")
    stack.airflow_database = server.ensure_database("airflow")
    return f"127.0.0.1:{server.port}"


def _start_mailbox(stack: Stack) -> str:
    mailbox = open_mailbox(stack.folder / "mails", PORTS["smtp"], PORTS["mailbox"])
    stack.ends.callback(mailbox.stop)
    stack.settings |= {"smtp_host": "127.0.0.1", "smtp_port": mailbox.smtp_port}
    return f"http://127.0.0.1:{mailbox.page_port}"


def _start_kibana(stack: Stack) -> str:
    elastic = stack.addresses.get("elasticsearch")
    if elastic is None:
        raise PartMissingError("没有 Elasticsearch，Kibana 无从连接 (no Elasticsearch to connect to)")
    service, url = install_kibana(stack.kibana_home, elastic, stack.folder / "kibana", PORTS["kibana"])
    stack.ends.callback(service.stop)
    service.start(lambda: is_ready(url), SLOW)
    import_dashboards(url)
    return url


def _start_console(stack: Stack) -> str:
    port = choose_port(PORTS["console"])
    url = f"http://127.0.0.1:{port}"
    stack.settings["console_url"] = url
    stack.write_settings()
    folder = stack.folder / "console"
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pipeline.cli.main", "console", "--bind", f"127.0.0.1:{port}"]
    service = Service(command, folder, Owner(), stack.variables)
    stack.ends.callback(service.stop)
    service.start(lambda: is_listening(port), SLOW)
    return url


def _start_airflow(stack: Stack) -> str:
    airflow = install_airflow(
        stack.folder / "airflow", stack.airflow_database, stack.variables, PORTS["airflow"]
    )
    stack.ends.callback(airflow.stop)
    airflow.start(SLOW)
    return airflow.url


# In the order of starting: a later one may need the address of an earlier one.
PARTS: Mapping[str, Callable[[Stack], str]] = {
    "elasticsearch": _start_elasticsearch,
    "postgresql": _start_postgresql,
    "mailbox": _start_mailbox,
    "kibana": _start_kibana,
    "console": _start_console,
    "airflow": _start_airflow,
}


def _server_folder(stack: Stack, name: str) -> Path:
    """A folder that the user of the servers can use. Raises PartMissingError where he cannot come to it."""
    folder, owner = stack.folder / name, Owner.for_servers()
    folder.mkdir(exist_ok=True)
    if not owner.can_reach(folder):
        reason = f"用户 {owner.name} 进不了 {folder} (closed to the servers' user; choose --dir)"
        raise PartMissingError(reason)
    owner.own(folder)
    return folder.absolute()


def check_names(names: Sequence[str]) -> None:
    """Raises ReadError for a part that there is not."""
    for name in names:
        if name not in PARTS:
            raise ReadError(Where("qianshao dev up"), "--only", name, one_of(PARTS))


@contextmanager
def start_stack(
    folder: Path, only: Sequence[str], kibana_home: Path | None, tell: Callable[[str], None]
) -> Iterator[Stack]:
    """Start the parts named (all when none is), and stop them in turn at the end; their data stay.

    A part that cannot be had is told and left out, unless it was named: then PartMissingError. `tell` hears
    of each part before it starts.
    """
    check_names(only)
    folder.mkdir(parents=True, exist_ok=True)
    stack = Stack(folder.absolute(), kibana_home)
    stack.settings["home"] = str(stack.folder / "home")
    with stack.ends:
        for name in only or PARTS:
            tell(name)
            try:
                stack.addresses[name] = PARTS[name](stack)
            except PartMissingError as error:
                if only:
                    raise
                stack.missing[name] = str(error)
        stack.write_settings()
        yield stack


def command_environment(stack: Stack) -> dict[str, str]:
    """This process's variables for a command on the deployment: no other setting reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QIANSHAO_")}
    return kept | stack.variables
