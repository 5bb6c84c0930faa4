"""An Open311 server (GeoReport v2) as a file of JSON lines: windows of days, pages, what changed since."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3
from lxml import etree  # type: ignore[import-untyped]
from urllib3.util import Retry, Timeout

from crawlers.redact import redact
from schemas.errors import ReadError, Where

# GeoReport v2, GET requests: no more than 90 days at once.
WINDOW = timedelta(days=90)
PAGE_SIZE = 100
# Servers that know no pages cut their answer at a round number.
_ROUND = 50
_SHORTEST = timedelta(minutes=1)
# Servers and we may disagree by this on what the same moment is; what comes twice changes nothing.
_OVERLAP = timedelta(minutes=1)
# Seconds before the third try; doubled for each that follows.
BACKOFF = 0.5
_LARGEST = 50_000_000
_RETRIED = (429, 500, 502, 503, 504)
_LISTS = ("requests", "service_requests", "errors")

Params = Mapping[str, str]
# An object of a request; what else a server may put in its place is passed on.
Item = Any


@dataclass(frozen=True, slots=True)
class Server:
    """A server: the address of its API or of its requests.json or requests.xml, and who asks. `patience` is
    the longest wait in seconds that it may ask for."""

    url: str
    jurisdiction: str | None = None
    key: str | None = field(default=None, repr=False)
    patience: int = 120

    @property
    def where(self) -> Where:
        """The address for errors, without a key."""
        return Where(redact(self.url))


@dataclass(frozen=True, slots=True)
class Download:
    """What a download brought: how many requests, the newest time of change among them, and the error that
    cut it short, None where it is whole."""

    rows: int
    newest: datetime | None
    error: ReadError | None


def download(
    server: Server, out: Path, *, start: datetime, since: datetime | None, now: datetime
) -> Download:
    """Write the service requests of a server to a file, one JSON object a line: those made from `start` on,
    or those changed from `since` on. What came before an error is kept.

    To each is added `text`, its description and address, and `closed_datetime`, by the specification the
    time of the last change of a closed one.
    """
    client, seen, newest, error = _Client(server), set[str](), None, None
    found = client.changed(since, now) if since is not None else client.made(start, now)
    with out.open("wb") as file:
        try:
            for item in found:
                if (key := _key(item)) in seen:
                    continue
                seen.add(key)
                file.write(orjson.dumps(_completed(item)) + b"\n")
                at = changed_at(item)
                newest = at if newest is None or (at is not None and at > newest) else newest
        except ReadError as raised:
            error = raised
    return Download(len(seen), newest, error)


def changed_at(item: Item) -> datetime | None:
    """When a request was changed last, in UTC; None where the server does not say so in a way we can read."""
    told = item.get("updated_datetime") if isinstance(item, dict) else None
    try:
        at = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    return None if at is None else (at.replace(tzinfo=at.tzinfo or UTC)).astimezone(UTC)


def _key(item: Item) -> str:
    """The number of a request; what has none, or is none at all, is known by its content."""
    number = item.get("service_request_id") if isinstance(item, dict) else None
    return str(number) if number else orjson.dumps(item).decode()


def _completed(item: Item) -> Item:
    if not isinstance(item, dict):  # put aside by who reads the file
        return item
    description, address = (str(item.get(name) or "").strip() for name in ("description", "address"))
    has_place = not address or address in description
    text = description if has_place else f"{description}\n地址：{address}".strip()
    closed = {"closed_datetime": item.get("updated_datetime")} if item.get("status") == "closed" else {}
    return {**item, "text": text, **closed}


class _Client:
    """Asks one server, patiently."""

    def __init__(self, server: Server) -> None:
        self.server = server
        address = server.url.rstrip("/")
        named = address.endswith((".json", ".xml"))
        self.addresses = [address] if named else [f"{address}/requests.{end}" for end in ("json", "xml")]
        retry = Retry(
            total=4,
            status_forcelist=_RETRIED,
            backoff_factor=BACKOFF,
            backoff_max=server.patience,
            retry_after_max=server.patience,
            raise_on_status=False,
        )
        self.pool = urllib3.PoolManager(
            retries=retry, timeout=Timeout(connect=10, read=60), headers={"User-Agent": "Qianshao/0.1"}
        )
        for logger in ("urllib3.connectionpool", "urllib3.util.retry"):
            logging.getLogger(logger).addFilter(_hide_keys)

    def changed(self, since: datetime, now: datetime) -> Iterator[Item]:
        """The requests changed from `since` on. Of a server that does not know `updated_after`, which is no
        part of the core specification, those made in the 90 days before and later."""
        since -= _OVERLAP
        for items in self._pages({"updated_after": _written(since)}):
            times = [at for item in items if (at := changed_at(item)) is not None]
            if any(at < since for at in times):
                yield from self.made(since - WINDOW, now)
                return
            yield from items

    def made(self, start: datetime, now: datetime) -> Iterator[Item]:
        """The requests made from `start` on, window by window."""
        while start < now:
            end = min(start + WINDOW, now)
            yield from self._window(start, end)
            start = end

    def _window(self, start: datetime, end: datetime) -> Iterator[Item]:
        pages = list[list[Item]]()
        for items in self._pages({"start_date": _written(start), "end_date": _written(end)}):
            pages.append(items)
            yield from items
        if len(pages) != 1 or len(pages[0]) % _ROUND:
            return
        # One page of a round number: there may be more than this server tells at once.
        if end - start <= _SHORTEST:
            raise ReadError(self.server.where, "一分钟内的工单", len(pages[0]), "服务器一次答得完的条数")
        middle = start + (end - start) / 2
        yield from self._window(start, middle)
        yield from self._window(middle, end)

    def _pages(self, params: Params) -> Iterator[list[Item]]:
        """The pages that bring something new; a server without pages answers the first again."""
        seen = set[str]()
        for page in count(1):
            items = self._ask({**params, "page": str(page), "page_size": str(PAGE_SIZE)})
            fresh = [item for item in items if _key(item) not in seen]
            if not fresh:
                return
            seen.update(map(_key, fresh))
            yield fresh

    def _ask(self, params: Params) -> list[Item]:
        given = {"jurisdiction_id": self.server.jurisdiction, "api_key": self.server.key, **params}
        query = urlencode({name: value for name, value in given.items() if value})
        while True:
            address = self.addresses[0]
            status, body = self._get(f"{address}{'&' if urlsplit(address).query else '?'}{query}")
            # A server may speak XML only; it is found out once.
            if status in {404, 406, 415} and len(self.addresses) > 1:
                self.addresses.pop(0)
                continue
            items = _read(body, address.endswith(".xml"), self.server.where, status)
            self.addresses = [address]
            return items

    def _get(self, url: str) -> tuple[int, bytes]:
        try:
            answer = self.pool.request("GET", url, preload_content=False)
            body = answer.read(_LARGEST + 1, decode_content=True)
            answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise ReadError(
                self.server.where, "连接", redact(_reason(error)), "答得出的 Open311 服务器"
            ) from error
        if len(body) > _LARGEST:
            raise ReadError(self.server.where, "回答", f"超过 {_LARGEST} 字节", "分页的回答")
        return answer.status, body


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    inner = getattr(error, "reason", None) or error
    return str(inner).rpartition(": ")[2] or type(inner).__name__


def _hide_keys(record: logging.LogRecord) -> bool:
    """Keep keys out of the log, and the tries that fail out of the sight of who did not ask for details."""
    record.msg, record.args = redact(record.getMessage()), ()
    return record.levelno != logging.WARNING or logging.getLogger().isEnabledFor(logging.DEBUG)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(body: bytes, is_xml: bool, where: Where, status: int) -> list[Item]:
    """The items of an answer. Raises ReadError with what the server says where it refuses."""
    try:
        items = _items_of_xml(body) if is_xml else _items_of_json(body)
    except (etree.XMLSyntaxError, ValueError, TypeError) as error:
        shown = body[:60].decode("utf-8", "replace")
        raise ReadError(where, f"回答（HTTP {status}）", shown, "GeoReport v2 的 JSON 或 XML") from error
    if status != 200:
        told = (
            "；".join(str(item.get("description", "")) for item in items if isinstance(item, dict))
            or f"HTTP {status}"
        )
        raise ReadError(where, f"HTTP {status}", told[:200], "200")
    return items


def _items_of_json(body: bytes) -> list[Item]:
    found = orjson.loads(body)
    if isinstance(found, dict):
        found = next((found[name] for name in _LISTS if name in found), None)
    if not isinstance(found, list):
        raise TypeError(type(found).__name__)
    return found


def _items_of_xml(body: bytes) -> list[Item]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(body, parser)
    if etree.QName(root).localname not in _LISTS:
        raise ValueError(root.tag)
    return [
        {etree.QName(one).localname: (one.text or "").strip() for one in item.iterchildren("*")}
        for item in root
    ]
