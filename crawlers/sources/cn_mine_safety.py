"""国家矿山安全监察局，新闻与事故信息。List page -> detail page of the TRS system that many ministries use.

Not verified live. Evidence: RSSHub's open route for the site reads the pages' meta PubDate and the
text in .TRS_Editor, .TRS_UEDITOR or .content. The markup of the list is an assumption after sites of the
same system; the saved pages are ours, in that shape.
Terms: a public notice board of a government office; name the source.
"""

from crawlers.source import Count, Source
from crawlers.spiders.pages import PagesSpider

SOURCE = Source(
    name="cn_mine_safety",
    publisher="国家矿山安全监察局",
    kind="pages",
    url="https://www.chinamine-safety.gov.cn/xw/mkaqjcxw/",
    every="1h",
    expect=Count(min=5, max=100),
    enabled=False,
    verified=None,
)


class MineSafety(PagesSpider):
    source = SOURCE
    items_css = "ul.list li, div.list li"
    item_time_css = "span"
    title_css = "meta[name=ArticleTitle]::attr(content), h1, h2"
    body_css = ".TRS_Editor, .TRS_UEDITOR, div.content"
    time_css = "meta[name=PubDate]::attr(content)"
