"""Keys of sources: sent to the source's own host only, and found nowhere else afterwards."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crawlers.discovery import discover_sources
from crawlers.keys import keys_of, missing_keys, require_keys
from crawlers.rsshub import is_route
from crawlers.source import Count, Key, Source, check_source
from dags.keys import source_keys
from pipeline.settings import load_settings
from schemas.errors import ReadError, Where
from tests.parts.web import WebServer

HEADER, PARAM, COOKIE = "hush-header-1", "hush/param+2", "hush-cookie-3"
SECRETS = (HEADER, PARAM, COOKIE, "hush%2Fparam%2B2", "hush%2Fparam", "hush-")
VARIABLES = {
    "QIANSHAO_SOURCE_DEMO_TOKEN": HEADER,
    "QIANSHAO_SOURCE_DEMO_KEY": PARAM,
    "QIANSHAO_SOURCE_DEMO_COOKIE": COOKIE,
    "QIANSHAO_SOURCE_OTHER": "of-another-source",
}
NEEDS = (
    "(Key('demo_token', header='Authorization', form='Bearer {}'), Key('demo_key', param='key'), "
    "Key('demo_cookie', header='Cookie', form='sid={}'))"
)
POST = "<h1>{}</h1><i class='t'>2026-01-31 08:00</i><div id='b'>停水通知。{}</div>"
ECHO = f"{HEADER} {PARAM} sid={COOKIE} hush%2Fparam%2B2"
FILE = """\
\"\"\"A source with keys.\"\"\"
import logging
from crawlers.source import Count, Key, Source
from crawlers.spiders.pages import PagesSpider
logging.getLogger().setLevel(logging.DEBUG)
logging.getLogger().addHandler(logging.FileHandler({log!r}))
SOURCE = Source("demo_keys", "测试", "pages", {url!r}, "1h", Count(1, 9), delay=0, retries=1, retry_wait=0.05,
    timeout=2.0, needs={needs})
class Demo(PagesSpider):
    source = SOURCE
    items_css, time_css, body_css = "li", ".t", "#b"
"""


SITE, OTHER = "http://news.example", "http://other.example"


def fill(web: WebServer) -> None:
    """A site that repeats every key it is given and leads elsewhere; the server is asked as a proxy."""
    hrefs = ("/1", "/gone", "/bare", "/turn", "/same", "/slow", f"{OTHER}/away")
    listing = "".join(f"<li><a href='{href}'>x</a></li>" for href in hrefs)
    key = "key=hush%2Fparam%2B2"
    web.serve(f"{SITE}/robots.txt", "User-agent: *\n", "text/plain")
    for path, body in (("/list", f"<ul>{listing}</ul>{ECHO}"), ("/1", POST.format("一", ECHO))):
        web.serve(f"{SITE}{path}?{key}", body, etag='"e"', headers={"X-Echo": ECHO})
    web.serve(f"{SITE}/gone?{key}", f"没有 {ECHO}", status=404)
    web.serve(f"{SITE}/bare?{key}", f"<h1></h1>{ECHO}")
    web.serve(f"{SITE}/turn?{key}", "", status=302, headers={"Location": f"{OTHER}/away2"})
    web.serve(f"{SITE}/same?{key}", "", status=302, headers={"Location": f"/2?{key}&token={HEADER}"})
    web.serve(f"{SITE}/2?{key}&token=%2A%2A%2A", POST.format("二", ""))
    web.serve(f"{SITE}/slow?{key}", "", behaviour="hang")
    for path in ("/away", "/away2"):
        web.serve(f"{OTHER}{path}", POST.format("外", ""))


def run_cli(
    home: Path, web: WebServer, *arguments: str, variables: Mapping[str, str] = VARIABLES
) -> tuple[int, str]:
    """The exit code of a command, and all it printed."""
    settings = {"QIANSHAO_HOME": str(home / "var"), "QIANSHAO_SOURCES": str(home / "sources")}
    settings["http_proxy"] = web.url("/")
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    command = [sys.executable, "-m", "pipeline.cli.main", *arguments]
    found = subprocess.run(
        command, env={**kept, **settings, **variables}, capture_output=True, timeout=180, check=False
    )
    return found.returncode, (found.stdout + found.stderr).decode("utf-8", "replace")


def write(home: Path) -> None:
    (home / "sources").mkdir(exist_ok=True)
    (home / "sources" / "demo_keys.py").write_text(
        FILE.format(url=f"{SITE}/list", needs=NEEDS, log=str(home / "debug.log")), encoding="utf-8"
    )


def leaks(*texts: str) -> list[str]:
    return [secret for secret in SECRETS for text in texts if secret in text]


def leaking_files(folder: Path) -> list[str]:
    """Files that hold a key, packed ones unpacked."""
    found = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
        if any(secret.encode() in data for secret in SECRETS):
            found.append(path.name)
    return found


@pytest.mark.slow
def test_keys_reach_the_source_alone_and_stay_nowhere(tmp_path: Path, web_server: WebServer) -> None:
    fill(web_server)
    write(tmp_path)

    code, tried = run_cli(tmp_path, web_server, "sources", "try", "demo_keys", "--json", "--size", "9")
    assert code == 3, tried
    shown = json.loads(tried[tried.index("{") : tried.rindex("}") + 1])
    assert {record["title"] for record in shown["records"]} == {"一", "二", "外"}
    to_site = [(path, headers) for path, headers in web_server.requests if path.startswith(SITE)]
    for path, headers in to_site:
        if not path.endswith("/robots.txt"):
            told = (headers["Authorization"], headers["Cookie"], "key=hush%2Fparam%2B2" in path)
            assert told == (f"Bearer {HEADER}", f"sid={COOKIE}", True)

    ran = run_cli(tmp_path, web_server, "run", "--source", "demo_keys")[1]
    save = ("sources", "save", "demo_keys")
    saved = [run_cli(tmp_path, web_server, *save, f"{SITE}{path}")[1] for path in ("/list", "/1", "/gone")]
    again = run_cli(tmp_path, web_server, "run", "--source", "demo_keys")[1]
    # Others are asked without any of it: neither by a link nor by a redirect.
    elsewhere = [(path, headers) for path, headers in web_server.requests if path.startswith(OTHER)]
    assert {path.removeprefix(OTHER) for path, _ in elsewhere} >= {"/away", "/away2"}
    assert not leaks(json.dumps(elsewhere))
    assert not leaks(tried, ran, again, *saved)
    assert (tmp_path / "sources" / "goldens" / "demo_keys" / "list.html").exists()
    assert "Crawled (200)" in (tmp_path / "debug.log").read_text("utf-8")
    assert not leaking_files(tmp_path)


@pytest.mark.slow
def test_a_source_without_its_key_is_not_collected_and_named_without_showing_any(
    tmp_path: Path, web_server: WebServer
) -> None:
    fill(web_server)
    write(tmp_path)
    some = {"QIANSHAO_SOURCE_DEMO_KEY": PARAM, "QIANSHAO_SOURCE_DEMO_TOKEN": HEADER}
    code, checked = run_cli(tmp_path, web_server, "sources", "check", "--json", variables=some)
    assert code == 1
    assert "demo_keys：缺少密钥 QIANSHAO_SOURCE_DEMO_COOKIE，不采集" in checked
    code, told = run_cli(tmp_path, web_server, "doctor", "--json", variables=some)
    assert code == 1
    assert "来源 demo_keys 的密钥" in told
    assert "QIANSHAO_SOURCE_DEMO_COOKIE 未设" in told
    code, tried = run_cli(tmp_path, web_server, "sources", "try", "demo_keys", variables=some)
    assert (code, "QIANSHAO_SOURCE_DEMO_COOKIE" in tried) == (2, True)
    assert not leaks(checked, told, tried)
    assert web_server.requests == []


def test_keys_come_from_variables_secret_files_or_the_settings_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "qianshao_source_demo_key").write_text("from-a-file\n")
    (folder / "qianshao_source_demo_token").write_text("from-a-file\n")
    monkeypatch.setenv("QIANSHAO_SECRETS", str(folder))
    monkeypatch.setenv("QIANSHAO_SOURCE_DEMO_TOKEN", "from-a-variable")
    settings = load_settings(source_keys={"demo_cookie": "from-a-connection"})
    assert "from-a" not in repr(settings)
    assert settings.crawl_variables() == {
        "QIANSHAO_SOURCE_DEMO_KEY": "from-a-file",
        "QIANSHAO_SOURCE_DEMO_TOKEN": "from-a-variable",
        "QIANSHAO_SOURCE_DEMO_COOKIE": "from-a-connection",
    }


def test_a_connection_of_airflow_gives_the_key_that_a_source_names(tmp_path: Path) -> None:
    write(tmp_path)
    connections: dict[str, Any] = {
        "qianshao_source_demo_token": SimpleNamespace(password=HEADER),
        "qianshao_source_else": SimpleNamespace(password=COOKIE),
    }
    found = source_keys(connections.get, tmp_path / "sources")
    assert found == {"source_keys": {"demo_token": HEADER}}
    assert source_keys(lambda _name: None, tmp_path / "sources") == {}


def test_no_shipped_source_that_needs_a_key_is_on_by_default() -> None:
    needy = [source for source in discover_sources() if source.needs or is_route(source)]
    assert needy
    assert not [source.name for source in needy if source.enabled]


SOURCE = Source("demo_keys", "测试", "feed", "http://demo.example/", "1h", Count(0, 9))


@pytest.mark.parametrize(
    "key",
    [
        Key("Demo"), Key("demo"), Key("demo", header="A", param="b"), Key("demo", header="A b"),
        Key("demo", header="A", form="x"), Key("demo", header="A", form="{}{}"),
        Key("demo", header="A", form="{}\n"), Key("", header="A"), "demo",
    ],
)  # fmt: skip
def test_a_key_that_says_not_where_it_goes_is_refused(key: Key) -> None:
    with pytest.raises(ReadError, match=r"SOURCE\.needs"):
        check_source(replace(SOURCE, needs=(key,)), Where("demo_keys.py"))


@pytest.mark.parametrize("value", ["", "  ", "short", "with\nline", "中文密钥中文"])
def test_a_value_that_can_be_no_key_is_refused_without_showing_it(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIANSHAO_SOURCE_DEMO", value)
    with pytest.raises(ReadError, match="QIANSHAO_SOURCE_DEMO") as told:
        require_keys(replace(SOURCE, needs=(Key("demo", header="A"),)))
    assert not value.strip() or value not in str(told.value)


def test_the_hub_has_its_key_only_where_one_is_set() -> None:
    hub = replace(SOURCE, url="rsshub:/hot")
    assert keys_of(hub, {}) == ()
    assert [key.param for key in keys_of(hub, {"QIANSHAO_RSSHUB_KEY": "hush"})] == ["key"]
    assert missing_keys(hub, {}) == ()
