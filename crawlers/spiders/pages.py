"""Base of the list -> detail sources: list pages are followed page by page, each link becomes one post."""

from datetime import datetime

from crawlers.page import Page
from crawlers.spiders.article import ArticleSpider
from crawlers.spiders.lists import ListSpider


class PagesSpider(ListSpider, ArticleSpider):
    """A source with list pages and detail pages: the selectors of both."""

    def published_at(self, page: Page) -> datetime | None:
        """When the post was made; a list that gives times gives one to every entry."""
        if self.item_time_css and page.link and not self.layout(page).time_css:
            return page.time(page.link.time)
        return super().published_at(page)
