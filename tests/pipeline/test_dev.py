"""`qianshao dev up`: the whole deployment as plain processes, as a developer starts and stops it."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.dev.mailbox import Mailbox, open_mailbox
from pipeline.dev.service import choose_port, is_listening
from schemas.records import Mail
from stores.mail import SmtpMailer

QIANSHAO = Path(sys.executable).with_name("qianshao")
# What a command inside the deployment sees of it.
LOOK = """
import json, subprocess, urllib.request
def fetch(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read().decode()
doctor = subprocess.run([{qianshao!r}, "doctor", "--json"], capture_output=True, text=True)
seen = {{"doctor": json.loads(doctor.stdout), "code": doctor.returncode}}
with open({folder!r} + "/addresses.json") as file:
    at = json.load(file)
seen["console"], seen["mails"] = fetch(at["console"]), fetch(at["mailbox"])
seen["airflow"] = json.loads(fetch(at["airflow"] + "/api/v2/monitor/health"))
with open({folder!r} + "/seen.json", "w") as file:
    json.dump(seen, file)
"""
# Stands in for Kibana, which cannot be had where the tests run: it is well and takes every object.
KIBANA = """\
#!{python}
import http.server, json, sys
port = next(int(one.partition("=")[2]) for one in sys.argv if one.startswith("--server.port="))
class Page(http.server.BaseHTTPRequestHandler):
    def answer(self, told):
        self.send_response(200), self.end_headers(), self.wfile.write(json.dumps(told).encode())
    def do_GET(self):
        self.answer({{"status": {{"overall": {{"level": "available"}}}}}})
    def do_POST(self):
        open("imported", "wb").write(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer({{"success": True}})
http.server.HTTPServer(("127.0.0.1", port), Page).serve_forever()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the servers' user can enter."""
    made = Path(tempfile.mkdtemp(prefix="qianshao-dev-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [str(QIANSHAO), "dev", "up", "--dir", str(folder), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def fetch(url: str) -> tuple[str, dict[str, str]]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own server
        return answer.read().decode(), dict(answer.headers)


@pytest.mark.slow
@pytest.mark.elastic
@pytest.mark.postgres
@pytest.mark.airflow
def test_everything_starts_is_reachable_and_is_gone_afterwards(folder: Path) -> None:
    look = LOOK.format(qianshao=str(QIANSHAO), folder=str(folder))
    process = start(folder, "--", sys.executable, "-c", look)
    told, _ = process.communicate(timeout=400)
    assert process.returncode == 0, told
    found = json.loads((folder / "seen.json").read_text())
    state = {row["part"]: row["state"] for row in found["doctor"]}
    assert {state[name] for name in ("状态库", "Elasticsearch", "邮件", "Airflow")} == {"ok"}
    assert "前哨值班页" in found["console"]
    assert "试用邮箱" in found["mails"]
    assert found["airflow"]["metadatabase"]["status"] == "healthy"
    assert not [one for one in psutil.process_iter(["cmdline"]) if str(folder) in str(one.info["cmdline"])]


def test_asked_to_end_it_stops_what_it_started_and_finds_its_mails_again(folder: Path) -> None:
    for _ in range(2):
        process = start(folder, "--only", "mailbox")
        assert process.stdout is not None
        while "Ctrl-C" not in (line := process.stdout.readline()):
            assert line, process.wait()
        settings = dict(line.split(" = ") for line in (folder / "qianshao.toml").read_text().splitlines())
        SmtpMailer("127.0.0.1", int(settings["smtp_port"]), "q@x.cn").send(example("煤气味"))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        assert process.returncode == 0
        assert not is_listening(int(settings["smtp_port"]))
    assert len(list((folder / "mails").glob("*.eml"))) == 2


def test_the_settings_are_for_this_user_alone(folder: Path) -> None:
    process = start(folder, "--only", "mailbox", "--", "true")
    process.communicate(timeout=60)
    assert (folder / "qianshao.toml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--only", "kafka"], "elasticsearch"),
        (["--only", "kibana"], "没有 Elasticsearch"),
    ],
)
def test_what_cannot_be_started_is_said(folder: Path, arguments: list[str], told: str) -> None:
    process = start(folder, *arguments)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert told in output


def test_a_command_hands_on_its_exit_code(folder: Path) -> None:
    process = start(folder, "--only", "mailbox", "--", "sh", "-c", "exit 7")
    process.communicate(timeout=60)
    assert process.returncode == 7


@pytest.mark.slow
@pytest.mark.elastic
def test_an_unpacked_kibana_is_started_and_given_the_dashboards(folder: Path) -> None:
    program = folder / "kibana-9.5.0" / "bin" / "kibana"
    program.parent.mkdir(parents=True)
    program.write_text(textwrap.dedent(KIBANA.format(python=sys.executable)))
    program.chmod(0o755)
    parts = ["--only", "elasticsearch", "--only", "kibana", "--kibana", str(folder / "kibana-9.5.0")]
    process = start(folder, *parts, "--", "true")
    output, _ = process.communicate(timeout=200)
    assert process.returncode == 0, output
    lines = (folder / "kibana" / "imported").read_text().splitlines()
    kinds = [json.loads(line)["type"] for line in lines if line.startswith("{")]
    assert kinds.count("dashboard") == 6


def test_a_taken_port_is_left_to_its_owner(folder: Path) -> None:
    first = open_mailbox(folder / "a", 0, 0)
    second = open_mailbox(folder / "b", first.smtp_port, first.page_port)
    assert {first.smtp_port, first.page_port}.isdisjoint({second.smtp_port, second.page_port})
    assert choose_port(first.smtp_port) != first.smtp_port
    first.stop()
    second.stop()


class TestMailbox:
    @pytest.fixture
    def mailbox(self, folder: Path) -> Iterator[Mailbox]:
        opened = open_mailbox(folder, 0, 0)
        yield opened
        opened.stop()

    def test_mails_are_listed_and_shown_without_running_anything(self, mailbox: Mailbox) -> None:
        SmtpMailer("127.0.0.1", mailbox.smtp_port, "q@x.cn").send(example("<b>柳浪家园</b>"))
        page, _ = fetch(f"http://127.0.0.1:{mailbox.page_port}/")
        assert "&lt;b&gt;柳浪家园&lt;/b&gt;" in page
        name = page.partition('href="/')[2].partition('"')[0]
        shown, headers = fetch(f"http://127.0.0.1:{mailbox.page_port}/{name}")
        assert "<p>有煤气味</p>" in shown
        assert headers["Content-Security-Policy"].startswith("sandbox;")

    @pytest.mark.parametrize("path", ["nothing.eml", "../qianshao.toml", "%2e%2e/x"])
    def test_only_mails_are_shown(self, mailbox: Mailbox, path: str) -> None:
        with pytest.raises(urllib.error.HTTPError, match="404") as raised:
            fetch(f"http://127.0.0.1:{mailbox.page_port}/{path}")
        raised.value.close()


def example(title: str) -> Mail:
    return Mail(
        message_id=f"{time.monotonic_ns()}@x.cn",
        to=("zhiban@x.cn",),
        subject=title,
        text="有煤气味",
        html="<p>有煤气味</p>",
        alert_id="a1",
        revision=1,
    )
