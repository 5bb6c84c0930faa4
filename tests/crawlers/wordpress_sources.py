"""The sources that read a WordPress in the tests: by its feed, its list pages and its sitemap."""

from collections.abc import Callable

_SOURCE = '''\
"""A WordPress of the tests."""
from crawlers.source import Count, Source
from crawlers.spiders.{kind} import {base}
SOURCE = Source(
    name="{name}", publisher="云汀发布", kind="{kind}", url="{url}", every="1h", expect=Count(1, 10**6),
    delay=0.0, pages=10**6, allow_private=True,
)
class WordPress({base}):
    source = SOURCE
{fields}
'''
_ARTICLE = (
    '    title_css, body_css = "h1.entry-title", "div.entry-content"\n'
    '    time_css = "time.published::attr(datetime)"\n'
)


def feed_source(base: str, path: str = "/feed/") -> str:
    """The feed with its older pages."""
    fields = '    paging = "?paged={page}"\n'
    name, url = "wordpress_feed", f"{base}{path}"
    return _SOURCE.format(name=name, kind="feed", base="FeedSpider", url=url, fields=fields)


def pages_source(base: str, path: str = "/") -> str:
    """The list pages, newest first, and the page of each post."""
    fields = (
        '    items_css, link_css = "main article", "h2.entry-title a"\n'
        '    next_css = "a.next.page-numbers::attr(href)"\n'
    )
    name, url = "wordpress_pages", f"{base}{path}"
    return _SOURCE.format(name=name, kind="pages", base="PagesSpider", url=url, fields=fields + _ARTICLE)


def sitemap_source(base: str, include: str = r"/20\\d\\d/\\d\\d/\\d\\d/") -> str:
    """The sitemap index that WordPress makes, and the pages of posts in it."""
    fields = f'    include = "{include}"\n'
    name, url = "wordpress_map", f"{base}/wp-sitemap.xml"
    return _SOURCE.format(name=name, kind="sitemap", base="SitemapSpider", url=url, fields=fields + _ARTICLE)


WAYS: dict[str, Callable[[str], str]] = {
    "wordpress_feed": feed_source,
    "wordpress_pages": pages_source,
    "wordpress_map": sitemap_source,
}
