"""robots.txt as RFC 9309 has it: what a site forbids, and what its silence means."""

from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError, IgnoreRequest
from scrapy.http import Request, Response
from scrapy.utils.httpobj import urlparse_cached

from crawlers.failures import describe

UNREACHABLE = "robots.txt 取不到"
_TOO_MANY_REQUESTS = 429


class StrictRobots(RobotsTxtMiddleware):
    """Scrapy's reading of robots.txt, but a server that cannot give it forbids all (2.3.1.4), and one that
    has none (4xx, redirects without end) forbids nothing (2.3.1.3)."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unreachable: dict[str, str] = {}

    async def process_request(self, request: Request, spider: object = None) -> None:  # noqa: ARG002
        """Raise IgnoreRequest for an address that must not be asked for."""
        await super().process_request(request)
        reason = self._unreachable.get(urlparse_cached(request).netloc)
        if reason and not request.meta.get("dont_obey_robotstxt"):
            told = f"{UNREACHABLE}（{reason}）"
            raise IgnoreRequest(told)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        status = response.status
        if status >= 500 or status == _TOO_MANY_REQUESTS:
            self._unreachable[netloc] = f"HTTP {status}"
        # A page that says 找不到 is no robots.txt, whatever stands in it.
        told = response if status < 400 else response.replace(body=b"")
        await super()._parse_robots(told, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        # Of a host that is not there the page itself says so.
        if not isinstance(exc, (IgnoreRequest, CannotResolveHostError, DownloadConnectionRefusedError)):
            self._unreachable[netloc] = describe(exc)
        super()._robots_error(exc, netloc)
