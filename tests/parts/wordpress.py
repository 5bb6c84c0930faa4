"""A real WordPress of the distribution: installed, filled with posts, served by PHP itself."""

import http.client
import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.dev.service import Owner, PartMissingError, Service, free_port
from schemas.times import SHANGHAI
from tests.parts.articles import Article
from tests.parts.mariadb import MariaDb, install_mariadb

SHARED = Path("/usr/share/wordpress")
THEME = "twentytwentyone"
_PHP = Path(__file__).parent / "php"
# Modules that the distribution's packages leave out unless they are asked for.
_MODULES = ("mysqli", "SimpleXML", "mbstring")
_OPTIONS = ("-d", "sendmail_path=/bin/true", "-d", "opcache.enable_cli=1", "-d", "memory_limit=512M")

Post = Mapping[str, object]


@dataclass(slots=True)
class WordPress:
    """One WordPress with its own database server."""

    service: Service
    database: MariaDb
    port: int

    def url(self, path: str = "/") -> str:
        """The address of a page."""
        return f"http://127.0.0.1:{self.port}{path}"

    def start(self, seconds: float = 60) -> float:
        """Start the database, install the site where there is none yet, serve; seconds until it answers."""
        took = self.database.start(seconds)
        if "wordpress" not in self.database.passwords:
            password = self.database.create_database("wordpress")
            self.service.environment = {**self.service.environment, "WORDPRESS_PASSWORD": password}
            self._php("install.php")
        return took + self.service.start(self._answers, seconds)

    def publish(self, posts: Sequence[Post]) -> list[tuple[int, str]]:
        """Publish posts by the fields of wp_insert_post, or change those with an `ID`: number and address."""
        told = self._php("publish.php", json.dumps(posts, ensure_ascii=False))
        return [(number, address) for number, address in json.loads(told)]

    def publish_articles(self, articles: Sequence[Article]) -> list[tuple[int, str]]:
        """Publish generated posts, those without a time as pages."""
        return self.publish([_fields(article) for article in articles])

    def remove(self) -> None:
        """Stop both servers and delete what they kept."""
        self.service.remove()
        self.database.remove()

    def _php(self, script: str, told: str = "") -> str:
        site = self.service.folder / "site"
        done = subprocess.run(
            ["php", *_OPTIONS, str(site / ".tests" / script), str(site)],
            cwd=site,
            env={"PATH": "/usr/bin:/bin", **self.service.environment},
            input=told.encode(),
            capture_output=True,
            check=False,
            timeout=300,
            **self.service.owner.popen_options(),  # type: ignore[call-overload]
        )
        if done.returncode != 0:
            raise RuntimeError((done.stdout + done.stderr).decode("utf-8", "replace")[-2000:])
        return str(done.stdout.decode())

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url("/robots.txt"), timeout=10) as answer:  # noqa: S310 - our own server
                return bool(answer.status == 200)
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError):
            return False


def install_wordpress() -> WordPress:
    """A WordPress that is ready to start, in new temporary folders. Raises PartMissingError."""
    _check_programs()
    owner = Owner.for_servers()
    folder, port = owner.make_folder("wordpress"), free_port()
    _lay_out(folder / "site")
    owner.own(folder)
    database = install_mariadb()
    environment = {
        "WORDPRESS_URL": f"http://127.0.0.1:{port}",
        "WORDPRESS_SOCKET": str(database.socket),
        "WORDPRESS_THEME": THEME,
    }
    # One process answers one after another: workers of their own would outlive it when it is killed.
    router = folder / "site" / ".tests" / "router.php"
    command = ["php", *_OPTIONS, "-S", f"127.0.0.1:{port}", "-t", str(folder / "site"), str(router)]
    return WordPress(Service(command, folder, owner, environment), database, port)


def _fields(article: Article) -> Post:
    told = {"post_title": article.title, "post_content": article.markup}
    if article.published_at is None:
        return {**told, "post_type": "page"}
    at = article.published_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return {**told, "post_date": at, "categories": [article.category]}


def _check_programs() -> None:
    if shutil.which("php") is None or not (SHARED / "wp-load.php").is_file():
        reason = "没有 WordPress：装 wordpress 和 php-cli (neither is installed)"
        raise PartMissingError(reason)
    told = subprocess.run(["php", "-m"], capture_output=True, text=True, check=True).stdout.split()
    missing = [name for name in _MODULES if name not in told]
    if missing:
        reason = f"PHP 缺模块：装 php-mysql、php-xml、php-mbstring (missing: {', '.join(missing)})"
        raise PartMissingError(reason)
    if not (SHARED / "wp-content" / "themes" / THEME).is_dir():
        reason = f"没有主题：装 wordpress-theme-{THEME} (no theme, no pages)"
        raise PartMissingError(reason)


def _lay_out(site: Path) -> None:
    """The site's own folder: WordPress finds its settings beside wp-load.php, and writes in wp-content."""
    site.mkdir()
    for path in SHARED.iterdir():
        if path.name in {"wp-admin", "wp-includes"}:
            (site / path.name).symlink_to(path)
        elif path.suffix == ".php" and path.name != "wp-config.php":
            shutil.copy(path, site / path.name)
    content = site / "wp-content"
    content.mkdir()
    for name in ("themes", "languages"):
        if (SHARED / "wp-content" / name).is_dir():
            (content / name).symlink_to(SHARED / "wp-content" / name)
    shutil.copy(_PHP / "wp-config.php", site)
    shutil.copytree(_PHP, site / ".tests")
