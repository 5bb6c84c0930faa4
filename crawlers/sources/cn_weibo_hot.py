"""微博热搜榜，经 RSSHub。The feed has titles only, without times; 50 entries, renewed every minute or so.

Not verified live. Evidence: RSSHub's open route /weibo/search/hot: an entry has the title, the same text as
its description, and a link to the search. The saved feed is ours, in that shape.
Terms: the platform forbids crawling without consent, and who runs a public mirror has terms of his own.
It is off until a mirror is set (rsshub_url) and somebody has seen to both.
"""

from crawlers.source import Count, Source
from crawlers.spiders.feed import FeedSpider

SOURCE = Source(
    name="cn_weibo_hot",
    publisher="微博热搜（经 RSSHub）",
    kind="feed",
    url="rsshub:/weibo/search/hot",
    every="10m",
    expect=Count(min=10, max=100),
    enabled=False,
    verified=None,
)


class WeiboHot(FeedSpider):
    source = SOURCE
