"""Broken pages: details, lists, sitemaps and JSON answers, each with what must be told of it."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

from tests.crawlers.malformed.cases import Case
from tests.crawlers.malformed.faults import (
    BLANKS,
    BROKEN,
    COUNTS,
    FILES,
    LAUGHS,
    NO_TEXT,
    TIMES,
    UNREAD_COUNT,
    UNREAD_TIME,
)

NO_ITEMS, NO_MAP, NO_JSON, SHAPE = "没有条目", "不是 sitemap", "不是 JSON", "结构不正常"
_SPACE = "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"


def case(name: str, how: str, body: str | bytes, word: str, records: int = 0) -> Case:
    return Case(name, "page", how, body.encode() if isinstance(body, str) else body, (word,), records)


def detail(title: str = "停水通知", time: str = "2026-01-31 08:00", count: str = "12", body: str = "") -> str:
    """A detail page."""
    text = body or "<p>河口街道今晚停水。</p>"
    return (
        f"<html><head><meta charset='utf-8'></head><body><h1>{title}</h1><i class='t'>{time}</i>"
        f"<div id='b'>{text}</div><em class='n'>{count}</em></body></html>"
    )


def broken_details() -> Iterator[Case]:
    """Detail pages: a field is missing or wrong, or the page is none."""
    how, sound = "DemoPage post", detail()
    titles = {**BLANKS, "tags": "<b></b>", "script": "<script>x</script>", "comment": "<!-- 停水 -->"}
    for name, text in titles.items():
        yield case(f"detail-title-{name}", how, detail(title=text), NO_TEXT)
        yield case(f"detail-body-{name}", how, detail(body=f" {text} "), NO_TEXT)
    for name, text in {"head": "<h1>", "id": "id='b'", "start": "<body>"}.items():
        yield case(f"detail-cut-{name}", how, sound[: sound.index(text)], NO_TEXT)
    for name, text in {**TIMES, **BLANKS, "long": "2026-01-31 " * 40}.items():
        yield case(f"detail-time-{name}", how, detail(time=text), UNREAD_TIME)
    for name, text in {**COUNTS, "none": ""}.items():
        yield case(f"detail-count-{name}", how, detail(count=text), UNREAD_COUNT)
    for name, data in FILES.items():
        yield case(f"detail-{name}", how, data, "不是文字")
    yield case("detail-bytes", how, sound.encode().replace("今晚".encode(), BROKEN), "编码不对")
    yield case("detail-half", how, sound.encode().replace("今".encode(), "今".encode()[:2]), "编码不对")
    for name, text in {
        "empty": "",
        "text": "请求过于频繁",
        "page": "<html><body>维护中</body></html>",
    }.items():
        yield case(f"detail-{name}", how, text, NO_TEXT)
    yield case("detail-deep", how, detail(body="<div>" * 40_000), SHAPE)
    yield case("detail-wide", how, detail(body="<b>字</b>" * 120_000), SHAPE)
    names = " ".join(f"a{number}=1" for number in range(9_000))
    yield case("detail-attributes", how, detail(body=f"<a {names}>字</a>"), SHAPE)


def broken_lists() -> Iterator[Case]:
    """List pages that name no page."""
    how = "DemoPage start"
    texts = {
        "empty": "", "page": "<html><body>维护中</body></html>",
        "no-items": "<div><a href='/1'>停水</a></div>", "no-links": "<ul><li>停水</li><li>停电</li></ul>",
        "no-href": "<ul><li><a>停水</a></li></ul>", "blank": "<ul><li><a href=''>停水</a></li></ul>",
        "script": "<ul><li><a href='javascript:go(1)'>x</a></ul>",
        "mail": "<ul><li><a href='mailto:a@b.example'>x</a></ul>",
        "data": "<ul><li><a href='data:,x'>x</a></ul>",
        "frames": "<frameset><frame src='/a'></frameset>", "login": "<form><input type=password></form>",
        "json": '{"list": []}', "text": "403", "template": "<template><li><a>x</a></li></template>",
        "commented": "<!-- <li><a href='/1'>x</a></li> -->",
    }  # fmt: skip
    for name, text in texts.items():
        yield case(f"list-{name}", how, text, NO_ITEMS)
    for name, data in FILES.items():
        yield case(f"list-{name}", how, data, "不是文字")
    sound = "<ul><li><a href='/1'>停水</a></li></ul>"
    yield case("list-bytes", how, sound.encode().replace("停水".encode(), BROKEN), "编码不对")
    yield case("list-wide", how, sound * 40_000, SHAPE)
    yield case("list-deep", how, "<table><tr><td>" * 9_000, SHAPE)
    for name, href in {
        "six": "http://[::1",
        "port": "http://h.example:99999/",
        "blank": "http://a b.example/",
    }.items():
        text = f"<ul><li><a href='{href}'>x</a></li><li><a href='/1'>x</a></li></ul>"
        yield case(f"list-address-{name}", how, text, "网址不能用")


def sitemap(changed: str = "2026-01-31") -> str:
    """A sitemap of three pages, the second changed at some time."""
    urls = "".join(
        f"<url><loc>http://demo.example/news/{number}</loc><lastmod>{time}</lastmod></url>"
        for number, time in ((1, "2026-01-31"), (2, changed), (3, "2026-01-30"))
    )
    return f"<?xml version='1.0' encoding='utf-8'?><urlset {_SPACE}>{urls}</urlset>"


def broken_sitemaps() -> Iterator[Case]:
    """Sitemaps that are none, or name a time that is none."""
    how, sound = "DemoMap start", sitemap()
    for name, text in TIMES.items():
        yield case(f"map-time-{name}", how, sitemap(text), UNREAD_TIME)
    texts = {
        "empty": "", "page": "<html><body>维护中</body></html>", "text": "404", "json": "{}",
        "feed": "<rss version='2.0'><channel/></rss>", "cut": sound[:-30],
        "crossed": sound.replace("</loc>", "</lco>", 1),
        "ampersand": sound.replace("news/2", "news?a=1&b=2"), "control": sound.replace("news/2", "news\x01"),
        "laughs": LAUGHS + sound.partition("?>")[2].replace("news/2", "&l11;"), "two": sound + sound,
        "encoding": sound.replace("utf-8", "utf-99"), "doctype": "<!DOCTYPE html>" + "<br>",
    }  # fmt: skip
    for name, text in texts.items():
        yield case(f"map-{name}", how, text, NO_MAP)
    packed = gzip.compress(sound.encode(), mtime=0)
    yield case("map-packed-cut", how, packed[:-20], "解压失败")
    yield case("map-packed-broken", how, packed[:12] + b"\xff" * 40, "解压失败")
    yield case("map-packed-bomb", how, gzip.compress(bytes(40_000_000), mtime=0), "解压后超过大小上限")
    for name, data in FILES.items():
        yield case(f"map-{name}", how, data, NO_MAP)


def answer(**changes: Any) -> str:
    """A JSON answer of three items, the second changed."""
    sound: dict[str, Any] = {
        "id": 1, "name": "停水", "content": "河口街道停水。", "at": "2026-01-31 08:00",
        "url": "/1", "user": {"name": "某"}, "stat": {"like": 3}, "dept": "水务局", "state": "办结",
    }  # fmt: skip
    items = [{**sound, "id": 1}, {**sound, "id": 2, **changes}, {**sound, "id": 3}]
    return json.dumps({"data": {"list": items}}, ensure_ascii=False)


def broken_answers() -> Iterator[Case]:
    """JSON that is none, has no list, or holds items of a wrong shape."""
    how, sound = "DemoApi start", answer()
    for name, text in {**TIMES, **BLANKS}.items():
        yield case(f"api-time-{name}", how, answer(at=text), UNREAD_TIME, 2)
    for name, text in COUNTS.items():
        yield case(f"api-count-{name}", how, answer(stat={"like": text}), UNREAD_COUNT, 2)
    for name, text in BLANKS.items():
        yield case(f"api-text-{name}", how, answer(name=text, content=text), NO_TEXT, 2)
    for field in ("name", "content", "at", "dept", "url"):
        yield case(f"api-{field}-list", how, answer(**{field: ["x"]}), "字段类型不对", 2)
        yield case(f"api-{field}-map", how, answer(**{field: {"a": 1}}), "字段类型不对", 2)
    for name, items in {
        "none": "null",
        "text": '"x"',
        "map": '{"a": 1}',
        "truth": "true",
        "number": "7",
    }.items():
        yield case(f"api-items-{name}", how, f'{{"data": {{"list": {items}}}}}', NO_ITEMS)
    for name, item in {"none": "null", "text": '"x"', "list": "[1]", "number": "7"}.items():
        text = sound.replace('{"id": 2', f'{item}, {{"id": 2', 1)
        yield case(f"api-item-{name}", how, text, NO_JSON, 3)
    texts = {
        "empty": "", "page": "<html>维护中</html>", "cut": sound[:-9], "comma": sound[:-1] + ",}",
        "nan": sound.replace('"like": 3', '"like": NaN', 1), "single": "{'data': 1}", "two": sound + sound,
        "deep": "[" * 90_000, "callback": f"cb({sound}", "callback-cut": f"cb({sound[:-4]});",
        "blanks": "cb(" + " " * 90_000 + "x)",
        "half": '{"data": "\\ud800"}', "control": '{"data": "\x01"}',
    }  # fmt: skip
    for name, text in texts.items():
        yield case(f"api-{name}", how, text, NO_JSON)
    for name, text in {
        "list": "[]",
        "denied": '{"code": 403}',
        "null": "null",
        "words": '"没有权限"',
    }.items():
        yield case(f"api-answer-{name}", how, text, NO_ITEMS)
    yield case("api-bytes", how, sound.encode().replace("停水".encode(), BROKEN, 1), "编码不对")


def broken_pages() -> Iterator[Case]:
    """All of them."""
    yield from broken_details()
    yield from broken_lists()
    yield from broken_sitemaps()
    yield from broken_answers()
