"""The DAGs run by Airflow itself: a real feed is collected, analysed and warned about through connections."""

import json
from typing import TYPE_CHECKING

import pytest

from tests.parts.smtp import SmtpServer
from tests.pipeline.conftest import City, city, own_folder, sleepless

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

__all__ = ["city", "own_folder", "sleepless"]
pytestmark = [
    pytest.mark.airflow,
    pytest.mark.slow,
    # Airflow and its libraries warn about themselves; our own warnings stay errors elsewhere.
    pytest.mark.filterwarnings("ignore"),
]


def run(dagbag: "DagBag", name: str) -> str:
    """Run a DAG in this process as Airflow would, without waiting between retries; its final state."""
    dag = dagbag.dags[name]
    for task in dag.tasks:
        task.retries = 0
    return str(dag.test().state)


def test_collect_analyse_warn(
    dagbag: "DagBag", city: City, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    monkeypatch.setenv("QIANSHAO_HOME", str(city.folder / "home"))
    monkeypatch.setenv("QIANSHAO_SOURCES", str(city.folder / "sources"))
    connection = {"conn_type": "generic", "extra": {"url": postgres_url}}
    monkeypatch.setenv("AIRFLOW_CONN_QIANSHAO_DATABASE", json.dumps(connection))
    mail = {"conn_type": "smtp", "host": smtp_server.host, "port": smtp_server.port}
    monkeypatch.setenv("AIRFLOW_CONN_QIANSHAO_SMTP", json.dumps(mail))

    assert run(dagbag, "qianshao_collect") == "success"
    assert run(dagbag, "qianshao_analyse") == "success"
    assert run(dagbag, "qianshao_warn") == "success"
    assert len(smtp_server.messages) == 1
    assert "柳浪家园" in smtp_server.messages[0]["Subject"]

    for name in ("qianshao_collect", "qianshao_analyse", "qianshao_warn"):
        assert run(dagbag, name) == "success"
    assert len(smtp_server.messages) == 1


def test_one_broken_source_fails_its_own_task_only(
    dagbag: "DagBag", city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIANSHAO_HOME", str(city.folder / "home"))
    monkeypatch.setenv("QIANSHAO_SOURCES", str(city.folder / "sources"))
    city.web.serve("/not-a-feed", "<html><body>维护中</body></html>")
    city.add_source("yunting_broken", "/not-a-feed")

    run(dagbag, "qianshao_collect")
    assert run(dagbag, "qianshao_analyse") == "success"
    assert run(dagbag, "qianshao_warn") == "success"
    assert len(list((city.folder / "home" / "outbox").glob("*.eml"))) == 1


def test_mail_server_down_fails_the_task_and_the_next_run_delivers(
    dagbag: "DagBag", city: City, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIANSHAO_HOME", str(city.folder / "home"))
    monkeypatch.setenv("QIANSHAO_SOURCES", str(city.folder / "sources"))
    mail = {"conn_type": "smtp", "host": smtp_server.host, "port": smtp_server.port}
    monkeypatch.setenv("AIRFLOW_CONN_QIANSHAO_SMTP", json.dumps(mail))
    smtp_server.behaviour = "busy"

    run(dagbag, "qianshao_collect")
    run(dagbag, "qianshao_analyse")
    assert run(dagbag, "qianshao_warn") == "failed"
    smtp_server.reset()
    assert run(dagbag, "qianshao_warn") == "success"
    assert len(smtp_server.messages) == 1


def test_each_report_is_written_once(
    dagbag: "DagBag", city: City, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIANSHAO_HOME", str(city.folder / "home"))
    monkeypatch.setenv("QIANSHAO_SOURCES", str(city.folder / "sources"))
    mail = {"conn_type": "smtp", "host": smtp_server.host, "port": smtp_server.port}
    monkeypatch.setenv("AIRFLOW_CONN_QIANSHAO_SMTP", json.dumps(mail))
    run(dagbag, "qianshao_collect")
    run(dagbag, "qianshao_analyse")
    assert run(dagbag, "qianshao_report") == "success"
    # Before half past eight in the morning nothing is due.
    sent = [message["Message-ID"] for message in smtp_server.messages]
    assert run(dagbag, "qianshao_report") == "success"
    assert [message["Message-ID"] for message in smtp_server.messages] == sent
    assert all(one.startswith("<report.") for one in sent)
