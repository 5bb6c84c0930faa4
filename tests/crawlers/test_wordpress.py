"""Everything that a real WordPress publishes is collected, once, by feed, list pages and sitemap."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from crawlers.run import CrawlResult, crawl_in_subprocess
from pipeline.dev.service import PartMissingError
from schemas.codec import decode
from schemas.errors import Where
from schemas.records import RawPost
from tests.conftest import miss
from tests.crawlers.kills import KILLS, POSTS, collect_through_kills
from tests.crawlers.wordpress_sources import feed_source, pages_source, sitemap_source
from tests.parts.articles import Article, write_articles, write_pages
from tests.parts.wordpress import WordPress, install_wordpress

pytestmark = pytest.mark.slow
PAGES = 12


@dataclass(frozen=True, slots=True)
class Site:
    """A WordPress and what is published on it, by address."""

    wordpress: WordPress
    posts: dict[str, Article]
    pages: dict[str, Article]
    numbers: dict[str, int]

    def within(self, part: str) -> frozenset[str]:
        """The addresses of posts that hold a text."""
        return frozenset(url for url in self.posts if part in url)

    def filed_under(self, category: str) -> frozenset[str]:
        """The addresses of the posts of a category."""
        return frozenset(url for url, post in self.posts.items() if post.category == category)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A WordPress with 2,000 posts, and some pages without a date."""
    posts, pages = write_articles(POSTS), write_pages(PAGES)
    wordpress = _started()
    try:
        published = wordpress.publish_articles([*posts, *pages])
        urls = [url for _, url in published]
        numbers = {url: number for number, url in published}
        by_address = dict(zip(urls, [*posts, *pages], strict=True))
        dated = {url: article for url, article in by_address.items() if article.published_at}
        undated = {url: article for url, article in by_address.items() if not article.published_at}
        assert (len(dated), len(undated)) == (POSTS, PAGES)
        yield Site(wordpress, dated, undated, numbers)
    finally:
        wordpress.remove()


def _started() -> WordPress:
    try:
        wordpress = install_wordpress()
        wordpress.start()
    except PartMissingError as error:
        miss(str(error))
    return wordpress


@pytest.fixture
def crawl(tmp_path: Path) -> Callable[[str], CrawlResult]:
    """Crawls a source once and notes what was read as done, as a deployment does."""

    def run(text: str) -> CrawlResult:
        name = text.partition('name="')[2].partition('"')[0]
        folder = tmp_path / "sources"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
        result = crawl_in_subprocess(name, tmp_path / "out", tmp_path / "state", folder, 300)
        assert result.exit_code == 0, result.log_tail
        result.commit()
        return result

    return run


def read(result: CrawlResult) -> dict[str, RawPost]:
    """The records by address; each address once."""
    assert result.records is not None
    lines = result.records.read_bytes().splitlines()
    found = {post.origin.url or "": post for post in (decode(RawPost, line, Where("x")) for line in lines)}
    assert len(found) == len(lines)
    return found


def assert_told(record: RawPost, article: Article) -> None:
    """That a record says what its article says: title, time, every sentence, no markup."""
    assert record.title == article.title
    assert record.origin.published_at == article.published_at
    for sentence in article.told:
        assert sentence in record.body
    assert "<" not in record.body
    assert "wp:" not in record.body


def test_posts_are_all_there_and_none_twice_after_twenty_kills(site: Site, tmp_path: Path) -> None:
    text = feed_source(site.wordpress.url(""))
    told = collect_through_kills(tmp_path, "wordpress_feed", text, posts=POSTS, kills=KILLS)
    assert told.posts == site.posts.keys()
    assert (told.records, told.aside) == (POSTS, 0)
    # A kill that comes too late hits nothing, and the crawl ends by itself.
    assert told.kills == KILLS


def test_the_feed_gives_title_time_and_text_of_every_post(
    site: Site, crawl: Callable[[str], CrawlResult]
) -> None:
    category = next(iter(site.posts.values())).category
    path = f"/category/{category}/feed/"
    found = read(crawl(feed_source(site.wordpress.url(""), path)))
    assert found.keys() == site.filed_under(category)
    for url, record in found.items():
        assert_told(record, site.posts[url])
        assert record.extra["category"] == category


def test_list_pages_lead_to_every_post_through_kills_and_end_at_what_is_known(
    site: Site, tmp_path: Path, crawl: Callable[[str], CrawlResult]
) -> None:
    category = next(iter(site.posts.values())).category
    text = pages_source(site.wordpress.url(""), f"/category/{category}/")
    wanted = site.filed_under(category)
    told = collect_through_kills(tmp_path / "killed", "wordpress_pages", text, posts=len(wanted), kills=3)
    assert told.posts == wanted
    assert (told.records, told.aside, told.kills) == (len(wanted), 0, 3)

    # Two list pages; the next time the first is looked at, and no post is asked for again.
    text = pages_source(site.wordpress.url(""), "/2026/01/05/")
    found = read(crawl(text))
    assert found.keys() == site.within("/2026/01/05/")
    for url, record in found.items():
        assert_told(record, site.posts[url])
    second = crawl(text)
    assert second.stats is not None
    assert (second.stats.records, second.stats.fetched, second.stats.known) == (0, 1, 20)


def test_a_sitemap_index_leads_to_posts_and_to_pages_without_a_date(
    site: Site, crawl: Callable[[str], CrawlResult]
) -> None:
    found = read(crawl(sitemap_source(site.wordpress.url(""), "/2026/02/2[0-3]/")))
    days = (site.within(f"/2026/02/{day}/") for day in range(20, 24))
    assert found.keys() == frozenset().union(*days)
    for url, record in found.items():
        assert_told(record, site.posts[url])

    text = sitemap_source(site.wordpress.url(""), "%e4%be%bf%e6%b0%91")  # 便民, as addresses spell it
    undated = read(crawl(text.replace('    time_css = "time.published::attr(datetime)"\n', "")))
    assert undated.keys() == site.pages.keys()
    for url, record in undated.items():
        assert_told(record, site.pages[url])


def test_an_edited_post_is_a_new_revision_of_the_same_record(
    site: Site, crawl: Callable[[str], CrawlResult]
) -> None:
    path = f"/category/{next(iter(site.posts.values())).category}/feed/"
    text = feed_source(site.wordpress.url(""), path)
    before = read(crawl(text))
    newest = max(before, key=lambda url: site.numbers[url])
    told = f"{site.posts[newest].markup}<p>更新：已于二十二时恢复。</p>"
    site.wordpress.publish([{"ID": site.numbers[newest], "post_content": told}])
    changed = read(crawl(text))
    assert changed.keys() == {newest}
    now, then = changed[newest], before[newest]
    assert "更新：已于二十二时恢复。" in now.body
    assert now.origin.id == then.origin.id
    assert now.origin.revision != then.origin.revision
