"""The forum software that most Chinese boards run on, with its selectors: Discuz! X and phpBB 3."""

from typing import ClassVar

from parsel import Selector

from crawlers.spiders.forum import HtmlForumSpider, first_text


class DiscuzSpider(HtmlForumSpider):
    """A board of Discuz! X3; `url` is forum-FID-1.html or forum.php?mod=forumdisplay&fid=FID.

    The times of young posts are written 3 分钟前 with the full time in a title attribute, which is read.
    """

    items_css = "tbody[id^=normalthread_], tbody[id^=stickthread_]"
    link_css = "a.s.xst"
    item_mark_css = "td.num a"
    next_css = "a.nxt::attr(href)"
    drop_params: ClassVar[tuple[str, ...]] = ("extra", "sid")
    thread_id = r"thread-(\d+)-|[?&]tid=(\d+)"
    title_css = "#thread_subject"
    posts_css = "#postlist > div[id^=post_]"
    post_id = r"^post_(\d+)$"
    body_css = "td.t_f"
    time_css = "em[id^=authorposton]"
    author_css = ".authi a.xw1"
    drop_css = ".quote, .pstatus, .jammer"
    skip_css = ".locked"
    more_css = "a.nxt::attr(href)"

    def entry_time(self, post: Selector) -> str:
        """The full time of a post."""
        return first_text(post, f"{self.time_css} span::attr(title)") or super().entry_time(post)


class PhpbbSpider(HtmlForumSpider):
    """A board of phpBB 3.2 or later; `url` is viewforum.php?f=NUMBER."""

    items_css = "ul.topics > li.row"
    link_css = "a.topictitle"
    item_mark_css = "dd.posts::text"
    next_css = "li.next a::attr(href)"
    drop_params: ClassVar[tuple[str, ...]] = ("sid",)
    thread_id = r"[?&]t=(\d+)"
    title_css = "h2.topic-title"
    posts_css = "div.post[id^=p]"
    post_id = r"^p(\d+)$"
    body_css = "div.content"
    time_css = "p.author time::attr(datetime)"
    author_css = "p.author .username, p.author .username-coloured"
    drop_css = "blockquote, .notice"
    more_css = "li.next a::attr(href)"
