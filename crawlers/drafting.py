"""Drafts a source from an address: fetches what is to be looked at, detects, writes the file."""

from pathlib import Path

from crawlers.drafts.draft import Draft
from crawlers.drafts.files import name_source, write_draft
from crawlers.drafts.kinds import add_details, draft_source, find_feed
from crawlers.fetch import fetch_pages, probe_source
from schemas.errors import ReadError


def draft_from(url: str, *, allow_private: bool, use_feed: bool = True) -> Draft:
    """What can be detected at an address. A page that declares a feed is drafted by its feed.

    Raises ReadError where a page cannot be had, or nothing can be seen on it.
    """
    source = probe_source(url, allow_private=allow_private)
    (page,) = fetch_pages(source, [url])
    feed = find_feed(page) if use_feed else None
    if feed is not None:
        (page,) = fetch_pages(source, [feed])
    draft = draft_source(page)
    try:
        add_details(draft, fetch_pages(source, draft.links) if draft.links else [])
    except ReadError as error:
        draft.missing.append(f"详情页的字段：{error}")
    return draft


def new_source(draft: Draft, folder: Path, *, name: str | None, allow_private: bool) -> Path:
    """Write the file of a draft, under a name made of its address where none is given; its path."""
    return write_draft(draft, name or name_source(draft.url), folder, allow_private=allow_private)
