"""The one Jinja environment of the demo's templates."""

import re
from email.utils import format_datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

_IDS = re.compile(r"依据信息编号：[^。]*。?")


@cache
def templates() -> Environment:
    """The templates beside this file; pages and feeds are escaped, source files are not."""
    environment = Environment(
        loader=PackageLoader("pipeline.demo"),
        autoescape=select_autoescape(["html.j2", "xml.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"rfc822": format_datetime, "without_ids": _without_ids}
    return environment


def _without_ids(reason: str) -> str:
    """A reason without its list of post ids: the page shows the posts themselves."""
    return _IDS.sub("", reason).strip()
