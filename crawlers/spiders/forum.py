"""Base of the forum sources: lists of threads, threads of posts; every reply is a post of its own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from parsel import Selector

from crawlers.authors import hash_of_author
from crawlers.page import Page, selected_text
from crawlers.spiders.base import Found, SourceSpider, put_aside
from crawlers.spiders.lists import ListSpider
from schemas.errors import ReadError
from schemas.posts import make_post
from schemas.records import JsonScalar, RawPost


@dataclass(frozen=True, slots=True)
class Entry:
    """One post of a thread as its page shows it. `reply_to` is the number of the post it answers."""

    number: str
    body: str
    published_at: datetime | None
    author: str = ""
    url: str | None = None
    reply_to: str = ""
    likes: int | None = None


class ForumSpider(SourceSpider):
    """A forum. The record of a reply has no title: it carries its thread's number and title in `extra`."""

    readers: ClassVar[tuple[str, ...]] = ("start", "thread")

    def make_entry(self, page: Page, thread: str, title: str, entry: Entry, *, opening: bool) -> RawPost:
        """The record of one post. Raises ReadError where it has no text, or the thread no title."""
        if not title:
            raise page.refuse("title", title, "非空标题")
        if not entry.body and not opening:
            raise page.refuse("body", entry.body, "非空正文")
        told = {"thread": thread, "reply_to": entry.reply_to, "thread_title": "" if opening else title}
        extra: dict[str, JsonScalar] = {name: text for name, text in told.items() if text}
        if entry.likes is not None:
            extra["likes"] = entry.likes
        return make_post(
            self.source.name,
            f"{thread}#{entry.number}",
            title if opening else "",
            entry.body,
            fetched_at=page.now,
            published_at=entry.published_at,
            url=entry.url or page.url,
            author_hash=hash_of_author(entry.author, self.author_key),
            district=self.source.district,
            extra=extra,
        )


class HtmlForumSpider(ListSpider, ForumSpider):
    """A forum that is read from its pages. The selectors of ListSpider find the threads.

    `thread_id` finds the thread's number in its address; `title_css` its title; `posts_css` the posts, and
    within one, `post_id` the number in its id attribute, `body_css`, `time_css`, `author_css` and
    `likes_css` its fields. `drop_css` is left out of the text: quotes of other posts, notes of edits.
    `skip_css` marks posts that show nothing to visitors; `more_css` finds the thread's next page. A thread is
    read again when what `item_mark_css` finds changes: take the count of replies.
    """

    follows: ClassVar[str] = "thread"
    thread_id: ClassVar[str] = ""
    title_css: ClassVar[str] = "h1"
    posts_css: ClassVar[str] = ""
    post_id: ClassVar[str] = r"(\d+)$"
    body_css: ClassVar[str] = ""
    time_css: ClassVar[str] = ""
    author_css: ClassVar[str] = ""
    likes_css: ClassVar[str] = ""
    drop_css: ClassVar[str] = ""
    skip_css: ClassVar[str] = ""
    more_css: ClassVar[str] = ""

    def read_thread(self, page: Page) -> Iterator[Found]:
        """The posts of one page of a thread, and the request for the next; a wrong post is put aside alone.

        Raises ReadError where the page shows no thread.
        """
        thread = _number(self.thread_id, page.url)
        title = page.first(self.title_css).replace("\n", " ")
        posts = [post for post in page.tree.css(self.posts_css) if _number(self.post_id, _id(post))]
        if not thread or not title or not posts:
            raise page.refuse("thread", title, "有编号、标题和帖子的主题；网站可能改版了")
        first = page.link is None or page.link.url == page.url
        for place, post in enumerate(posts):
            if self.skip_css and post.css(self.skip_css):
                continue
            try:
                yield self.parse_entry(page, thread, title, post, opening=first and place == 0)
            except ReadError as error:
                yield put_aside(page, str(error), raw=post.get().encode())
        href = page.first(self.more_css) if self.more_css else ""
        if href:
            yield self.ask(self.address(page, href), "thread", page.link)

    def parse_entry(self, page: Page, thread: str, title: str, post: Selector, *, opening: bool) -> RawPost:
        """The record of one post of a thread."""
        number = _number(self.post_id, _id(post))
        told = self.entry_time(post)
        likes = first_text(post, self.likes_css)
        entry = Entry(
            number=number,
            body=self.entry_body(post),
            published_at=page.time(told) if self.time_css else None,
            author=first_text(post, self.author_css),
            url=f"{page.url}#{_id(post)}",
            likes=int(likes) if likes.isdigit() else None,
        )
        return self.make_entry(page, thread, title, entry, opening=opening)

    def entry_time(self, post: Selector) -> str:
        """What a post says of its time."""
        return first_text(post, self.time_css)

    def entry_body(self, post: Selector) -> str:
        """The text of a post, without quotes and notes."""
        if self.drop_css:
            for part in post.css(self.drop_css):
                part.drop()
        return "\n".join(selected_text(found) for found in post.css(self.body_css))


def _number(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return next((group for group in found.groups() if group), "") if found else ""


def _id(post: Selector) -> str:
    return post.attrib.get("id", "")


def first_text(post: Selector, css: str) -> str:
    """The text of the first that a selector finds in a post, empty for none."""
    return next((selected_text(found) for found in post.css(css)), "") if css else ""
