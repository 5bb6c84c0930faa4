"""An Elasticsearch of our own from Maven Central: found or fetched, started as a plain process."""

import base64
import hashlib
import os
import re
import shutil
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.dev.service import Owner, PartMissingError, Service, cache_folder, choose_port

VERSION = "9.5.0"
ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
SHA512 = (
    "c06bd4ef7691da91052cada7bb255b2d7c48a1422820a8db0e3e3a1ed0dde4e8"
    "d380cdbadeb7029cc56167b9ad3a6d89f6b8edbc48d4b8685d1ab24a7ab17dd5"
)
LEAST_JAVA = 21
SETTINGS = """\
cluster.name: qianshao
discovery.type: single-node
network.host: 127.0.0.1
http.port: {port}
path.data: {folder}/data
path.logs: {folder}/logs
# A developer's disk is often nearly full; the tests write next to nothing.
cluster.routing.allocation.disk.threshold_enabled: false
"""
OPEN = "xpack.security.enabled: false\n"


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody whom a secured node knows, with the names of his roles."""

    name: str
    password: str
    role: str


@dataclass(slots=True)
class Elastic:
    """One Elasticsearch node; `url` stays the same when it is stopped and started again.

    A secured one speaks TLS with the certificate `authority` and lets in only its users.
    """

    service: Service
    port: int
    authority: Path | None = None
    login: Login | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"{'http' if self.authority is None else 'https'}://127.0.0.1:{self.port}"

    def start(self, seconds: float = 180) -> float:
        """Start and wait for the first answer; returns how many seconds that took."""
        return self.service.start(self._answers, seconds)

    def stop(self) -> None:
        """Stop it; its data stay."""
        self.service.stop()

    def remove(self) -> None:
        """Stop it and delete its data."""
        self.service.remove()

    def _answers(self) -> bool:
        health = f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s"
        request = urllib.request.Request(health)  # noqa: S310 - our own address
        if self.login is not None:
            pair = f"{self.login.name}:{self.login.password}".encode()
            request.add_header("Authorization", f"Basic {base64.b64encode(pair).decode()}")
        trusted = None if self.authority is None else ssl.create_default_context(cafile=self.authority)
        try:
            with urllib.request.urlopen(request, timeout=5, context=trusted) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def install_elastic(folder: Path | None = None, port: int = 0) -> Elastic:
    """A node without passwords that is ready to start, in `folder` or in a new temporary one.

    On `port` where it is free. Raises PartMissingError without a JDK or without the distribution.
    """
    service, port = lay_out_node(folder, OPEN, port)
    service.owner.own(service.folder)
    return Elastic(service, port)


def lay_out_node(folder: Path | None, security: str, port: int = 0) -> tuple[Service, int]:
    """A node's files with its settings, `security` among them, and the port it will have; not owned yet."""
    java, archive = find_java(), fetch_archive()
    owner = Owner.for_servers()
    folder = owner.make_folder("elastic") if folder is None else folder
    home = folder / f"elasticsearch-{VERSION}"
    if not home.exists():
        _unzip(archive, folder)
    port = choose_port(port)
    settings = SETTINGS.format(port=port, folder=folder) + security
    (home / "config" / "elasticsearch.yml").write_text(settings, "utf-8")
    (folder / "tmp").mkdir(exist_ok=True)
    environment = {
        "ES_JAVA_HOME": str(java),
        "ES_JAVA_OPTS": "-Xms512m -Xmx1g",
        "ES_TMPDIR": str(folder / "tmp"),
    }
    return Service([str(home / "bin" / "elasticsearch")], folder, owner, environment), port


def find_java() -> Path:
    """The newest JDK on this machine that Elasticsearch can run on."""
    found = {home: version for home in _java_homes() if (version := java_version(home)) >= LEAST_JAVA}
    if not found:
        reason = (
            f"没有 JDK {LEAST_JAVA} 或更新版本，设 JAVA_HOME 或装一个 (no JDK {LEAST_JAVA}+ in JAVA_HOME, "
            "/usr/lib/jvm, /opt, ~/.sdkman or ~/.jdks)"
        )
        raise PartMissingError(reason)
    return max(found, key=lambda home: found[home])


def java_version(home: Path) -> int:
    """The major version in a JDK's `release` file; 0 where there is none."""
    release, java = home / "release", home / "bin" / "java"
    if not release.is_file() or not java.is_file():
        return 0
    version = re.search(r'^JAVA_VERSION="(\d+)', release.read_text("utf-8", "replace"), re.MULTILINE)
    return int(version.group(1)) if version else 0


def _java_homes() -> Iterator[Path]:
    for name in ("ES_JAVA_HOME", "JAVA_HOME"):
        if home := os.environ.get(name):
            yield Path(home)
    user = Path.home()
    for folder in (Path("/usr/lib/jvm"), Path("/opt"), user / ".sdkman/candidates/java", user / ".jdks"):
        yield from (home.resolve() for home in sorted(folder.glob("*")))


def fetch_archive() -> Path:
    """The distribution's zip from the cache, or from Maven Central into it, checked against its SHA-512."""
    archive = cache_folder() / f"elasticsearch-{VERSION}.zip"
    if archive.is_file() and _sha512(archive) == SHA512:
        return archive
    maven = shutil.which("mvn")
    if maven is None:
        raise PartMissingError("没有 Maven，取不到 Elasticsearch (no mvn to fetch Elasticsearch with)")
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        _run_maven(maven, Path(folder))
        fetched = Path(folder) / archive.name
        if not fetched.is_file() or _sha512(fetched) != SHA512:
            reason = f"取来的 {archive.name} 校验不符 (checksum of the download differs)"
            raise PartMissingError(reason)
        fetched.replace(archive)
    return archive


def _run_maven(maven: str, folder: Path) -> None:
    command = [maven, "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={folder}"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900, check=False)
    except subprocess.TimeoutExpired as error:
        raise PartMissingError("取 Elasticsearch 超时 (fetching Elasticsearch timed out)") from error
    if done.returncode != 0:
        reason = f"取不到 Elasticsearch (cannot fetch it): {done.stdout.strip()[-500:]}"
        raise PartMissingError(reason)


def _sha512(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha512").hexdigest()


def _unzip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    # zipfile forgets which files are programs.
    for program in (folder / f"elasticsearch-{VERSION}" / "bin").iterdir():
        program.chmod(0o755)
