"""Tries again with growing pauses, or after the pause the server asks for."""

import asyncio
import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy import Spider
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Request, Response
from scrapy.settings import BaseSettings


class BackoffRetry(RetryMiddleware):
    """Scrapy's retry with a pause before each try: RETRY_WAIT seconds, doubled each time, or Retry-After;
    RETRY_LONGEST seconds at most. A server that asks for more is left alone until the next crawl."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self.wait = settings.getfloat("RETRY_WAIT")
        self.longest = settings.getfloat("RETRY_LONGEST")

    async def process_response(  # type: ignore[override]  # Scrapy awaits it
        self,
        request: Request,
        response: Response,
        spider: Spider | None = None,  # noqa: ARG002 - the signature is Scrapy's
    ) -> Request | Response:
        """The response, or after a pause the request again."""
        asked = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        if asked > self.longest:
            return response
        result = super().process_response(request, response)
        if isinstance(result, Request):
            await self._pause(result, asked)
        return result

    async def process_exception(  # type: ignore[override]
        self,
        request: Request,
        exception: Exception,
        spider: Spider | None = None,  # noqa: ARG002
    ) -> Request | Response | None:
        """After a pause the request again, None once it was tried often enough."""
        result = super().process_exception(request, exception)
        if isinstance(result, Request):
            await self._pause(result, 0.0)
        return result

    async def _pause(self, again: Request, asked: float) -> None:
        grown = self.wait * 2 ** (again.meta["retry_times"] - 1)
        await asyncio.sleep(min(self.longest, max(asked, grown)))


def retry_after(header: bytes | None, now: datetime) -> float:
    """The seconds a Retry-After header asks for, by number or date (RFC 9110 10.2.3); 0 for none."""
    text = (header or b"").decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return 0.0
    except OverflowError:  # beyond the year 9999
        return math.inf
    return max(0.0, (at - now).total_seconds())
