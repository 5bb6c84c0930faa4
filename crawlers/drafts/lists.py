"""Detects what a list page lists: the entries, the link and the time in each, the next page."""

from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlsplit

from parsel import Selector

from crawlers.drafts.css import name_element, path_to
from crawlers.drafts.draft import Draft
from crawlers.page import Page, selected_text
from crawlers.source import Count, Source
from crawlers.spiders.pages import PagesSpider

# Titles are longer than the words of a menu, and a list has some entries.
_TITLE, _FEWEST = 6, 3
_ITEMS = ("li", "tr", "dd", "dl", "article", "div", "section")
_NEXT = (
    "下一页",
    "下页",
    "后一页",
    "下一頁",
    "较早的文章",
    "Older posts",
    "Next",
    "next",
    "›",
    "»",
    "&gt;",
    ">",
)
# The links to the next page that say so themselves; blogs call what is older the previous.
_NEXT_CSS = ("a[rel=next]", "link[rel=next]", "a.next", ".next > a", ".nav-previous > a", "a.older-posts")
_HEADED = ", ".join(f"h{level} a[href]" for level in range(1, 7))
_LOOKED_AT = 2


def draft_list(page: Page) -> Draft:
    """A draft of a source with list pages. Raises ReadError where no list can be seen on the page."""
    groups = _groups(list(_titles(page)))
    items_css = max(groups, key=lambda css: _weight(groups[css]), default="")
    if not items_css or len(groups[items_css]) < _FEWEST:
        walled = "；这是登录页，要登录才看得到的不采" if page.tree.css("input[type=password]") else ""
        allowed = f"至少三条标题链接的列表页{walled or '；请手工写 items_css'}"
        raise page.refuse("列表", page.first("title"), allowed)
    titles = groups[items_css]
    draft = Draft("pages", "PagesSpider", "pages", page.url, count=len(titles))
    draft.fields["items_css"] = items_css
    items = [item for item in page.tree.css(items_css) if item.root in titles]
    link = _link_css(items, {anchor.root for anchor in titles.values()})
    if link != "a":
        draft.fields["link_css"] = link
    if time := _time_css(page, items):
        draft.fields["item_time_css"] = time
    draft.note("next_css", _next_css(page), "下一页")
    draft.links = _links(page, draft)[:_LOOKED_AT]
    return draft


def _titles(page: Page) -> Iterator[Selector]:
    """The links that may be titles; of those to one page the one in a heading, where there is one."""
    headed = {anchor.attrib["href"] for anchor in page.tree.css(_HEADED)}
    heads = {anchor.root for anchor in page.tree.css(_HEADED)}
    for anchor in _long_links(page):
        if anchor.root in heads or anchor.attrib["href"] not in headed:
            yield anchor


def _long_links(page: Page) -> Iterator[Selector]:
    host = urlsplit(page.url).hostname
    for anchor in page.tree.css("a[href]"):
        url = urlsplit(page.join(anchor.attrib["href"]))
        near = url.hostname is not None and _site(url.hostname) == _site(host or "")
        if url.scheme in {"http", "https"} and near and len(selected_text(anchor)) >= _TITLE:
            yield anchor


def _site(host: str) -> str:
    """The part of a name that a publisher's hosts share: www.people.com.cn and society.people.com.cn."""
    return host if host.replace(".", "").isdigit() else ".".join(host.split(".")[-3:])


def _groups(anchors: list[Selector]) -> dict[str, dict[object, Selector]]:
    """The entries by their selector: in each group every entry with its first title link."""
    groups: dict[str, dict[object, Selector]] = defaultdict(dict)
    for anchor in anchors:
        around = [item for item in anchor.xpath("ancestor::*")[::-1][:4] if item.root.tag in _ITEMS]
        for item in (*around, anchor):
            groups[_entry_css(item)].setdefault(item.root, anchor)
    return groups


def _entry_css(item: Selector) -> str:
    """The selector of an entry: its own name, below that of the list it stands in."""
    own, around = name_element(item), item.xpath("..")
    if not around or around[0].root.tag in {"body", "html"}:
        return own
    parent = path_to(around[0])
    return f"{parent} > {own.partition('#')[0]}"


def _weight(entries: dict[object, Selector]) -> float:
    """How much a group looks like the list of the page: many distinct entries with long titles."""
    titles = {anchor.attrib["href"]: selected_text(anchor) for anchor in entries.values()}
    return sum(min(len(title), 40) for title in titles.values()) if len(titles) >= _FEWEST else 0.0


def _link_css(items: list[Selector], titles: set[object]) -> str:
    """The shortest selector that finds the title link in the entries, not their picture or category."""
    wanted = [anchor for item in items for anchor in item.css("a") if anchor.root in titles]
    forms = ["a"]
    for anchor in wanted[:1]:
        around = anchor.xpath("..")[0]
        forms += [f"{around.root.tag} a", name_element(anchor), f"{name_element(around)} > a", "a[title]"]
    forms += ["a:last-of-type", *(f"a:nth-of-type({place})" for place in range(2, 5))]

    def hits(css: str) -> int:
        return sum(found[0].root in titles for item in items if (found := item.css(css)))

    return max(forms, key=hits)


def _time_css(page: Page, items: list[Selector]) -> str:
    """The selector of the element that states a time in every entry, empty where there is none."""
    for candidate in items[0].css("*") if items else ():
        css = name_element(candidate)
        if candidate.root.tag == "a" or not page.is_time(selected_text(candidate)):
            continue
        told = [item.css(css)[:1] for item in items]
        if all(found and page.is_time(selected_text(found[0])) for found in told):
            return css
    return ""


def _next_css(page: Page) -> str:
    for css in _NEXT_CSS:
        if len({found.attrib["href"] for found in page.tree.css(f"{css}[href]")}) == 1:
            return f"{css}::attr(href)"
    for anchor in page.tree.css("a[href]"):
        if selected_text(anchor).strip() in _NEXT:
            return _next_of(page, anchor)
    return ""


def _next_of(page: Page, anchor: Selector) -> str:
    own = name_element(anchor)
    if own != "a" and [found.root for found in page.tree.css(own)] == [anchor.root]:
        return f"{own}::attr(href)"
    return f'a:contains("{selected_text(anchor).strip()}")::attr(href)'


def _links(page: Page, draft: Draft) -> list[str]:
    """The pages that a spider with the drafted selectors would go to."""
    source = Source("draft_list", "-", "pages", page.url, "1h", Count(0, 1), zone=page.source.zone)
    chosen = {name: value for name, value in draft.fields.items() if name.endswith("_css")}
    spider = type("Drafted", (PagesSpider,), {"source": source, **chosen})()
    return [link.url for link in spider.parse_list(page)]
