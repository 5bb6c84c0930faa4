"""Why a download failed, in the few words that quarantine tells."""

from collections.abc import Iterator

from OpenSSL import SSL
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from service_identity import VerificationError
from twisted.web._newclient import ParseError

from crawlers.redact import redact


class HeadTooLargeError(Exception):
    """The head of an answer, or one line of it, is longer than any sound server sends."""


class BrokenPackingError(Exception):
    """A packed body that cannot be unpacked, or is packed in a way nobody asked for."""


_GARBLED = "响应不合规范"
# Twisted wraps the first four into others; what is found deepest says most.
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (HeadTooLargeError, "响应头过大"),
    (VerificationError, "证书不可信"),
    (SSL.Error, "证书不可信"),
    (ParseError, _GARBLED),
    (BrokenPackingError, "解压失败"),
    (DownloadTimeoutError, "超时"),
    (DownloadConnectionRefusedError, "连接被拒绝"),
    (CannotResolveHostError, "找不到主机"),
    (ResponseDataLossError, "内容不完整"),
    (DownloadCancelledError, "超过大小上限"),
    (UnsupportedURLSchemeError, "网址不能用"),
    (DownloadFailedError, "连接中断"),
)
_IGNORED = {
    "Forbidden by robots.txt": "robots.txt 不允许",
    "max redirections": "重定向过多",
    "DOWNLOAD_MAXSIZE": "解压后超过大小上限",
}
_STATUSES = {401: "要登录", 403: "要登录或不许访问", 404: "没有这一页", 410: "网页已撤", 429: "限流"}


def describe(error: BaseException | None) -> str:
    """Why a download failed, in a few words whose beginning reasons.yml knows."""
    if isinstance(error, HttpError):
        return _told_status(error.response)
    if isinstance(error, IgnoreRequest):
        return next((told for part, told in _IGNORED.items() if part in str(error)), redact(str(error)))
    found = tuple(_causes(error))
    for kind, words in _REASONS:
        if any(isinstance(one, kind) for one in found):
            garbled = kind is DownloadFailedError and any(isinstance(one, ValueError) for one in found)
            return _GARBLED if garbled else words
    return redact(f"{type(error).__name__}: {error}")


def _told_status(response: Response) -> str:
    if response.status < 400 and "Location" in response.headers:
        return f"网址不能用（转到 {redact((response.headers['Location'] or b'').decode('latin-1'))[:200]}）"
    words = _STATUSES.get(response.status, "服务器出错" if response.status >= 500 else "")
    asked = (response.headers.get("Retry-After") or b"").decode("latin-1")[:40]
    when = f"{asked} 秒" if asked.isdecimal() else f"到 {asked}"
    told = "，".join(part for part in (words, f"要求等{when}" if asked else "") if part)
    return f"HTTP {response.status}（{told}）" if told else f"HTTP {response.status}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, and those it was made of: Twisted keeps a list of reasons."""
    while error is not None:
        yield error
        for failure in getattr(error, "reasons", ()):
            yield from _causes(failure.value)
        error = error.__cause__
