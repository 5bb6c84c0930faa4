"""The real parts do what the other tests rely on."""

import http.client
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from pipeline.dev.elastic import find_java, java_version
from pipeline.dev.postgres import Postgres, install_postgres
from pipeline.dev.service import Owner, PartMissingError
from tests.conftest import miss
from tests.parts.web import WebServer


def fetch(url: str, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers={k.replace("_", "-"): v for k, v in headers.items()})  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request, timeout=0.5) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_a_page_is_served_and_counted(web_server: WebServer) -> None:
    page = "<p>停水通知</p>".encode("gb18030")
    url = web_server.serve("/list?page=2", page, kind="text/html; charset=gb18030")
    assert fetch(url) == (200, page)
    assert web_server.count("/list?page=2") == 1
    assert fetch(web_server.url("/nothing"))[0] == 404


def test_an_unchanged_page_is_answered_304(web_server: WebServer) -> None:
    day = "Thu, 01 Jan 2026 00:00:00 GMT"
    url = web_server.serve("/feed", b"<rss/>", etag='"a1"', last_modified=day)
    assert fetch(url, If_None_Match='"a1"') == (304, b"")
    assert fetch(url, If_Modified_Since=day) == (304, b"")
    assert fetch(url, If_None_Match='"a0"', If_Modified_Since=day) == (200, b"<rss/>")
    assert web_server.answers == {304: 2, 200: 1}


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [("hang", TimeoutError), ("reset", ConnectionResetError), ("cut", http.client.IncompleteRead)],
)
def test_a_bad_server_is_as_bad_as_asked(
    web_server: WebServer, behaviour: str, error: type[Exception]
) -> None:
    url = web_server.serve("/page", b"x" * 1000, behaviour=behaviour)
    with pytest.raises((error, urllib.error.URLError)) as raised:
        fetch(url)
    cause = raised.value.reason if isinstance(raised.value, urllib.error.URLError) else raised.value
    assert isinstance(cause, error)


def test_a_failing_page_has_its_status(web_server: WebServer) -> None:
    assert fetch(web_server.serve("/down", b"", status=500))[0] == 500


def test_java_is_chosen_by_its_release_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, version in (("old", "17.0.1"), ("new", "99.0.1"), ("broken", "x")):
        home = tmp_path / name
        (home / "bin").mkdir(parents=True)
        (home / "bin" / "java").touch()
        (home / "release").write_text(f'IMPLEMENTOR="Own"\nJAVA_VERSION="{version}"\n')
    assert [java_version(tmp_path / name) for name in ("old", "new", "broken", "none")] == [17, 99, 0, 0]
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "new"))
    assert find_java() == tmp_path / "new"


def test_no_java_is_said_in_two_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.dev.elastic._java_homes", lambda: iter(()))
    with pytest.raises(PartMissingError, match=r"没有 JDK 21.*no JDK 21"):
        find_java()


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres")
def test_servers_end_with_the_test_run_that_started_them() -> None:
    code = "from pipeline.dev.postgres import install_postgres as i; import time; p = i(); p.start(); "
    code += "print(p.service.process.pid, p.service.folder, flush=True); time.sleep(60)"
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    pid, folder = run.stdout.readline().split()
    assert psutil.pid_exists(int(pid))
    run.kill()
    run.wait()
    run.stdout.close()
    server = psutil.Process(int(pid)) if psutil.pid_exists(int(pid)) else None
    assert server is None or psutil.wait_procs([server], timeout=20)[0]
    shutil.rmtree(folder)


def test_servers_do_not_run_as_root() -> None:
    folder = Owner.for_servers().make_folder("owner")
    try:
        assert folder.stat().st_uid != 0
    finally:
        folder.rmdir()


@pytest.mark.postgres
def test_postgres_runs_from_a_copy_where_the_environment_is_closed(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Owner, "can_reach", lambda *_: False)
    copied = install_postgres()
    try:
        assert copied.start() > 0
        assert copied.port != postgres.port
        assert (
            str(copied.service.folder) in copied.service.command[0] or "/usr/lib" in copied.service.command[0]
        )
    finally:
        copied.remove()


@pytest.mark.parametrize(
    ("required", "outcome", "word"),
    [("", pytest.skip.Exception, "跳过"), ("1", pytest.fail.Exception, "missing part")],
)
def test_a_missing_part_skips_at_home_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch, required: str, outcome: type[BaseException], word: str
) -> None:
    monkeypatch.setenv("QIANSHAO_REQUIRE_PARTS", required)
    with pytest.raises(outcome, match=word):
        miss("没有 JDK 21")
