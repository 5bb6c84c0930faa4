"""Broken feeds: every fault of an entry in every format, and what is wrong with a whole feed."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import escape

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

Entry = dict[str, str]
NO_FEED, CUT = "不是 feed", "feed 不完整"


def entry(number: int, **fields: str) -> Entry:
    """A sound entry, some of its fields changed."""
    sound = {
        "title": f"第 {number} 条停水通知",
        "link": f"http://demo.example/{number}",
        "time": "2026-01-31T08:00:00+08:00",
        "text": "<p>河口街道今晚停水，请居民储水。</p>",
    }
    return {**sound, **fields}


def as_rss(*entries: Entry) -> str:
    items = "".join(
        f"<item><title>{escape(one['title'])}</title><link>{one['link']}</link><guid>{one['link']}</guid>"
        f"<pubDate>{escape(one['time'])}</pubDate><description>{escape(one['text'])}</description>"
        f"{one.get('more', '')}</item>"
        for one in entries
    )
    space = "xmlns:slash='http://purl.org/rss/1.0/modules/slash/'"
    return f"<?xml version='1.0'?><rss version='2.0' {space}><channel><title>x</title>{items}</channel></rss>"


def as_atom(*entries: Entry) -> str:
    items = "".join(
        f"<entry><title>{escape(one['title'])}</title><link href='{one['link']}'/><id>{one['link']}</id>"
        f"<updated>{escape(one['time'])}</updated>"
        f"<content type='html'>{escape(one['text'])}</content></entry>"
        for one in entries
    )
    return f"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><title>x</title>{items}</feed>"


def as_rdf(*entries: Entry) -> str:
    items = "".join(
        f"<item rdf:about='{one['link']}'><title>{escape(one['title'])}</title><link>{one['link']}</link>"
        f"<dc:date>{escape(one['time'])}</dc:date><description>{escape(one['text'])}</description></item>"
        for one in entries
    )
    spaces = (
        "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' "
        "xmlns:dc='http://purl.org/dc/elements/1.1/'"
    )
    return f"<?xml version='1.0'?><rdf:RDF {spaces}><channel><title>x</title></channel>{items}</rdf:RDF>"


def as_json(*entries: Entry) -> str:
    items = [
        {"id": one["link"], "url": one["link"], "title": one["title"], "date_published": one["time"],
         "content_html": one["text"]}
        for one in entries
    ]  # fmt: skip
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": items})


FORMATS: dict[str, Callable[..., str]] = {"rss": as_rss, "atom": as_atom, "rdf": as_rdf, "json": as_json}


def case(name: str, body: str | bytes, word: str, records: int = 0) -> Case:
    return Case(
        name, "feed", "DemoFeed start", body.encode() if isinstance(body, str) else body, (word,), records
    )


def broken_entries() -> Iterator[Case]:
    """Each fault of an entry between sound ones."""
    for kind, write in FORMATS.items():
        for name, text in BLANKS.items():
            yield case(f"{kind}-title-{name}", write(entry(1), entry(2, title=text), entry(3)), NO_TEXT, 2)
        for name, text in TIMES.items():
            yield case(f"{kind}-time-{name}", write(entry(1), entry(2, time=text), entry(3)), UNREAD_TIME, 2)
    for name, text in COUNTS.items():
        more = f"<slash:comments>{text}</slash:comments>"
        yield case(f"rss-count-{name}", as_rss(entry(1), entry(2, more=more), entry(3)), UNREAD_COUNT, 2)
    for name, text in {"tags": "<b></b>", "comment": "<!-- x -->", "image": "<img src='a'>"}.items():
        yield case(f"rss-title-{name}", as_rss(entry(1), entry(2, title=text), entry(3)), NO_TEXT, 2)


def cut_feeds() -> Iterator[Case]:
    """Feeds that end too early: what stands before the cut comes through."""
    for kind in ("rss", "atom", "rdf"):
        text = FORMATS[kind](entry(1), entry(2), entry(3))
        marks = ("第 2 条", "河口街道", "</title>")
        for mark in marks:
            at = text.index(mark, text.index("第 2 条"))
            # A title that is cut is none.
            words = (CUT,) if mark == "河口街道" else (CUT, NO_TEXT)
            yield replace(case(f"{kind}-cut-{marks.index(mark)}", text[:at], CUT, -1), words=words)
        yield case(f"{kind}-cut-end", text[:-4], CUT, 3)
        yield case(f"{kind}-crossed", text.replace("</title>", "</titel>", 2), CUT, -1)
        yield case(f"{kind}-entity", text.replace("第 2 条", "第&nbsp2&foo; 条"), CUT, 3)
        yield case(f"{kind}-ampersand", text.replace("第 2 条", "水 & 电"), CUT, 3)
        yield case(f"{kind}-control", text.replace("第 2 条", "第\x01 2 条"), CUT, 3)
        yield case(f"{kind}-laughs", LAUGHS + text.partition("?>")[2].replace("第 2 条", "&l11;"), CUT, 3)
        broken = text.encode().replace("第 2 条".encode(), BROKEN)
        yield case(f"{kind}-bytes", broken, "编码不对")
        many = FORMATS[kind](*(entry(number) for number in range(5_100)))
        yield case(f"{kind}-many", many, "链接过多")


def no_feeds() -> Iterator[Case]:
    """What answers in place of a feed."""
    texts = {
        "empty": "", "blank": " \n", "page": "<html><body>维护中</body></html>", "login": "<form>登录</form>",
        "text": "没有权限", "json": '{"code": 403, "message": "没有权限"}', "list": "[]", "null": "null",
        "xml": "<?xml version='1.0'?><note><to>x</to></note>", "opml": "<opml version='2.0'><body/></opml>",
        "map": "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>", "soap": "<s:Envelope/>",
        "laughs": LAUGHS + "<x>&l11;</x>", "deep": "<a>" * 20_000, "script": "<script>location='/x'</script>",
    }  # fmt: skip
    for name, text in texts.items():
        yield case(f"no-feed-{name}", text, NO_FEED)
    for name, data in FILES.items():
        yield case(f"no-feed-{name}", data, "不是文字")
    yield case("no-feed-packed", gzip.compress(as_rss(entry(1)).encode(), mtime=0), "编码不对")


def broken_json_feeds() -> Iterator[Case]:
    """JSON Feeds of a wrong shape."""
    text = as_json(entry(1), entry(2))
    yield case("json-cut", text[:-20], "不是 JSON")
    yield case("json-comma", text.replace('"items": [', '"items": [,'), "不是 JSON")
    yield case("json-nan", text.replace('"x"', "NaN"), "不是 JSON")
    for name, items in {"none": "null", "text": '"x"', "map": '{"a": 1}', "mixed": '[{"id": 1}, 7]'}.items():
        body = f'{{"version": "https://jsonfeed.org/version/1.1", "items": {items}}}'
        yield case(f"json-items-{name}", body, "不是 JSON")
    for name, authors in {"text": '"王某"', "list": '["王某"]', "number": "7", "empty": "[null]"}.items():
        body = text.replace('"url": "http://demo.example/2"', f'"authors": {authors}')
        yield case(f"json-authors-{name}", body, "字段类型不对", 1)
    for name, tags in {"text": "7", "map": '{"a": 1}'}.items():
        body = text.replace('"url": "http://demo.example/2"', f'"tags": {tags}')
        yield case(f"json-tags-{name}", body, "字段类型不对", 1)


def broken_feeds() -> Iterator[Case]:
    """All of them."""
    yield from broken_entries()
    yield from cut_feeds()
    yield from no_feeds()
    yield from broken_json_feeds()
