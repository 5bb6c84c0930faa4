"""Reads a detail page into one post: selectors by layout, or a method of the field's name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from crawlers.authors import hash_of_author
from crawlers.page import Page, read_count
from crawlers.spiders.base import Found, SourceSpider
from schemas.posts import make_post
from schemas.records import JsonScalar, RawPost


@dataclass(frozen=True, slots=True)
class Layout:
    """How a site built its detail pages up to the day `until`; None for the present ones."""

    title_css: str = "h1"
    body_css: str = ""
    time_css: str = ""
    author_css: str = ""
    until: date | None = None


class ArticleSpider(SourceSpider):
    """A source with detail pages. Set the CSS selectors, or override the method named after the field.

    A page needs `title_css`, or the title that its list gives where that is empty; without `body_css`
    trafilatura finds the main text; without `time_css` the time of the list holds. `older` are the layouts
    the site had before, newest first: a page is read by the one of its day, else by the one that fits.
    """

    readers: ClassVar[tuple[str, ...]] = ("start", "post")
    title_css: ClassVar[str] = "h1"
    body_css: ClassVar[str] = ""
    time_css: ClassVar[str] = ""
    author_css: ClassVar[str] = ""
    likes_css: ClassVar[str] = ""
    reposts_css: ClassVar[str] = ""
    comments_css: ClassVar[str] = ""
    older: ClassVar[tuple[Layout, ...]] = ()

    def read_post(self, page: Page) -> Iterator[Found]:
        """The posts of a detail page: one, unless a source overrides this."""
        yield self.parse_post(page)

    def parse_post(self, page: Page) -> RawPost:
        """The post of a detail page. Raises ReadError for the first field that is missing or wrong."""
        title, body = self.title(page), self.body(page)
        if not title:
            raise page.refuse("title", title, "非空标题")
        if not body:
            raise page.refuse("body", body, "非空正文")
        return make_post(
            self.source.name,
            self.key(page),
            title,
            body,
            fetched_at=page.now,
            published_at=self.published_at(page),
            url=page.url,
            author_hash=hash_of_author(self.author(page), self.author_key),
            district=self.source.district,
            extra=self.details(page),
        )

    def layout(self, page: Page) -> Layout:
        """The layout of a page: the one in use on the day it was fetched, else the one whose title it has."""
        present = Layout(self.title_css, self.body_css, self.time_css, self.author_css)
        if not self.older:
            return present
        day = page.now.astimezone(ZoneInfo(self.source.zone)).date()
        of_its_day = [old for old in reversed(self.older) if old.until is not None and day <= old.until]
        ordered = (*of_its_day, present, *self.older)
        return next((layout for layout in ordered if page.first(layout.title_css)), present)

    def key(self, page: Page) -> str:
        """What the post is known by: its address."""
        return page.url

    def title(self, page: Page) -> str:
        """The title of the post."""
        css = self.layout(page).title_css
        if not css and page.link:
            return page.link.title
        return page.first(css).replace("\n", " ")

    def body(self, page: Page) -> str:
        """The text of the post."""
        css = self.layout(page).body_css
        return page.text_of(css) if css else page.main_text()

    def published_at(self, page: Page) -> datetime | None:
        """When the post was made; None for a source that never says."""
        if css := self.layout(page).time_css:
            return page.time(page.first(css))
        return page.time(page.link.time) if page.link and page.link.time else None

    def author(self, page: Page) -> str:
        """Who wrote it, empty where nobody is named."""
        css = self.layout(page).author_css
        return page.first(css) if css else ""

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
