"""国家气象中心全国气象预警。JSON interface of the warnings page; each item leads to the page with the text.

Not verified live. Evidence: several open projects read findAlarm and show its answer (alertid, issuetime,
title, url); the text stands in #alarmtext of the page. The saved answer and page are ours, in that shape.
Terms: the centre asks for permission before its materials are used; ask for it, then enable. The
interface has no stated limits: half an hour between crawls, two pages each.
"""

from crawlers.source import Count, Source
from crawlers.spiders.api import ApiSpider

SOURCE = Source(
    name="cn_weather_warnings",
    publisher="国家气象中心",
    kind="api",
    url="http://www.nmc.cn/rest/findAlarm?pageNo=1&pageSize=100&signaltype=&signallevel=&province=",
    every="30m",
    # No warning at all may hold in a fine autumn night.
    expect=Count(min=0, max=2000),
    enabled=False,
    verified=None,
    pages=2,
)


class WeatherWarnings(ApiSpider):
    source = SOURCE
    items = "data.page.list"
    key_path = "alertid"
    title_path = "title"
    time_path = "issuetime"
    link_path = "url"
    detail = True
    page_param = "pageNo"
    # The page's own headings name the service; the title of the item names place, hazard and level.
    title_css = ""
    body_css = "#alarmtext"
