"""Walks list pages: each entry becomes a link to follow, page after page, until nothing new comes."""

from collections.abc import Iterator
from typing import ClassVar

from parsel import Selector
from w3lib.url import url_query_cleaner

from crawlers.page import Link, Page, selected_text
from crawlers.spiders.base import Found, SourceSpider


class ListSpider(SourceSpider):
    """A source with list pages. Set the CSS selectors, or override the method named after the field.

    `items_css` finds the entries of a list, `link_css` the link in each, `item_time_css` its time and
    `item_mark_css` what changes when the page behind it does (a count of replies, a state of work);
    `next_css` finds the link to the next list page. `drop_params` are parameters that change with every
    visit, such as session numbers. The pages behind the links are of the kind `follows`.
    """

    follows: ClassVar[str] = "post"
    items_css: ClassVar[str] = ""
    link_css: ClassVar[str] = "a"
    item_time_css: ClassVar[str] = ""
    item_mark_css: ClassVar[str] = ""
    next_css: ClassVar[str] = ""
    drop_params: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self._lists = 0

    def read_start(self, page: Page) -> Iterator[Found]:
        """Requests for the links of a list page that are not done, and for the next page.

        Goes on until a page names no new link, or, where the last crawl saw everything, none that is not
        done. Raises ReadError where the first list names no link at all: then the site has changed.
        """
        self._lists += 1
        links = [link for link in self.parse_list(page) if link.url not in self._asked]
        if not links and self._lists == 1:
            raise page.refuse("items", self.items_css, "至少一个链接；网站可能改版了")
        asked = [request for link in links for request in self.follow(link, self.follows)]
        yield from asked
        following = self.next_url(page)
        goes_on = bool(asked) or (bool(links) and not self.journal.complete)
        if following and goes_on and self.journal.goes_on(self._lists, self.source.pages, news=bool(asked)):
            yield self.ask(following, "start")

    def parse_list(self, page: Page) -> Iterator[Link]:
        """The links of a list page."""
        for item in page.tree.css(self.items_css):
            anchor = item if item.root.tag == "a" else next(iter(item.css(self.link_css)), None)
            if anchor is None or not anchor.attrib.get("href"):
                continue
            url = self.address(page, anchor.attrib["href"])
            if url.startswith(("http://", "https://")):
                title = selected_text(anchor)
                yield Link(url, title, _text(item, self.item_time_css), _text(item, self.item_mark_css))

    def address(self, page: Page, href: str) -> str:
        """The full address of a link, without what changes with every visit."""
        url = page.join(href)
        return url_query_cleaner(url, self.drop_params, remove=True) if self.drop_params else url

    def next_url(self, page: Page) -> str | None:
        """The address of the next list page, None on the last."""
        href = page.first(self.next_css) if self.next_css else ""
        return self.address(page, href) if href else None


def _text(item: Selector, css: str) -> str:
    return "".join(selected_text(found) for found in item.css(css)[:1]) if css else ""
