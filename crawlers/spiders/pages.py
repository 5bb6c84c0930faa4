"""Base of the list -> detail sources: list pages are followed page by page, each link becomes one post."""

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from scrapy.http import Response

from crawlers.authors import hash_of_author
from crawlers.page import Link, Page, read_count, selected_text
from crawlers.spiders.base import Found, SourceSpider
from schemas.posts import make_post
from schemas.records import JsonScalar, RawPost


class PagesSpider(SourceSpider):
    """A source with list pages. Set the CSS selectors, or override the method named after the field.

    `items_css` finds the entries of a list, `link_css` the link in each, `item_time_css` its time where
    it has one; `next_css` finds the link to the next list page. A detail page needs `title_css`;
    without `body_css` trafilatura finds the main text; without `time_css` the time of the list holds.
    """

    items_css: ClassVar[str] = ""
    link_css: ClassVar[str] = "a"
    item_time_css: ClassVar[str] = ""
    next_css: ClassVar[str] = ""
    title_css: ClassVar[str] = "h1"
    body_css: ClassVar[str] = ""
    time_css: ClassVar[str] = ""
    author_css: ClassVar[str] = ""
    likes_css: ClassVar[str] = ""
    reposts_css: ClassVar[str] = ""
    comments_css: ClassVar[str] = ""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self._asked: set[str] = set()
        self._lists = 0

    def on_post(self, response: Response) -> Iterator[Found]:
        """The post of a detail page."""
        return self.reading(self.page(response), self.parse_page)

    def read_start(self, page: Page) -> Iterator[Found]:
        """Requests for the new links of a list page, and for the next page until nothing new comes.

        Raises ReadError where the first list names no link at all: then the site has changed.
        """
        self._lists += 1
        links = [link for link in self.parse_list(page) if link.url not in self._asked]
        if not links and self._lists == 1:
            raise page.refuse("items", self.items_css, "至少一个链接；网站可能改版了")
        for link in links:
            self._asked.add(link.url)
            yield self.ask(link.url, self.on_post, link)
        following = self.next_url(page)
        if links and following and self._lists < self.source.pages:
            yield self.ask(following, self.on_start)

    def parse_page(self, page: Page) -> Iterator[RawPost]:
        """The posts of a detail page: one, unless a source overrides this."""
        yield self.parse_post(page)

    def parse_list(self, page: Page) -> Iterator[Link]:
        """The links of a list page."""
        for item in page.tree.css(self.items_css):
            anchor = item if item.root.tag == "a" else next(iter(item.css(self.link_css)), None)
            if anchor is None or not anchor.attrib.get("href"):
                continue
            url = page.join(anchor.attrib["href"])
            if url.startswith(("http://", "https://")):
                times = item.css(self.item_time_css) if self.item_time_css else []
                yield Link(url, selected_text(anchor), "".join(selected_text(found) for found in times[:1]))

    def next_url(self, page: Page) -> str | None:
        """The address of the next list page, None on the last."""
        href = page.first(self.next_css) if self.next_css else ""
        return page.join(href) if href else None

    def parse_post(self, page: Page) -> RawPost:
        """The post of a detail page. Raises ReadError for the first field that is missing or wrong."""
        title, body = self.title(page), self.body(page)
        if not title:
            raise page.refuse("title", title, "非空标题")
        if not body:
            raise page.refuse("body", body, "非空正文")
        return make_post(
            self.source.name,
            page.url,
            title,
            body,
            fetched_at=page.now,
            published_at=self.published_at(page),
            url=page.url,
            author_hash=hash_of_author(self.author(page), self.author_key),
            district=self.source.district,
            extra=self.details(page),
        )

    def title(self, page: Page) -> str:
        """The title of the post."""
        return page.first(self.title_css).replace("\n", " ")

    def body(self, page: Page) -> str:
        """The text of the post."""
        return "\n".join(page.texts(self.body_css)) if self.body_css else page.main_text()

    def published_at(self, page: Page) -> datetime | None:
        """When the post was made; None for a source that never says."""
        if self.time_css:
            return page.time(page.first(self.time_css))
        return page.time(page.link.time) if self.item_time_css and page.link else None

    def author(self, page: Page) -> str:
        """Who wrote it, empty where nobody is named."""
        return page.first(self.author_css) if self.author_css else ""

    def details(self, page: Page) -> dict[str, JsonScalar]:
        """Likes, reposts and comments where the page counts them."""
        selectors = {"likes": self.likes_css, "reposts": self.reposts_css, "comments": self.comments_css}
        return {name: self.count(page, name, css) for name, css in selectors.items() if css}

    def count(self, page: Page, name: str, css: str) -> int:
        """One of the counts of the page."""
        text = page.first(css)
        try:
            return read_count(text)
        except ValueError as error:
            raise page.refuse(name, text, "非负数，可带 万、亿") from error
