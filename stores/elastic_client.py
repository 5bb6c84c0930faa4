"""The connection to Elasticsearch, and its many errors as one clear line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from elastic_transport import ConnectionError as NoConnection
from elastic_transport import ConnectionTimeout, TlsError, TransportError
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError
from elasticsearch.serializer import OrjsonSerializer

from stores.errors import StoreRefusedError, StoreUnavailable

# The request was fine; the server was too busy, blocked (a full disk) or on its way down.
BUSY = (408, 429, 500, 502, 503, 504)


def connect(
    url: str,
    *,
    api_key: str | None,
    user: str | None,
    password: str | None,
    ca_file: str | None,
    verify: bool,
    timeout: float,
) -> tuple[Elasticsearch, str]:
    """A client, and the URL as it may be shown. A user in the URL counts where none is given beside it."""
    parts = urlsplit(url)
    bare = parts.netloc.rpartition("@")[2]
    shown = urlunsplit(parts._replace(netloc=bare))
    if user is None and parts.username is not None:
        user, password = unquote(parts.username), unquote(parts.password or "")
    tls: dict[str, Any] = {"verify_certs": verify, "ca_certs": ca_file, "ssl_show_warn": False}
    try:
        client = Elasticsearch(
            shown,
            api_key=api_key,
            basic_auth=None if user is None else (user, password or ""),
            request_timeout=timeout,
            max_retries=3,
            retry_on_timeout=True,
            serializer=OrjsonSerializer(),
            **(tls if parts.scheme == "https" else {}),
        )
    except ValueError as error:
        reason = f"Elasticsearch 地址 {shown} 写法不对：{error}"
        raise StoreUnavailable(reason) from error
    return client, shown


@contextmanager
def clear_errors(shown: str) -> Iterator[None]:
    """Turn the client's errors into StoreUnavailable (try again later) or StoreRefusedError (do not)."""
    try:
        yield
    except TransportError as error:
        reason = f"连不上 Elasticsearch {shown}：{_transport_reason(error)}"
        raise StoreUnavailable(reason) from error
    except UnsupportedProductError as error:
        reason = f"{shown} 不是 Elasticsearch 9：{error.message}"
        raise StoreUnavailable(reason) from error
    except ApiError as error:
        reason = api_reason(error)
        if error.status_code in {401, 403}:
            line = f"Elasticsearch {shown} 拒绝访问，请检查账号与权限：{reason}"
            raise StoreUnavailable(line) from error
        if error.status_code in BUSY:
            line = f"Elasticsearch {shown} 暂时不能服务：{error.status_code} {reason}"
            raise StoreUnavailable(line) from error
        line = f"Elasticsearch {shown} 不接受：{error.status_code} {reason}"
        raise StoreRefusedError(line) from error


def api_reason(error: ApiError) -> str:
    """The server's words for its no."""
    body = error.body
    cause = body.get("error") if isinstance(body, dict) else None
    return error_reason(cause) if isinstance(cause, dict) else str(error.message)


def error_reason(cause: dict[str, object]) -> str:
    """The type and the innermost reason of an error object.

    >>> error_reason({"type": "a", "reason": "outer", "caused_by": {"type": "b", "reason": "inner"}})
    'a: outer; b: inner'
    """
    line = f"{cause.get('type')}: {cause.get('reason')}"
    inner = cause.get("caused_by")
    return f"{line}; {error_reason(inner)}" if isinstance(inner, dict) else line


def _transport_reason(error: TransportError) -> str:
    if isinstance(error, ConnectionTimeout):
        return "超时没有回答 (timed out)"
    if isinstance(error, TlsError):
        return f"TLS 证书不被信任或握手失败：{error.message}"
    if isinstance(error, NoConnection):
        return str(error.message)
    return f"{type(error).__name__}: {error.message}"
