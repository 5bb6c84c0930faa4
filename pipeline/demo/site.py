"""The city's web: a forum feed and a news site on 127.0.0.1, and the source files that crawl them."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from pipeline.demo.items import FORUM, NEWS, City, Item
from pipeline.demo.templating import templates

# The same port, where it is free, gives the news pages the same addresses and so the same ids in every run.
PREFERRED_PORT = 28_613
_A_PAGE = 20
_SENTENCE = re.compile(r"(?<=。)(?=.)")
_ROBOTS = b"User-agent: *\nDisallow: /admin/\n"


@dataclass(frozen=True, slots=True)
class Served:
    """One address of the site."""

    body: bytes
    content_type: str

    @property
    def etag(self) -> str:
        """Changes with the content only."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


class CityServer(ThreadingHTTPServer):
    """Serves a table of pages."""

    daemon_threads = True
    pages: Mapping[str, Served] = {}

    @property
    def base(self) -> str:
        """The address of the site."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: CityServer
    protocol_version = "HTTP/1.1"

    # The name is http.server's.
    def do_GET(self) -> None:
        """Answer with the page, 304 where the visitor has it, or 404."""
        page = self.server.pages.get(self.path)
        if page is None:
            self._answer(404, Served("没有这个页面".encode(), "text/plain; charset=utf-8"))
        elif self.headers.get("If-None-Match") == page.etag:
            self._answer(304, Served(b"", page.content_type), page.etag)
        else:
            self._answer(200, page, page.etag)

    def log_message(self, *_: object) -> None:
        """Say nothing: the demo's terminal belongs to its progress."""

    def _answer(self, status: int, page: Served, etag: str | None = None) -> None:
        self.send_response(status)
        if status != 304:
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(page.body)))
        if etag is not None:
            self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(page.body)


@contextmanager
def serve_city(city: City) -> Iterator[CityServer]:
    """The city's site, up until the block ends."""
    server = _open_server()
    server.pages = make_pages(city, server.base)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _open_server() -> CityServer:
    try:
        return CityServer(("127.0.0.1", PREFERRED_PORT), _Handler)
    except OSError:
        return CityServer(("127.0.0.1", 0), _Handler)


def make_pages(city: City, base: str) -> dict[str, Served]:
    """Every address of the site: robots.txt, the forum's feed, the lists and articles of the news."""
    news = city.of_source(NEWS)[::-1]
    return {
        "/robots.txt": Served(_ROBOTS, "text/plain"),
        "/forum/feed.xml": _feed(city.of_source(FORUM)[::-1], base),
        **dict(_lists(news)),
        **{f"/news/{item.key}.html": _article(at, item, news[:5]) for at, item in enumerate(news)},
    }


def count_list_pages(city: City) -> int:
    """How many list pages the news have."""
    return -(-len(city.of_source(NEWS)) // _A_PAGE)


def _feed(items: tuple[Item, ...], base: str) -> Served:
    text = templates().get_template("feed.xml.j2").render(items=items, base=base)
    return Served(text.encode(), "application/rss+xml; charset=utf-8")


def _lists(news: tuple[Item, ...]) -> Iterator[tuple[str, Served]]:
    count = -(-len(news) // _A_PAGE)
    template = templates().get_template("list.html.j2")
    for number in range(1, count + 1):
        items = news[(number - 1) * _A_PAGE : number * _A_PAGE]
        text = template.render(items=items, number=number, count=count, charset="utf-8")
        yield f"/news/list_{number}.html", Served(text.encode(), "text/html; charset=utf-8")


def _article(at: int, item: Item, others: tuple[Item, ...]) -> Served:
    """Every third article comes from the site's old half: GB18030, declared in the page alone."""
    old = at % 3 == 0
    text = (
        templates()
        .get_template("detail.html.j2")
        .render(
            item=item,
            paragraphs=_SENTENCE.split(item.body),
            others=others,
            charset="gb2312" if old else "utf-8",
        )
    )
    if old:
        return Served(text.encode("gb18030"), "text/html")
    return Served(text.encode(), "text/html; charset=utf-8")


def write_sources(city: City, base: str, folder: Path) -> None:
    """The two source files, as a deployment's own sources folder."""
    folder.mkdir(parents=True, exist_ok=True)
    district = city.deployment.places[0].code
    for name in (FORUM, NEWS):
        count = len(city.of_source(name))
        text = (
            templates()
            .get_template(f"{name}.py.j2")
            .render(
                base=base, least=count * 9 // 10, most=count, district=district, pages=count_list_pages(city)
            )
        )
        (folder / f"{name}.py").write_text(f"{text}\n", encoding="utf-8")
