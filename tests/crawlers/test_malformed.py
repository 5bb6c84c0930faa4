"""Pages of every kind, broken at random: each is read, put aside piece by piece, or refused as a whole."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawlers.drafts.kinds import add_details, draft_source
from crawlers.page import Page
from crawlers.spiders.base import SourceSpider
from schemas.errors import ReadError
from tests.crawlers.test_forums import Board, Discuz, Nodebb, Phpbb
from tests.crawlers.test_kinds import DemoApi, DemoFeed, DemoMap, MovedSite

SHAPES, GOLDENS = Path(__file__).parent / "shapes", Path(__file__).parent / "goldens"
EACH = 30
JUNK = (None, True, -1, 1e300, "", "昨天吧", "\0", "\ud800", [], {}, [None], {"a": []}, "<" * 9, "&#xD800;")
CASES: tuple[tuple[type[SourceSpider], str, Path], ...] = (
    (DemoFeed, "start", GOLDENS / "cn_chinanews_society" / "list.xml"),
    (DemoMap, "start", SHAPES / "sitemap.xml"),
    (DemoApi, "start", SHAPES / "answer.json"),
    (Nodebb, "start", SHAPES / "nodebb_category.json"),
    (Nodebb, "thread", SHAPES / "nodebb_topic.json"),
    (Discuz, "start", SHAPES / "discuz_list.html"),
    (Discuz, "thread", SHAPES / "discuz_thread.html"),
    (Phpbb, "thread", SHAPES / "phpbb_thread.html"),
    (Board, "post", GOLDENS / "dongguan_wenzheng" / "post2.html"),
    (MovedSite, "post", GOLDENS / "cn_gov_ministries" / "post.html"),
)


def broken(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """The bytes cut short, with a piece lost, doubled or put in; JSON with values exchanged and lost too."""
    for turn in range(EACH):
        at, to = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        forms = (
            data[:at],
            data[:at] + data[to:],
            data[:to] + data[at:],
            data[:at] + bytes(chance.randbytes(9)) + data[at:],
        )
        yield forms[turn % len(forms)]
        if data.lstrip()[:1] in {b"{", b"["}:
            yield json.dumps(exchanged(json.loads(data), chance)).encode("utf-8", "surrogatepass")


def exchanged(value: Any, chance: random.Random) -> Any:
    if chance.random() < 0.08:
        return chance.choice(JUNK)
    if isinstance(value, dict):
        return {name: exchanged(inner, chance) for name, inner in value.items() if chance.random() > 0.04}
    return [exchanged(inner, chance) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("spider", "reader", "path"), CASES, ids=[f"{spider.__name__}-{reader}" for spider, reader, _ in CASES]
)
def test_a_broken_page_is_read_or_refused(
    make_page: Callable[..., Page], spider: type[SourceSpider], reader: str, path: Path
) -> None:
    refused = 0
    for body in broken(path.read_bytes(), random.Random(path.name)):
        page = replace(
            make_page(body, "http://demo.example/api/thread-1-1-1.html?t=1&tid=1"), source=spider.source
        )
        try:
            list(getattr(spider(), f"read_{reader}")(page))
        except ReadError:
            refused += 1
    assert refused > 0


@pytest.mark.parametrize("path", sorted({path for _, _, path in CASES}), ids=lambda path: path.name)
def test_a_broken_page_is_drafted_or_refused(make_page: Callable[..., Page], path: Path) -> None:
    refused = 0
    for body in broken(path.read_bytes(), random.Random(path.name)):
        page = make_page(body)
        try:
            add_details(draft_source(page), [page])
        except ReadError:
            refused += 1
    assert refused > 0
