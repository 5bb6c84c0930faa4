"""What the HTTP cache keeps when the crawl is killed while it writes."""

from pathlib import Path

import pytest
from scrapy import Spider
from scrapy.http import Request, Response
from scrapy.settings import Settings
from scrapy.utils.test import get_crawler

from crawlers.cache import WholeStorage

URL = "http://demo.example/feed"


class Killed(Response):
    """A response during whose writing the process ends: its headers are out, its body is not."""

    @property
    def body(self) -> bytes:
        raise KeyboardInterrupt


@pytest.fixture
def spider() -> Spider:
    crawler = get_crawler(Spider)
    made = Spider("demo")
    made.crawler = crawler
    return made


@pytest.fixture
def storage(tmp_path: Path, spider: Spider) -> WholeStorage:
    kept = WholeStorage(Settings({"HTTPCACHE_DIR": str(tmp_path)}))
    from scrapy.utils.request import RequestFingerprinter

    spider.crawler.request_fingerprinter = RequestFingerprinter(spider.crawler)
    kept.open_spider(spider)
    return kept


def test_a_page_that_was_not_written_whole_is_no_page(storage: WholeStorage, spider: Spider) -> None:
    request = Request(URL)
    storage.store_response(spider, request, Response(URL, headers={"ETag": '"old"'}, body=b"old"))
    kept = storage.retrieve_response(spider, request)
    assert kept is not None
    assert (kept.body, kept.headers["ETag"]) == (b"old", b'"old"')

    killed = Killed(URL, headers={"ETag": '"new"'})
    with pytest.raises(KeyboardInterrupt):
        storage.store_response(spider, request, killed)
    # Under the new ETag the old body would be taken for unchanged.
    assert storage.retrieve_response(spider, request) is None

    storage.store_response(spider, request, Response(URL, headers={"ETag": '"new"'}, body=b"new"))
    again = storage.retrieve_response(spider, request)
    assert again is not None
    assert again.body == b"new"
