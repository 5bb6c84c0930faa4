"""Keeps crawls on the public internet: no request, redirect or name may lead to a private address."""

import ipaddress
import socket
from collections.abc import Sequence
from typing import ClassVar, Self
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.http import Request
from scrapy.resolver import CachingThreadedResolver
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

PRIVATE = "地址在内部网络，来源未获准"
UNUSABLE = "网址不能用"


class PublicResolver(CachingThreadedResolver):
    """Resolves names, and refuses those that lead to an address that is not public.

    The check is made on the very address that is connected to, so that a name cannot change in between. The
    configured proxy and the deployment's RSSHub may be private: they are ours.
    """

    # Twisted drops what a resolver says about a failure, so the middleware looks here.
    refused: ClassVar[set[str]] = set()
    trusted: ClassVar[set[str]] = set()

    def __init__(self, reactor: ReactorBase, cache_size: int, timeout: float) -> None:
        super().__init__(reactor, cache_size, timeout)
        self._proxies = {urlsplit(url).hostname for url in getproxies().values()}

    # The name is Twisted's.
    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> "Deferred[str]":  # noqa: N802
        """The public IPv4 address of a name; fails with DNSLookupError for any other."""
        found = super().getHostByName(name, timeout)
        return found if name in self._proxies | self.trusted else found.addCallback(self._public, name)

    def _public(self, address: str, name: str) -> str:
        if not is_public(address):
            self.refused.add(name)
            raise DNSLookupError(PRIVATE)
        return address


class PublicNetworkOnly:
    """Refuses addresses written as numbers, and says why a name was refused.

    `trusted` is the address of a site that may be private: its host and port are asked, no others there.
    """

    def __init__(self, trusted: str | None) -> None:
        self.trusted = None if trusted is None else _host_and_port(trusted)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The middleware; the trusted host is told to the resolver too, which Scrapy makes by itself."""
        found = cls(crawler.settings["QIANSHAO_TRUSTED"])
        PublicResolver.trusted.update({found.trusted[0]} if found.trusted else ())
        return found

    def process_request(self, request: Request) -> None:
        """Raise IgnoreRequest for a private address; redirects and robots.txt pass here too."""
        try:
            host, port = _host_and_port(request.url)
        except ValueError as error:
            raise IgnoreRequest(UNUSABLE) from error
        if self.trusted == (host, port):
            return
        address = written_address(host)
        inside = host == "localhost" or host.endswith(".localhost") or (address and not is_public(address))
        # Other ports of the trusted host are other services: a database, a search server.
        if inside or (self.trusted is not None and self.trusted[0] == host):
            raise IgnoreRequest(PRIVATE)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """A refused name is final: without this it would be tried again as one that was not found."""
        if (
            isinstance(exception, CannotResolveHostError)
            and urlparse_cached(request).hostname in PublicResolver.refused
        ):
            raise IgnoreRequest(PRIVATE) from exception


def _host_and_port(url: str) -> tuple[str, int | None]:
    """The host and the port of an address; http and https of one site count as the same."""
    parts = urlsplit(url)
    return parts.hostname or "", None if parts.port in {None, 80, 443} else parts.port


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    found = ipaddress.ip_address(address)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_global and not found.is_multicast


def written_address(host: str) -> str | None:
    """The IP address that a host is when it is no name, in every spelling that systems accept.

    >>> written_address("127.1"), written_address("0x7f000001"), written_address("people.com.cn")
    ('127.0.0.1', '127.0.0.1', None)
    """
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None
