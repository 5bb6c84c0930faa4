"""The one Jinja environment of the demo's templates."""

from datetime import datetime
from email.utils import format_datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


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
    environment.filters["rfc822"] = _rfc822
    return environment


def _rfc822(at: datetime) -> str:
    return format_datetime(at)
