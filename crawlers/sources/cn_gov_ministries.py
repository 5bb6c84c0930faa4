"""中国政府网，部门政务联播。List page -> detail page; the list shows one page, older ones are in the archive.

Not verified live. Evidence: RSSHub's open route for the site reads this list and the fields of its pages
(`#UCAP-CONTENT`, meta firstpublishedtime). The class of the list entries is an assumption of ours after
that route; the saved pages are ours, in that shape.
Terms: the site's notice forbids commercial reprints in the original form; name the source.
"""

from crawlers.source import Count, Source
from crawlers.spiders.pages import PagesSpider

SOURCE = Source(
    name="cn_gov_ministries",
    publisher="中国政府网",
    kind="pages",
    url="https://www.gov.cn/lianbo/bumen/index.htm",
    every="1h",
    expect=Count(min=5, max=100),
    enabled=False,
    verified=None,
)


class GovMinistries(PagesSpider):
    source = SOURCE
    items_css = ".news_box .list li:not(.line), .infolist li"
    item_time_css = "span"
    title_css = "h1"
    body_css = "#UCAP-CONTENT, .pages_content"
    time_css = "meta[name=firstpublishedtime]::attr(content)"
