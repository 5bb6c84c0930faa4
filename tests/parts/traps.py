"""What the hostile server does at each path, and its robots.txt at each port."""

import asyncio
import gzip
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache

import brotli  # type: ignore[import-untyped]
from backports import zstd

from tests.parts.hostile import (
    HTML,
    ROBOTS,
    TRAPS,
    HostileServer,
    Robots,
    Trap,
    Writer,
    article,
    drip,
    flood,
    head,
    listing,
    redirect,
    reset,
    send,
)

_MIB = 1 << 20
_UNPACKED = 100 * _MIB


def trap(path: str) -> Callable[[Trap], Trap]:
    """Puts a coroutine behind a path."""

    def put(found: Trap) -> Trap:
        TRAPS[path] = found
        return found

    return put


def robots(kind: str) -> Callable[[Robots], Robots]:
    """Puts a coroutine behind the robots.txt of a port of its own."""

    def put(found: Robots) -> Robots:
        ROBOTS[kind] = found
        return found

    return put


@trap("/drip")
async def _drip(_server: HostileServer, writer: Writer, _path: str) -> None:
    writer.write(head(length=len(article().encode())))
    await drip(writer, article().encode())


@trap("/drip-head")
async def _drip_head(_server: HostileServer, writer: Writer, _path: str) -> None:
    await drip(writer, head() + article().encode())


@trap("/hang")
async def _hang(_server: HostileServer, _writer: Writer, _path: str) -> None:
    await asyncio.sleep(600)


@trap("/reset")
async def _reset(_server: HostileServer, writer: Writer, _path: str) -> None:
    reset(writer)


@trap("/reset-body")
async def _reset_body(_server: HostileServer, writer: Writer, _path: str) -> None:
    writer.write(head(length=100_000) + article().encode())
    await writer.drain()
    await asyncio.sleep(0.1)
    reset(writer)


@trap("/short")
async def _short(_server: HostileServer, writer: Writer, _path: str) -> None:
    writer.write(head(length=100_000) + article().encode())


@trap("/long")
async def _long(_server: HostileServer, writer: Writer, _path: str) -> None:
    data = article().encode()
    writer.write(head(length=data.index(b"<div")) + data)


@trap("/no-number")
async def _no_number(_server: HostileServer, writer: Writer, _path: str) -> None:
    writer.write(head(length="viele") + article().encode())


@trap("/two-lengths")
async def _two_lengths(_server: HostileServer, writer: Writer, _path: str) -> None:
    writer.write(head(HTML, "200 OK", 20, "Content-Length: 4000") + article().encode())


@trap("/no-http")
async def _no_http(_server: HostileServer, writer: Writer, _path: str) -> None:
    writer.write(b"220 mail.example ESMTP\r\n\r\n")


@trap("/endless")
async def _endless(_server: HostileServer, writer: Writer, _path: str) -> None:
    writer.write(head(HTML, "200 OK", None, "Transfer-Encoding: chunked"))
    piece = "又".encode() * 20_000
    await flood(writer, f"{len(piece):x}\r\n".encode() + piece + b"\r\n", 1 << 40)


@trap("/broken-chunk")
async def _broken_chunk(_server: HostileServer, writer: Writer, _path: str) -> None:
    writer.write(head(HTML, "200 OK", None, "Transfer-Encoding: chunked") + b"zz\r\n" + article().encode())


@trap("/large-head")
async def _large_head(_server: HostileServer, writer: Writer, _path: str) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Filler: ")
    await flood(writer, b"x" * _MIB, 100 * _MIB)


@trap("/many-heads")
async def _many_heads(_server: HostileServer, writer: Writer, _path: str) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await flood(writer, b"X-Filler: " + b"x" * 4_000 + b"\r\n", 100 * _MIB)


@trap("/cookies")
async def _cookies(_server: HostileServer, writer: Writer, _path: str) -> None:
    others = [f"Set-Cookie: c{number}={'x' * 40}" for number in range(2_000)]
    send(writer, article("曲奇"), HTML, "200 OK", *others)


@trap("/cookie-flood")
async def _cookie_flood(_server: HostileServer, writer: Writer, _path: str) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await flood(writer, b"Set-Cookie: c=" + b"x" * 80 + b"\r\n", 100 * _MIB)


@cache
def packed(kind: str) -> bytes:
    """Zeros of 100 MiB, packed: made before the server starts, for it answers in one thread."""
    pack = zlib.compressobj(9, wbits=31)
    once = b"".join([*(pack.compress(bytes(_MIB)) for _ in range(_UNPACKED // _MIB)), pack.flush()])
    kinds: dict[str, Callable[[], bytes]] = {
        "gzip": lambda: once,
        "nested": lambda: gzip.compress(once),
        "brotli": lambda: bytes(brotli.compress(bytes(_UNPACKED), quality=1)),
        "zstd": lambda: zstd.compress(bytes(_UNPACKED)),
    }
    return kinds[kind]()


@trap("/gzip-bomb")
async def _gzip_bomb(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, packed("gzip"), HTML, "200 OK", "Content-Encoding: gzip")


@trap("/nested-bomb")
async def _nested_bomb(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, packed("nested"), HTML, "200 OK", "Content-Encoding: gzip, gzip")


@trap("/brotli-bomb")
async def _brotli_bomb(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, packed("brotli"), HTML, "200 OK", "Content-Encoding: br")


@trap("/zstd-bomb")
async def _zstd_bomb(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, packed("zstd"), HTML, "200 OK", "Content-Encoding: zstd")


@trap("/broken-gzip")
async def _broken_gzip(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, b"\x1f\x8b\x08" + b"?" * 400, HTML, "200 OK", "Content-Encoding: gzip")


@trap("/cut-gzip")
async def _cut_gzip(_server: HostileServer, writer: Writer, _path: str) -> None:
    cut = gzip.compress(article("半截", "停水" * 4_000).encode(), 1)[:-40]
    send(writer, cut, HTML, "200 OK", "Content-Encoding: gzip")


@trap("/unknown-packing")
async def _unknown_packing(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, zlib.compress(article().encode()), HTML, "200 OK", "Content-Encoding: compress")


@trap("/charset")
async def _charset(_server: HostileServer, writer: Writer, _path: str) -> None:
    text = article("编码说谎", "今天上午河口街道的居民说，自来水里有怪味，街道办已经派人来看。")
    send(writer, text.replace("'utf-8'", "'big5'").encode("gb18030"), HTML)


@trap("/broken-text")
async def _broken_text(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, article().encode().replace("今晚".encode(), b"\xff\xfe\x81"), HTML)


@trap("/type")
async def _type(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, article("类型说谎"), "image/png")


@trap("/pdf")
async def _pdf(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 40, HTML)


@trap("/nulls")
async def _nulls(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, article("空字符").replace("今", "\0今\0"))


@trap("/deep")
async def _deep(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, article("很深", "<div>" * 90_000 + "底" + "</div>" * 90_000))


@trap("/wide")
async def _wide(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, article("很长", "<b>字</b>" * 480_000))


@trap("/attributes")
async def _attributes(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, article("很多", f"<a {' '.join(f'a{number}=1' for number in range(400_000))}>字</a>"))


@trap("/hop")
async def _hop(_server: HostileServer, writer: Writer, path: str) -> None:
    redirect(writer, f"/hop?{int(path.partition('?')[2] or 0) + 1}")


@trap("/loop")
async def _loop(_server: HostileServer, writer: Writer, path: str) -> None:
    redirect(writer, "/loop?b" if path == "/loop" else "/loop")


def _turn(path: str, target: str) -> None:
    async def found(server: HostileServer, writer: Writer, _path: str) -> None:
        redirect(writer, target.format(port=server.port, other=min(server.robots_ports.values())))

    TRAPS[path] = found


PRIVATE = {
    "/to-loopback": "http://127.0.0.1:{other}/secret",
    "/to-hex": "http://0x7f000001:{other}/secret",
    "/to-localhost": "http://localhost:{other}/secret",
    "/to-six": "http://[::1]:{other}/secret",
    "/to-mapped": "http://[::ffff:127.0.0.1]:{other}/secret",
    "/to-metadata": "http://169.254.169.254/latest/meta-data/",
    "/to-intranet": "http://10.0.0.1/admin",
    "/to-name": "http://inside.example:{other}/secret",
}
for _path_, _target in PRIVATE.items():
    _turn(_path_, _target)
_turn("/to-file", "file:///etc/passwd")
_turn("/to-login", "/signin")


@trap("/signin")
async def _signin(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, "<form><input name='user'><input type='password' name='word'></form>")


def _refuse(path: str, status: str, *others: str) -> None:
    async def found(_server: HostileServer, writer: Writer, _path: str) -> None:
        send(writer, article(), HTML, status, *others)

    TRAPS[path] = found


_refuse("/401", "401 Unauthorized", 'WWW-Authenticate: Basic realm="x"')
_refuse("/403", "403 Forbidden")
_refuse("/404", "404 Not Found")
_refuse("/410", "410 Gone")
_refuse("/418", "418 I'm a teapot")
_refuse("/429", "429 Too Many Requests", "Retry-After: 1")
_refuse("/429-huge", "429 Too Many Requests", f"Retry-After: {'9' * 40}")
_refuse("/429-date", "429 Too Many Requests", "Retry-After: Fri, 31 Dec 9999 23:59:59 -1200")
_refuse("/503", "503 Service Unavailable")


@trap("/429-soon")
async def _soon(server: HostileServer, writer: Writer, _path: str) -> None:
    """Asks for a second by date, then answers."""
    if server.asked["/429-soon"] > 1:
        send(writer, article("等过了"))
        return
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    send(writer, "", HTML, "429 Too Many Requests", f"Retry-After: {at}")


@trap("/calendar")
async def _calendar(_server: HostileServer, writer: Writer, path: str) -> None:
    day = int(path.partition("?")[2] or 0)
    send(writer, listing(f"/day{day}", following=f"/calendar?{day + 1}"))


@trap("/many-links")
async def _many_links(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, listing(*(f"/n{number}" for number in range(45_000))))


@trap("/million-links")
async def _million_links(_server: HostileServer, writer: Writer, _path: str) -> None:
    writer.write(head())
    for start in range(0, 1_000_000, 10_000):
        writer.write(listing(*(f"/{number}" for number in range(start, start + 10_000))).encode())
        await writer.drain()


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
LAUGHS = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "笑">{_LAUGHS}]>'
_BLOWUP = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l11 "{"长" * 100_000}">]>'
_RSS = (
    "<rss version='2.0'><channel><title>x</title><item><title>停水</title><link>http://h.example/1</link>"
    "<description>{}</description></item></channel></rss>"
)
_SITEMAP = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>{}</loc></url></urlset>"


@trap("/laughing.rss")
async def _laughing_feed(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, LAUGHS + _RSS.format("&l11;"), "text/xml")


@trap("/blowup.rss")
async def _blowup_feed(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, _BLOWUP + _RSS.format("&l11;" * 20_000), "text/xml")


@trap("/large.rss")
async def _large_feed(_server: HostileServer, writer: Writer, _path: str) -> None:
    item = _RSS.partition("<item>")[2].partition("</item>")[0].format("正文")
    items = "".join(f"<item>{item.replace('/1<', f'/{n}<')}</item>" for n in range(20_000))
    send(writer, f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>", "text/xml")


@trap("/laughing.xml")
async def _laughing_map(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, LAUGHS + _SITEMAP.format("http://h.example/&l11;"), "text/xml")


@trap("/index.xml")
async def _index(server: HostileServer, writer: Writer, path: str) -> None:
    number = int(path.partition("?")[2] or 0)
    inner = "".join(
        f"<sitemap><loc>{server.url('/index.xml')}?{number * 10 + n}</loc></sitemap>" for n in range(1, 11)
    )
    space = "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"
    send(writer, f"<sitemapindex {space}>{inner}</sitemapindex>", "text/xml")


@trap("/bomb.xml.gz")
async def _bomb_map(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, packed("gzip"), "application/gzip")


@trap("/deep.json")
async def _deep_json(_server: HostileServer, writer: Writer, _path: str) -> None:
    send(writer, "[" * 500_000 + "]" * 500_000, "application/json")


@trap("/endless.json")
async def _endless_json(_server: HostileServer, writer: Writer, path: str) -> None:
    page = int(path.partition("page=")[2] or 1)
    send(writer, f'[{{"id": "{page}", "title": "第 {page} 页"}}]', "application/json")


@robots("broken")
async def _robots_broken(_server: HostileServer, writer: Writer) -> None:
    send(writer, "User-agent: *\nAllow: /\n", "text/plain", "503 Service Unavailable")


@robots("slow")
async def _robots_slow(_server: HostileServer, writer: Writer) -> None:
    await drip(writer, head("text/plain") + b"User-agent: *\nAllow: /\n" * 100)


@robots("huge")
async def _robots_huge(_server: HostileServer, writer: Writer) -> None:
    writer.write(head("text/plain"))
    await flood(writer, b"User-agent: x\nDisallow: /x\n" * 1_000, 50 * _MIB)


@robots("forbidden")
async def _robots_forbidden(_server: HostileServer, writer: Writer) -> None:
    send(writer, "User-agent: *\nDisallow: /\n", "text/plain", "403 Forbidden")


@robots("html")
async def _robots_html(_server: HostileServer, writer: Writer) -> None:
    send(writer, article("没有找到"))


@robots("loop")
async def _robots_loop(_server: HostileServer, writer: Writer) -> None:
    redirect(writer, "/robots.txt")


@robots("inside")
async def _robots_inside(_server: HostileServer, writer: Writer) -> None:
    redirect(writer, "http://169.254.169.254/robots.txt")


@robots("closed")
async def _robots_closed(_server: HostileServer, writer: Writer) -> None:
    send(writer, "User-agent: *\nDisallow: /\n", "text/plain")
