"""Our crawl of list and detail pages beside a plain Scrapy spider that reads the same pages from one server.

`qianshao bench crawl` or `python -m benchmarks.crawl`. Both take politeness off, extract the same title, time
and text with the same selectors and write JSON lines; reading, checking, caching and counting are ours alone.
"""

import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from crawlers.run import crawl_in_subprocess
from pipeline.progress import Advance, ignore_progress

ARTICLES, A_LIST = 1_000, 50
# Both are run in turn, so that what else the machine does hits both.
_ROUNDS = 3

Row = dict[str, object]
# Seconds by the clock and of the processor; the second is the steadier where others use the machine too.
Cost = tuple[float, float]

_SERVER = """\
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
COUNT, A_LIST = int(sys.argv[1]), int(sys.argv[2])
TEXT = "".join(f"<p>第{n}处积水点已经排空，抢修人员仍在现场，请居民绕行河口路。</p>" for n in range(15))
MENU = "".join(f"<li><a href='/menu/{n}'>栏目{n}</a></li>" for n in range(40))
def article(n):
    head = f"<html><head><meta charset='utf-8'><title>第{n}次巡查</title></head><body><ul>{MENU}</ul>"
    told = f"<h1>第{n}次巡查</h1><span class='time'>2026-01-{n % 28 + 1:02d} 08:20</span>"
    return f"{head}{told}<div class='text'>{TEXT}</div></body></html>"
def listing(page):
    first = page * A_LIST
    numbers = range(first, min(COUNT, first + A_LIST))
    rows = "".join(f"<li class='row'><a href='/a/{n}'>第{n}次巡查</a></li>" for n in numbers)
    more = f"<a class='next' href='/list/{page + 1}'>下一页</a>" if first + A_LIST < COUNT else ""
    return f"<html><body>{rows}{more}</body></html>"
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        kind, _, number = self.path[1:].partition("/")
        known = {"a": article, "list": listing}.get(kind)
        body = (known(int(number)) if known else "").encode()
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
class Server(ThreadingHTTPServer):
    def handle_error(self, *_):  # a crawl that is killed hangs up
        pass
server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""

SITE_SOURCE = '''\
"""The benchmark's source."""
from crawlers.source import Count, Source
from crawlers.spiders.pages import PagesSpider
SOURCE = Source(
    name="bench_site", publisher="-", kind="pages", url="{base}/list/0", every="1h", expect=Count(0, 10**6),
    delay=0.0, pages=10**6, allow_private=True,
)
class BenchSite(PagesSpider):
    source = SOURCE
    items_css, next_css = "li.row", "a.next::attr(href)"
    title_css, time_css, body_css = "h1", "span.time", "div.text"
'''

_PLAIN = """\
import sys
import scrapy
from scrapy.crawler import CrawlerProcess
class Plain(scrapy.Spider):
    name = "plain"
    start_urls = [sys.argv[1] + "/list/0"]
    def parse(self, response):
        for row in response.css("li.row"):
            yield response.follow(row.css("a::attr(href)").get(), self.parse_article)
        following = response.css("a.next::attr(href)").get()
        if following:
            yield response.follow(following, self.parse)
    def parse_article(self, response):
        yield {
            "url": response.url,
            "title": response.css("h1::text").get(),
            "time": response.css("span.time::text").get(),
            "text": "\\n".join(response.css("div.text p::text").getall()),
        }
process = CrawlerProcess({
    "LOG_LEVEL": "WARNING", "FEEDS": {sys.argv[2]: {"format": "jsonlines"}}, "ROBOTSTXT_OBEY": True,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 4, "TELNETCONSOLE_ENABLED": False, "DOWNLOAD_DELAY": 0,
})
process.crawl(Plain)
process.start()
"""


def run(_path: Path | None = None, progress: Advance = ignore_progress) -> list[Row]:
    """Pages a second of both, by the clock and by processor time, and their ratios; starting included."""
    ours: list[Cost] = []
    plain: list[Cost] = []
    with tempfile.TemporaryDirectory() as name, serve_site(ARTICLES) as base:
        folder = Path(name)
        (folder / "sources").mkdir()
        (folder / "sources" / "bench_site.py").write_text(SITE_SOURCE.format(base=base), encoding="utf-8")
        (folder / "plain.py").write_text(_PLAIN, encoding="utf-8")
        for turn in range(_ROUNDS):
            ours.append(_crawl_ours(folder, turn))
            plain.append(_crawl_plain(folder, base, turn))
            progress(turn + 1, _ROUNDS)
    return [_row("前哨", ours), _row("Scrapy", plain), _ratio(ours, plain)]


def _row(name: str, costs: list[Cost]) -> Row:
    pages = ARTICLES + -(-ARTICLES // A_LIST)
    clock, processor = (median(cost[kind] for cost in costs) for kind in (0, 1))
    return {"名称": name, "页/秒": round(pages / clock, 1), "页/处理器秒": round(pages / processor, 1)}


def _ratio(ours: list[Cost], plain: list[Cost]) -> Row:
    pairs = list(zip(ours, plain, strict=True))
    clock, processor = (median(theirs[kind] / own[kind] for own, theirs in pairs) for kind in (0, 1))
    name = "前哨 / Scrapy，各轮之比的中位数"
    return {"名称": name, "页/秒": round(clock, 3), "页/处理器秒": round(processor, 3)}


@contextmanager
def serve_site(articles: int) -> Iterator[str]:
    """A news site with so many articles, in a process of its own, up until the block ends; its address."""
    command = [sys.executable, "-c", _SERVER, str(articles), str(A_LIST)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:  # noqa: S603 - our own server
        port = server.stdout.readline().strip().decode() if server.stdout else ""
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _crawl_ours(folder: Path, turn: int) -> Cost:
    began = _now()
    state = folder / f"state{turn}"
    result = crawl_in_subprocess("bench_site", folder / "out", state, folder / "sources", 3600)
    cost = _since(began)
    if result.records is None or result.records.read_bytes().count(b"\n") != ARTICLES:
        raise RuntimeError(result.log_tail)
    return cost


def _crawl_plain(folder: Path, base: str, turn: int) -> Cost:
    out = folder / f"plain{turn}.jsonl"
    began = _now()
    subprocess.run([sys.executable, str(folder / "plain.py"), base, str(out)], check=True)  # noqa: S603
    cost = _since(began)
    if out.read_bytes().count(b"\n") != ARTICLES:
        raise RuntimeError(str(out))
    return cost


def _now() -> Cost:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return perf_counter(), used.ru_utime + used.ru_stime


def _since(began: Cost) -> Cost:
    now = _now()
    return now[0] - began[0], now[1] - began[1]


def main() -> None:
    """Print the rows."""
    for row in run():
        sys.stdout.write("，".join(f"{name} {value}" for name, value in row.items()) + "\n")


if __name__ == "__main__":
    main()
