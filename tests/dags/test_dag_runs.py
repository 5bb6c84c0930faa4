"""The DAGs run by Airflow itself: a real feed is collected, analysed and warned about through connections."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from pipeline.jobs.index import index_changed, need_elastic
from pipeline.rooms import open_rooms
from pipeline.settings import load_settings
from schemas.times import SHANGHAI
from stores.database.posts import save_posts
from tests.parts.smtp import SmtpServer
from tests.pipeline.conftest import City, city, own_folder, sleepless
from tests.stores.examples import make_post

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


@pytest.mark.elastic
def test_months_past_their_time_are_dropped_every_night(
    dagbag: "DagBag", elastic_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIANSHAO_HOME", str(tmp_path))
    # Without an Elasticsearch there is nothing to drop, and nothing wrong.
    assert run(dagbag, "qianshao_retain") == "success"

    monkeypatch.setenv("QIANSHAO_ELASTICSEARCH_PREFIX", "test-retain-dag")
    monkeypatch.setenv("QIANSHAO_RETAIN_MONTHS", "6")
    address = urlsplit(elastic_url)
    connection = {"conn_type": "generic", "host": address.hostname, "port": address.port}
    monkeypatch.setenv("AIRFLOW_CONN_QIANSHAO_ELASTICSEARCH", json.dumps(connection))
    now = datetime.now(SHANGHAI)
    times = {"old": now - timedelta(days=300), "new": now - timedelta(days=3)}
    with open_rooms(load_settings(elasticsearch_url=elastic_url)) as rooms:
        elastic = need_elastic(rooms)
        try:
            with rooms.database.begin() as db:
                save_posts(
                    db, [(make_post(key, published_at=at, fetched_at=at), None) for key, at in times.items()]
                )
            index_changed(rooms)
            assert set(elastic.parts("posts")) >= {f"{at:%Y.%m}" for at in times.values()}
            assert run(dagbag, "qianshao_retain") == "success"
            kept = elastic.parts("posts")
            assert f"{times['old']:%Y.%m}" not in kept
            assert f"{times['new']:%Y.%m}" in kept
        finally:
            elastic.remove()
