"""Base of the message boards (领导留言板, 12345 公开信件): question, unit, reply, times."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from crawlers.page import Page
from crawlers.revisions import REVISED, revise
from crawlers.spiders.api import ApiSpider, Item
from crawlers.spiders.pages import PagesSpider
from schemas.errors import one_of
from schemas.records import JsonScalar, RawPost

# What boards call the states of work, in the words of the hotline tables.
STATES: Mapping[str, str] = {
    "待受理": "new",
    "待审核": "new",
    "未办理": "accepted",
    "未回复": "accepted",
    "待回复": "accepted",
    "已受理": "accepted",
    "已转办": "assigned",
    "办理中": "working",
    "处理中": "working",
    "已回复": "answered",
    "已答复": "answered",
    "已办结": "closed",
    "已办理": "closed",
}


class BoardSpider(PagesSpider):
    """A board of questions and answers: one record a question, of which a later reply is a new revision.

    Beside the selectors of PagesSpider: `ticket_css` finds the question's number, by which it is known
    (its address where there is none), `unit_css` who answers, `state_css` the state of work in the words of
    `states`, `reply_css` the answer and `reply_time_css` its time, `category_css` the kind of request.
    `item_mark_css` finds the state in the list, so that an answered question is read again.
    """

    ticket_css: ClassVar[str] = ""
    unit_css: ClassVar[str] = ""
    state_css: ClassVar[str] = ""
    reply_css: ClassVar[str] = ""
    reply_time_css: ClassVar[str] = ""
    category_css: ClassVar[str] = ""
    states: ClassVar[Mapping[str, str]] = STATES

    def parse_post(self, page: Page) -> RawPost:
        """The question of a page with its reply, where there is one. Raises ReadError as PagesSpider does,
        and for a state that `states` does not list."""
        post = super().parse_post(page)
        ticket = self.ticket(page) or None
        return revise(replace(post, origin=replace(post.origin, ticket=ticket)), REVISED)

    def key(self, page: Page) -> str:
        """What the question is known by: its number, or its address."""
        return self.ticket(page) or page.url

    def ticket(self, page: Page) -> str:
        """The question's own number, empty where the board gives none."""
        return _after_label(page.first(self.ticket_css)) if self.ticket_css else ""

    def unit(self, page: Page) -> str:
        """The unit that answers, empty while there is none."""
        return _after_label(page.first(self.unit_css)) if self.unit_css else ""

    def state(self, page: Page) -> str:
        """The state of work, in the words of the hotline tables; empty where the board gives none."""
        told = _after_label(page.first(self.state_css)) if self.state_css else ""
        if told and told not in self.states:
            raise page.refuse("state", told, one_of(self.states))
        return self.states[told] if told else ""

    def reply(self, page: Page) -> str:
        """The answer, empty while there is none."""
        return page.text_of(self.reply_css) if self.reply_css else ""

    def reply_time(self, page: Page) -> str:
        """When it was answered, ISO 8601; empty while there is no answer, or the board does not say."""
        told = page.first(self.reply_time_css) if self.reply_time_css else ""
        return page.time(told, "reply_time").isoformat() if told else ""

    def category(self, page: Page) -> str:
        """The kind of request, empty where the board gives none."""
        return _after_label(page.first(self.category_css)) if self.category_css else ""

    def details(self, page: Page) -> dict[str, JsonScalar]:
        """Unit, state, reply, its time and the kind of request, as far as the page has them; and counts."""
        found = {
            "category": self.category(page),
            "unit": self.unit(page),
            "state": self.state(page),
            "reply": self.reply(page),
            "reply_time": self.reply_time(page),
        }
        return {**{name: text for name, text in found.items() if text}, **super().details(page)}


class ApiBoardSpider(ApiSpider):
    """A board that answers in JSON: as ApiSpider, with the fields of a question's work.

    `key_path` finds the question's number, `unit_path` who answers, `state_path` the state in the words of
    `states`, `reply_path` the answer and `reply_time_path` its time, `category_path` the kind of request.
    """

    unit_path: ClassVar[str] = ""
    state_path: ClassVar[str] = ""
    reply_path: ClassVar[str] = ""
    reply_time_path: ClassVar[str] = ""
    category_path: ClassVar[str] = ""
    states: ClassVar[Mapping[str, str]] = STATES
    revised = REVISED

    def parse_item(self, page: Page, item: Item) -> RawPost:
        """The question of an item with its reply, where there is one. Raises ReadError as ApiSpider does, and
        for a state that `states` does not list."""
        post = super().parse_item(page, item)
        return replace(post, origin=replace(post.origin, ticket=self.item_key(page, item) or None))

    def item_extra(self, page: Page, item: Item) -> dict[str, JsonScalar]:
        """Unit, state, reply, its time and the kind of request, as far as the item has them; and the rest."""
        told = self.field(page, item, self.reply_time_path)
        found = {
            "category": self.field(page, item, self.category_path),
            "unit": self.field(page, item, self.unit_path),
            "state": self.item_state(page, item),
            "reply": self.field(page, item, self.reply_path),
            "reply_time": page.time(told, "reply_time").isoformat() if told else "",
        }
        return {**{name: text for name, text in found.items() if text}, **super().item_extra(page, item)}

    def item_state(self, page: Page, item: Item) -> str:
        """The state of work, in the words of the hotline tables; empty where the board gives none."""
        told = self.field(page, item, self.state_path)
        if told and told not in self.states:
            raise page.refuse("state", told, one_of(self.states))
        return self.states[told] if told else ""


def _after_label(text: str) -> str:
    """The value of `处理状态：已办结`."""
    return text.replace(":", "：").rpartition("：")[2].strip()
