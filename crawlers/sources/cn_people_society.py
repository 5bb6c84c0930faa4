"""人民网社会频道。RSS 2.0；条目带全文或摘要，时间只到日。

Not verified live: written from public code that reads the feeds of the same site (politics.xml, world.xml).
Terms: the site's notice forbids republishing; only what warnings need is kept.
"""

from crawlers.source import Count, Source
from crawlers.spiders.feed import FeedSpider

SOURCE = Source(
    name="cn_people_society",
    publisher="人民网",
    kind="feed",
    url="http://www.people.com.cn/rss/society.xml",
    every="30m",
    expect=Count(min=10, max=300),
    enabled=False,
    verified=None,
)


class PeopleSociety(FeedSpider):
    source = SOURCE
