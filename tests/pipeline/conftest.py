"""A deployment on real parts: its own feed, a home folder, settings for the stores a test asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from pipeline.settings import Settings, load_settings
from schemas.taxonomy.duty import DUTY
from schemas.times import SHANGHAI
from tests.parts.web import WebServer

SOURCE_FILE = '''"""A feed of the test's own web server."""

from crawlers.source import Count, Source
from crawlers.spiders.feed import FeedSpider

SOURCE = Source(
    name="{name}", publisher="云汀论坛", kind="feed", url="{url}", every="10m",
    expect=Count(min={least}, max=500), delay=0.0, timeout=3.0, retries=0, allow_private=True,
)


class TestFeed(FeedSpider):
    """One feed with full texts."""

    source = SOURCE
'''
GAS = (
    "柳浪家园三栋楼道里煤气味很重，谁家漏气了快查一下",
    "柳浪家园三栋煤气味越来越大，头都晕了，燃气公司电话打不通，我的手机13812345678",
    "柳浪家园三栋二单元一股煤气味，怀疑管道漏气",
)
ORDINARY = (
    "请问汀东区图书馆周末几点开门？",
    "广场舞声音太大，孩子没法写作业，希望社区管一管",
    "今天的公交又晚点二十分钟，等得着急",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the test's feed."""

    number: int
    text: str
    at: datetime

    def xml(self, base: str) -> str:
        """The item as RSS."""
        return (
            f"<item><title>{escape(self.text[:18])}</title><link>{base}/t/{self.number}</link>"
            f"<guid>{base}/t/{self.number}</guid><pubDate>{format_datetime(self.at)}</pubDate>"
            f"<description>{escape(self.text)}</description></item>"
        )


@dataclass(slots=True)
class City:
    """A deployment in a folder: a source on the test's web server, and the settings of its home."""

    folder: Path
    web: WebServer
    deployment: Path

    def publish(self, texts: Sequence[str], *, minutes: int = 10, first: int = 1) -> None:
        """Serve the texts as a feed, the last one published just now."""
        now = datetime.now(SHANGHAI).replace(microsecond=0)
        back = [now - timedelta(minutes=minutes * (len(texts) - at)) for at in range(1, len(texts) + 1)]
        items = [
            Item(first + at, text, time) for at, (text, time) in enumerate(zip(texts, back, strict=True))
        ]
        base = self.web.url("").rstrip("/")
        body = "".join(item.xml(base) for item in items)
        channel = f"<channel><title>论坛</title>{body}</channel>"
        rss = f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0">{channel}</rss>'
        self.web.serve("/feed.xml", rss, "application/rss+xml; charset=utf-8")
        self.web.serve("/robots.txt", "User-agent: *\nAllow: /\n", "text/plain")

    def add_source(self, name: str = "yunting_forum", path: str = "/feed.xml", least: int = 1) -> None:
        """Write the source file of a feed."""
        text = SOURCE_FILE.format(name=name, url=self.web.url(path), least=least)
        (self.folder / "sources" / f"{name}.py").write_text(text, encoding="utf-8")

    def settings(self, **given: object) -> Settings:
        """The settings of this deployment; `given` names the stores."""
        named = {
            "home": self.folder / "home",
            "sources": self.folder / "sources",
            "author_key": "test",
            "deployment": self.deployment,
        }
        return load_settings(**(named | given))


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no file of the developer's machine reaches these tests."""
    import os

    for name in [name for name in os.environ if name.startswith("QIANSHAO_")]:
        if name != "QIANSHAO_REQUIRE_PARTS":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def sleepless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deployment whose duty groups want to be woken for everything: tests run at any hour of the day."""
    folder = tmp_path_factory.mktemp("sleepless")
    lines = DUTY.read_text(encoding="utf-8").splitlines(keepends=True)
    awake = [line for line in lines if not line.strip().startswith("night:")]
    (folder / "duty.yml").write_text("".join(awake), encoding="utf-8")
    return folder


@pytest.fixture
def city(tmp_path: Path, web_server: WebServer, sleepless: Path) -> City:
    """A deployment with one feed of three reports of a gas smell among ordinary posts."""
    (tmp_path / "sources").mkdir()
    made = City(tmp_path, web_server, sleepless)
    made.add_source()
    made.publish([ORDINARY[0], GAS[0], ORDINARY[1], GAS[1], GAS[2], ORDINARY[2]])
    return made
