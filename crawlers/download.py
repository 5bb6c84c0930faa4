"""Downloads as Scrapy does, but heads are bounded too and what is packed wrongly is refused."""

import zlib

import brotli  # type: ignore[import-untyped]
from backports.zstd import ZstdError
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import Request, Response
from scrapy.utils._compression import _DecompressionMaxSizeExceeded
from twisted.internet.interfaces import IAddress
from twisted.python.failure import Failure
from twisted.web._newclient import HEADER, STATUS, HTTP11ClientProtocol

from crawlers.failures import BrokenPackingError, HeadTooLargeError
from crawlers.keys import KeyRing

# Sound servers send a few kilobytes; Chromium and nginx stop at a quarter of a megabyte.
_LARGEST_HEAD = 256 * 1024
_BROKEN = (zlib.error, brotli.error, ZstdError, EOFError, OSError)


class BoundedClient(_LenientHTTP11ClientProtocol):
    """Twisted's client, which by itself keeps heads of any length: those are given up here."""

    _head = 0

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - the name is Twisted's
        """Read on, unless the head has grown too long."""
        parser = self._parser
        in_head = parser is not None and parser.state in {STATUS, HEADER}
        self._head = self._head + len(data) if in_head else 0
        if parser is not None:
            parser.MAX_LENGTH = _LARGEST_HEAD
        super().dataReceived(data)  # type: ignore[no-untyped-call]
        if self._head > _LARGEST_HEAD and parser is not None and parser.state in {STATUS, HEADER}:
            self._giveUp(Failure(HeadTooLargeError(self._head)))  # type: ignore[no-untyped-call]


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:  # noqa: ARG002, N802
        return BoundedClient(self._quiescentCallback)  # type: ignore[no-untyped-call]


class DownloadHandler(HTTP11DownloadHandler):
    """Scrapy's handler with bounded heads. A source's keys are known here only: what logs, caches, records
    and quarantine see of a request and its response is without them."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _Factory  # noqa: SLF001 - the only way in
        self._keys: KeyRing | None = None

    async def download_request(self, request: Request) -> Response:
        """The response to a request, with the source's keys where it goes to the source."""
        if self._keys is None:
            self._keys = KeyRing(self.crawler.spider.source)  # type: ignore[union-attr]
        sent = self._keys.dress(request)
        if sent is request:
            return await super().download_request(request)
        try:
            response = await super().download_request(sent)
        except Exception as error:
            self._keys.scrub_error(error)
            raise
        request.meta["download_latency"] = sent.meta["download_latency"]
        return self._keys.undress(response, request)


class Unpacking(HttpCompressionMiddleware):
    """Scrapy's unpacking; a body that is cut short, broken or packed in an unknown way is a failure."""

    def process_response(
        self,
        request: Request,
        response: Response,
        spider: object = None,  # noqa: ARG002 - the signature is Scrapy's
    ) -> Request | Response:
        """The unpacked response. Raises BrokenPackingError, or IgnoreRequest where it grows too large."""
        try:
            found = super().process_response(request, response)
        except _BROKEN as error:
            raise BrokenPackingError(str(error)) from error
        if isinstance(found, Response) and "Content-Encoding" in found.headers and found.body:
            raise BrokenPackingError(found.headers["Content-Encoding"])
        return found

    @staticmethod
    def _decode(body: bytes, encoding: bytes, max_size: int) -> bytes:
        """Scrapy's gunzip gives what there is of a stream that is cut short."""
        if encoding in {b"gzip", b"x-gzip"}:
            return unpack_gzip(body, max_size)
        return HttpCompressionMiddleware._decode(body, encoding, max_size)  # noqa: SLF001


def unpack_gzip(data: bytes, limit: int) -> bytes:
    """A whole gzip stream. Raises zlib.error for a broken one, EOFError for one cut short."""
    unpacker = zlib.decompressobj(wbits=31)
    found = unpacker.decompress(data, limit)
    if unpacker.eof:
        return found
    if len(found) >= limit:
        raise _DecompressionMaxSizeExceeded(len(found), limit)
    raise EOFError(len(found))
