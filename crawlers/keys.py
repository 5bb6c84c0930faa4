"""The keys a source needs: put into its own requests at the last moment, and taken out of what comes back."""

import os
import re
from collections.abc import Mapping
from urllib.parse import quote, quote_plus, urlsplit

from scrapy.http import Request, Response
from w3lib.url import add_or_replace_parameter

from crawlers import rsshub
from crawlers.source import Key, Source
from schemas.errors import ReadError, Where

PREFIX = "QIANSHAO_SOURCE_"
_HIDDEN = b"***"
# Shorter ones would be taken out of words that are none.
_SOUND = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{4,}[\x21-\x7e])")
_RSSHUB = Key("rsshub", param="key")


def variable_of(key: Key) -> str:
    """The variable that gives the value of a key."""
    return rsshub.KEY if key is _RSSHUB else f"{PREFIX}{key.secret.upper()}"


def keys_of(source: Source, variables: Mapping[str, str]) -> tuple[Key, ...]:
    """The keys of a source, and for a route that of the deployment's RSSHub where it has one."""
    has_hub = rsshub.is_route(source) and bool(variables.get(rsshub.KEY, "").strip())
    return (*source.needs, _RSSHUB) if has_hub else source.needs


def missing_keys(source: Source, variables: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that a source needs and that are not set."""
    return tuple(name for name in map(variable_of, source.needs) if not variables.get(name, "").strip())


def require_keys(source: Source) -> None:
    """Raise ReadError, without any value, where a key of the source is missing or can be no key."""
    for key in source.needs:
        value = os.environ.get(variable_of(key), "").strip()
        if not value or not _SOUND.fullmatch(value):
            shown = "（未设）" if not value else "（不显示）"
            allowed = f"来源 {source.name} 的密钥，6 个以上的 ASCII 字符；缺少密钥不采集"
            raise ReadError(Where(source.name), variable_of(key), shown, allowed)


class KeyRing:
    """The keys of one crawl. They go to the scheme, host and port of the source's address, nowhere else."""

    def __init__(self, source: Source) -> None:
        self._origin = _origin(rsshub.start_address(source))
        self._keys = {key: os.environ[variable_of(key)].strip() for key in keys_of(source, os.environ)}
        spelled = {form(value) for value in self._keys.values() for form in (str, quote, quote_plus, _whole)}
        self._secrets = sorted((one.encode() for one in spelled), key=len, reverse=True)

    def dress(self, request: Request) -> Request:
        """The request as it is sent: with the keys where it goes to the source, else as it is."""
        is_robots = urlsplit(request.url).path == "/robots.txt"
        if not self._keys or is_robots or _origin(request.url) != self._origin:
            return request
        url, headers = request.url, request.headers.copy()
        for key, value in self._keys.items():
            if key.param:
                url = add_or_replace_parameter(url, key.param, value)
            else:
                headers[key.header] = key.form.format(value)
        return request.replace(url=url, headers=headers)

    def undress(self, response: Response, request: Request) -> Response:
        """The response under the address that was asked for, without the keys that a server may repeat."""
        headers = {name: [self.scrub(one) for one in told] for name, told in response.headers.items()}
        return response.replace(url=request.url, headers=headers, body=self.scrub(response.body))

    def scrub(self, told: bytes) -> bytes:
        """Bytes without any of the keys."""
        for secret in self._secrets:
            told = told.replace(secret, _HIDDEN)
        return told

    def scrub_error(self, error: BaseException) -> None:
        """Take the keys out of what an exception says, and those it was made of."""
        error.args = tuple(
            self.scrub(one.encode()).decode() if isinstance(one, str) else one for one in error.args
        )
        for inner in (error.__cause__, error.__context__):
            if inner is not None:
                self.scrub_error(inner)


def _whole(value: str) -> str:
    """A value as it stands in an address when every character but letters and digits is written as a code."""
    return quote(value, safe="")


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port
