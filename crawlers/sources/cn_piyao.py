"""中国互联网联合辟谣平台，今日辟谣。List page -> detail page; further lists come by script and are left out.

Not verified live: written from public code that reads the list (`ul#list > li`) and the date paragraph
of articles.
Terms: rebuttals are meant to be spread with their source named; what warnings need is kept, with the address.
"""

import re
from datetime import datetime

from crawlers.page import Page
from crawlers.source import Count, Source
from crawlers.spiders.pages import PagesSpider

SOURCE = Source(
    name="cn_piyao",
    publisher="中国互联网联合辟谣平台",
    kind="pages",
    url="https://www.piyao.org.cn/jrpy/index.htm",
    every="1h",
    expect=Count(min=5, max=200),
    enabled=False,
    verified=None,
    rebuts=True,
)
_DAY = re.compile(
    r"\d{4}年\d{1,2}月\d{1,2}日(?:\s*\d{1,2}:\d{2})?|\d{4}-\d{2}-\d{2}(?:\s+\d{2}:\d{2}(?::\d{2})?)?"
)


class Piyao(PagesSpider):
    source = SOURCE
    items_css = "ul#list > li"
    title_css = "h1, h2"

    def published_at(self, page: Page) -> datetime:
        # The date stands alone in a paragraph or span of its own; dates within sentences are part of
        # the story.
        alone = (text for text in page.texts("p, span, .time, .date") if _DAY.fullmatch(text))
        return page.time(next(alone, ""))
