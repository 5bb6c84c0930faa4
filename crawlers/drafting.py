"""Drafts a source from an address: fetches what is to be looked at, detects, writes the file."""

from contextlib import suppress
from pathlib import Path

from crawlers.drafts.draft import Draft
from crawlers.drafts.files import name_source, write_draft
from crawlers.drafts.kinds import add_details, add_paging, draft_source, find_feed, look_into
from crawlers.fetch import fetch_pages, probe_source
from crawlers.network import PRIVATE
from crawlers.page import Page
from crawlers.source import Source
from schemas.errors import ReadError, Where


def draft_from(url: str, *, allow_private: bool, use_feed: bool = True) -> Draft:
    """What can be detected at an address. A page that declares a feed is drafted by its feed.

    Raises ReadError where a page cannot be had, or nothing can be seen on it.
    """
    if not url.startswith(("http://", "https://")):
        raise ReadError(Where(url), "网址", url, "http:// 或 https:// 开头的网址")
    source = probe_source(url, allow_private=allow_private)
    page = _first_page(source)
    feed = find_feed(page) if use_feed else None
    if feed is not None:
        (page,) = fetch_pages(source, [feed])
    draft = draft_source(page)
    for look in (_look_into_maps, _look_at_older, _look_at_details):
        look(draft, source)
    return draft


def _first_page(source: Source) -> Page:
    try:
        (page,) = fetch_pages(source, [source.url])
    except ReadError as error:
        if error.value == PRIVATE:
            raise ReadError(
                error.where, error.field, PRIVATE, "公开的网址；确是内网的加 --private"
            ) from error
        raise
    return page


def _look_into_maps(draft: Draft, source: Source) -> None:
    if draft.maps:
        look_into(draft, fetch_pages(source, draft.maps[:1])[0])


def _look_at_older(draft: Draft, source: Source) -> None:
    with suppress(ReadError):  # a feed without older pages is a feed all the same
        if draft.older:
            add_paging(draft, fetch_pages(source, [draft.older])[0])


def _look_at_details(draft: Draft, source: Source) -> None:
    try:
        add_details(draft, fetch_pages(source, draft.links) if draft.links else [])
    except ReadError as error:
        draft.missing.append(f"详情页的字段：{error}")


def new_source(draft: Draft, folder: Path, *, name: str | None, allow_private: bool) -> Path:
    """Write the file of a draft, under a name made of its address where none is given; its path."""
    return write_draft(draft, name or name_source(draft.url), folder, allow_private=allow_private)
