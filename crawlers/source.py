"""What a source says about itself: the literal at the top of every file under sources/."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.errors import ReadError, Where, one_of

Kind = Literal["feed", "pages", "sitemap", "api", "forum", "board", "sensor"]
RSSHUB = "rsshub:/"
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
_SECRET = re.compile(r"[a-z][a-z0-9_]*")
_TOKEN = re.compile(r"[A-Za-z0-9_.-]+")
EVERY = re.compile(r"([1-9][0-9]*)([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Count:
    """How many records one crawl should see, unchanged ones included: fewer fails it, more warns."""

    min: int
    max: int


@dataclass(frozen=True, slots=True)
class Key:
    """A secret that a source needs, by the name a deployment gives its value under.

    It is sent as the header `header`, in the form `form` (`Bearer {}`), or as the parameter `param`.
    """

    secret: str
    header: str = ""
    param: str = ""
    form: str = "{}"


@dataclass(frozen=True, slots=True)
class Source:
    """One public source. `name` is `<place>_<name>` and the file's name; `every` is `30m`, `1h` or `1d`.

    `district` is the code of the place all its posts belong to, None where they do not share one;
    `verified` is the day somebody last saw it work live, None for "not verified live". `delay`,
    `timeout` and `retry_wait` are seconds, `max_bytes` is the size of one page; `pages` bounds the list
    pages of one crawl. A page that was read is left alone until its list says that it changed, or for
    `recheck`. Addresses of private networks are refused unless `allow_private`: then those of its own host
    and port. `needs` are keys that go to that host and port only; a shipped source with any is disabled.
    `rebuts` says that its posts are official rebuttals of rumours. A `url` such as `rsshub:/weibo/search/hot`
    is a route of the RSSHub that the deployment names.
    """

    name: str
    publisher: str
    kind: Kind
    url: str
    every: str
    expect: Count
    district: str | None = None
    enabled: bool = True
    verified: date | None = None
    zone: str = "Asia/Shanghai"
    delay: float = 1.0
    timeout: float = 30.0
    retries: int = 2
    retry_wait: float = 1.0
    max_bytes: int = 5_000_000
    pages: int = 5
    recheck: str = "1d"
    allow_private: bool = False
    rebuts: bool = False
    needs: tuple[Key, ...] = ()

    @property
    def interval(self) -> timedelta:
        """The time between two crawls."""
        return read_interval(self.every)


def read_interval(text: str) -> timedelta:
    """`30m`, `1h` or `1d`. Raises ValueError for anything else."""
    found = EVERY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def check_source(source: Source, where: Where) -> None:
    """Raise ReadError with the first field of a source that has not the right shape."""
    for field, right, allowed in _requirements(source):
        if not right:
            raise ReadError(where, f"SOURCE.{field}", getattr(source, field), allowed)


def _requirements(source: Source) -> tuple[tuple[str, bool, str], ...]:
    return (
        ("name", bool(NAME.fullmatch(source.name)), "<地方>_<名称>，小写字母、数字和下划线"),
        ("publisher", bool(source.publisher.strip()), "非空文字"),
        ("kind", source.kind in get_args(Kind), one_of(get_args(Kind))),
        ("url", _is_address(source.url), "http 或 https 网址，或 rsshub:/路由"),
        ("every", bool(EVERY.fullmatch(source.every)), "30m、1h、1d 一类的间隔"),
        ("recheck", bool(EVERY.fullmatch(source.recheck)), "30m、1h、1d 一类的间隔"),
        ("expect", 0 <= source.expect.min <= source.expect.max, "0 <= min <= max"),
        ("district", source.district is None or source.district.isalnum(), "区划代码或 None"),
        ("zone", _is_zone(source.zone), "IANA 时区，如 Asia/Shanghai"),
        ("delay", source.delay >= 0, "不小于 0 的秒数"),
        ("timeout", source.timeout > 0, "大于 0 的秒数"),
        ("retries", source.retries >= 0, "不小于 0 的整数"),
        ("retry_wait", source.retry_wait >= 0, "不小于 0 的秒数"),
        ("max_bytes", source.max_bytes > 0, "大于 0 的字节数"),
        ("pages", source.pages >= 1, "不小于 1 的整数"),
        ("needs", all(map(_is_key, source.needs)), 'Key("名称", header="…" 或 param="…", form="含一处 {}")'),
    )


def _is_key(key: object) -> bool:
    """Whether a key says under which name its value is given and in which one place it is sent."""
    if not isinstance(key, Key) or key.form.count("{}") != 1 or not key.form.isprintable():
        return False
    names = [name for name in (key.header, key.param) if name]
    return bool(_SECRET.fullmatch(key.secret)) and len(names) == 1 and bool(_TOKEN.fullmatch(names[0]))


def _is_address(url: str) -> bool:
    if url.startswith(RSSHUB):
        return len(url) > len(RSSHUB)
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
