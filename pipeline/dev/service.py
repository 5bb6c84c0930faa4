"""Starting a real server for development or for tests: a free port, a user that is not root, a clean stop."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


class PartMissingError(RuntimeError):
    """A real part that cannot be had on this machine, with the reason in Chinese and English."""


def cache_folder() -> Path:
    """Where downloaded parts are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "qianshao"


def free_port() -> int:
    """A TCP port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    """Whether something on this machine takes connections at a TCP port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def choose_port(wished: int) -> int:
    """The TCP port wished for where nothing listens on it, any free one otherwise (and for 0)."""
    return wished if wished and not is_listening(wished) else free_port()


@dataclass(frozen=True, slots=True)
class Owner:
    """The user that servers run as: ourselves, or `nobody` when we are root, as they refuse root."""

    name: str | None = None

    @classmethod
    def for_servers(cls) -> "Owner":
        """Who may run a server here."""
        return cls("nobody" if os.geteuid() == 0 else None)

    def make_folder(self, prefix: str) -> Path:
        """A new folder under the system's temporary one (pytest's own is closed to other users)."""
        folder = Path(tempfile.mkdtemp(prefix=f"qianshao-{prefix}-"))
        folder.chmod(0o755)
        self.own(folder)
        return folder

    def own(self, folder: Path) -> None:
        """Hand a folder with all that is in it to this user."""
        if self.name is None:
            return
        entry = pwd.getpwnam(self.name)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)

    def can_reach(self, path: Path) -> bool:
        """Whether this user can read a file that belongs to somebody else."""
        if self.name is None:
            return os.access(path, os.R_OK)
        return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)

    def popen_options(self) -> dict[str, object]:
        """The keywords of subprocess that switch to this user."""
        if self.name is None:
            return {}
        entry = pwd.getpwnam(self.name)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _dies_with_us(stop_signal: signal.Signals) -> list[str]:
    # A killed test run must not leave its servers behind; Linux can tell them when their parent is gone.
    setpriv = shutil.which("setpriv")
    return [] if setpriv is None else [setpriv, "--pdeathsig", stop_signal.name.removeprefix("SIG"), "--"]


@dataclass(slots=True)
class Service:
    """A running server: its process, its folder and its log."""

    command: Sequence[str]
    folder: Path
    owner: Owner
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the server printed."""
        return self.folder / "server.log"

    def start(self, is_ready: Callable[[], bool], seconds: float) -> float:
        """Start and wait until it is ready; returns how many seconds that took."""
        begun = time.monotonic()
        base = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*_dies_with_us(self.stop_signal), *self.command],
                cwd=self.folder,
                env={**base, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self.owner.popen_options(),  # type: ignore[call-overload]
            )
        try:
            self._wait(is_ready, begun + seconds)
        except BaseException:
            self.stop()
            raise
        return time.monotonic() - begun

    def stop(self, seconds: float = 30) -> None:
        """Stop the server, and kill it when it does not go."""
        if self.process is None:
            return
        self._signal(self.stop_signal)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """Stop the server as a power cut would."""
        if self.process is not None:
            self._signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def remove(self) -> None:
        """Stop the server and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _signal(self, which: signal.Signals) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, which)

    def _wait(self, is_ready: Callable[[], bool], until: float) -> None:
        assert self.process is not None
        while not is_ready():
            if self.process.poll() is not None:
                reason = f"服务没能启动 (server ended at start): {self._tail()}"
                raise PartMissingError(reason)
            if time.monotonic() > until:
                reason = f"服务迟迟不就绪 (server not ready in time): {self._tail()}"
                raise PartMissingError(reason)
            time.sleep(0.2)

    def _tail(self) -> str:
        return self.log.read_text("utf-8", "replace")[-2_000:]
