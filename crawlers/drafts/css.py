"""Selectors for elements, as somebody would write them: by id, by telling classes, by tag."""

import re

from parsel import Selector

# Classes that say how one element looks at the moment, not what it is.
_FLEETING = re.compile(
    r"(?i)^(active|cur(rent)?|on|odd|even|first|last|selected|hover|clear(fix)?|fl|fr|left|right)$"
)
_TELLING = re.compile(r"^[A-Za-z_][\w-]*$")
_NUMBERED = re.compile(r"\d{3,}")


def name_element(element: Selector) -> str:
    """The tag with its id or its telling classes: `ul.news-list`, `div#list`, `li`."""
    root = element.root
    found = root.get("id", "")
    if _TELLING.match(found) and not _NUMBERED.search(found):
        return f"{root.tag}#{found}"
    classes = [name for name in root.get("class", "").split() if _TELLING.match(name)]
    kept = [name for name in classes if not _FLEETING.match(name) and not _NUMBERED.search(name)]
    return ".".join([root.tag, *kept[:2]])


def path_to(element: Selector) -> str:
    """A selector for an element and those like it: from the nearest ancestor that has a name of its own."""
    own = name_element(element)
    if own != element.root.tag:
        return own
    steps = [own]
    for ancestor in element.xpath("ancestor::*")[::-1]:
        name = name_element(ancestor)
        if ancestor.root.tag in {"html", "body"}:
            break
        steps.append(name)
        if name != ancestor.root.tag:
            break
    return " > ".join(reversed(steps))
