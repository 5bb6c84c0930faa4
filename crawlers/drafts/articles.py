"""Detects the fields of detail pages: what holds on every page that was looked at."""

import re
from collections.abc import Callable, Iterator, Sequence

from parsel import Selector

from crawlers.dates import find_time
from crawlers.drafts.css import name_element, path_to
from crawlers.drafts.draft import Draft
from crawlers.page import Page, selected_text

_META_TIMES = (
    'meta[property="article:published_time"]::attr(content)',
    'meta[itemprop="datePublished"]::attr(content)',
    'meta[name="firstpublishedtime"]::attr(content)',
    'meta[name="publishdate"]::attr(content)',
    'meta[name="PubDate"]::attr(content)',
    'meta[name="pubdate"]::attr(content)',
    "time::attr(datetime)",
)
_TITLES = ("h1", "h2", "h3", "*[class*=title]", "*[class*=tit]")
_META_TITLE = 'meta[property="og:title"]::attr(content)'
_BODIES = "article, section, main, div, td"
# A line that tells a time is short, and a body holds most of what the main text holds and little else.
_LINE, _SHARE, _MORE = 80, 0.8, 1.6
_LEAST = 20
# Words of a menu are too short to be told from words of the text.
_SHORT = 4
_SENTENCE = re.compile(r"[\n。！？]")
_NO_TIMES = frozenset(["script", "style", "a", "input", "option"])
_NEEDED = (
    "from datetime import datetime",
    "from crawlers.dates import find_time",
    "from crawlers.page import Page",
)
_FIND_TIME = """\
    def published_at(self, page: Page) -> datetime:
        # The line says more than its time.
        return page.time(find_time(page.first("{css}")))"""


def draft_article(draft: Draft, pages: Sequence[Page], *, timed: bool) -> None:
    """Add the selectors of title, time and body to a draft, or say which could not be detected.

    `timed`: what leads to the pages gives their times, to the minute.
    """
    if not pages:
        draft.missing.append("详情页一页都没有看到：title_css、time_css、body_css 没有核对")
        return
    title = _agreed(pages, _title_forms, _is_title)
    draft.note("title_css", title, "标题")
    body = _agreed(pages, _body_forms, _is_body)
    if body:
        draft.fields["body_css"] = body
    elif not all(len(page.main_text()) >= _LEAST for page in pages):
        draft.missing.append("正文（body_css；不写则由 trafilatura 取正文，它在这几页上没取到）")
    if not timed:
        _draft_time(draft, pages, _texts_around(pages, body))


def _draft_time(draft: Draft, pages: Sequence[Page], skipped: Callable[[Selector], bool]) -> None:
    for css in _META_TIMES:
        if all(page.is_time(page.first(css)) for page in pages):
            draft.fields["time_css"] = css
            return
    forms = [css for page in pages[:1] for css in dict.fromkeys(_time_forms(page, skipped))]
    right = [css for css in forms if all(_has_time(page, page.first(css)) for page in pages)]
    # Times of different pages differ; what is the same on all may be of the site. The first of equals stands.
    css = max(right, key=lambda css: len({find_time(page.first(css)) for page in pages}), default="")
    if css and all(page.is_time(page.first(css)) for page in pages):
        draft.fields["time_css"] = css
    elif css:
        draft.methods.append(_FIND_TIME.format(css=css))
        draft.imports += _NEEDED
    elif "item_time_css" not in draft.fields:
        draft.missing.append("发布时间（time_css）")


def _agreed(
    pages: Sequence[Page], forms: Callable[[Page], Iterator[str]], is_right: Callable[[Page, str], bool]
) -> str:
    """The first selector seen on the first page that holds on all, empty where there is none."""
    for css in dict.fromkeys(forms(pages[0])):
        if all(is_right(page, "\n".join(page.texts(css)[:1])) for page in pages):
            return css
    return ""


def _title_forms(page: Page) -> Iterator[str]:
    for css in _TITLES:
        for element in page.tree.css(css):
            if _is_title(page, selected_text(element)):
                own = name_element(element)
                yield own if own != element.root.tag or css == own == "h1" else path_to(element)
    yield _META_TITLE


def _is_title(page: Page, text: str) -> bool:
    """What a list or the browser's title says too."""
    told, shown = "".join(text.split()), "".join(page.first("title").split())
    return len(told) > 3 and shown.startswith(told[:30])


def _body_forms(page: Page) -> Iterator[str]:
    main = page.main_text()
    told = _own_sentences(page, main)
    if len(main) < _LEAST or not told:
        return
    found = []
    for element in page.tree.css(_BODIES):
        text = selected_text(element)
        joined = "".join(text.split())
        held = sum(len(piece) for piece in told if "".join(piece.split()) in joined)
        if held >= _SHARE * sum(map(len, told)) and len(text) <= _MORE * len(main) + _LINE:
            found.append((len(text), path_to(element)))
    yield from (css for _, css in sorted(found))


def _own_sentences(page: Page, main: str) -> list[str]:
    """What the main text says besides titles and links; on short pages trafilatura adds them, in one line."""
    for text in sorted(set(page.texts("h1, h2, header, nav, a")), key=len, reverse=True):
        for line in (line for line in text.splitlines() if len(line) > _SHORT):
            main = main.replace(line, "\n")
    return [piece for piece in _SENTENCE.split(main) if len(piece) >= _LEAST // 2]


def _is_body(page: Page, text: str) -> bool:
    main = page.main_text()
    return len(text) >= _LEAST and (not main or len(text) <= _MORE * len(main) + _LINE)


def _time_forms(page: Page, skipped: Callable[[Selector], bool]) -> Iterator[str]:
    found = []
    for element in page.tree.css("body *"):
        text = selected_text(element) if element.root.tag not in _NO_TIMES else ""
        if 0 < len(text) <= _LINE and _has_time(page, text) and not skipped(element):
            found.append((len(text), path_to(element)))
    # The shortest text says least besides the time.
    yield from (css for _, css in sorted(found, key=lambda pair: pair[0]))


def _texts_around(pages: Sequence[Page], body: str) -> Callable[[Selector], bool]:
    """Whether an element stands in the text of the article, where dates belong to the story."""
    inside: set[object] = set()
    for found in (found for page in pages if body for found in page.tree.css(body)):
        inside.update(found.root.iter())
    return lambda element: element.root in inside or bool(element.xpath("ancestor-or-self::footer"))


def _has_time(page: Page, text: str) -> bool:
    return page.is_time(text) or page.is_time(find_time(text))
