"""The live job end to end on real parts: a feed is crawled, a mail arrives, a search finds it."""

from email.message import EmailMessage

import pytest

from pipeline.dev.elastic import Elastic
from pipeline.jobs.run import run_once
from pipeline.jobs.search import search_posts
from pipeline.rooms import open_rooms
from schemas.records import Mail
from stores.database.alerts import open_alerts, sent_mails
from stores.errors import MailUnavailable
from tests.parts.smtp import SmtpServer
from tests.pipeline.conftest import GAS, City

pytestmark = pytest.mark.slow
PREFIX = "live-job"


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def smtp(server: SmtpServer) -> dict[str, object]:
    return {"smtp_host": server.host, "smtp_port": server.port, "smtp_timeout": 3}


@pytest.mark.elastic
def test_feed_to_mail_and_search(
    city: City, database_url: str, smtp_server: SmtpServer, elastic_url: str
) -> None:
    settings = city.settings(
        database_url=database_url,
        elasticsearch_url=elastic_url,
        elasticsearch_prefix=PREFIX,
        **smtp(smtp_server),
    )
    with open_rooms(settings) as rooms:
        report = run_once(rooms)
        assert report.errors == ()
        assert report.collected[0].new == 6
        assert report.warned.sent == 1

        mail = smtp_server.messages[0]
        assert "柳浪家园" in mail["Subject"]
        assert "煤气味" in text_of(mail)
        assert "13812345678" not in text_of(mail)
        assert "138****5678" in text_of(mail)

        found = search_posts(rooms, "煤气味", 10)
        assert found.total == len(GAS)
        assert search_posts(rooms, "地震", 10).total == 0

        counts = {kind: rooms.elastic.count(kind) for kind in ("posts", "events", "alerts", "series")}  # type: ignore[union-attr]
        again = run_once(rooms)
        assert (again.collected[0].new, again.analysed.posts, again.warned.sent, again.indexed.indexed) == (
            0,
            0,
            0,
            0,
        )
        assert counts == {kind: rooms.elastic.count(kind) for kind in counts}  # type: ignore[union-attr]
        assert len(smtp_server.messages) == 1
        # The server is shared by all tests; each leaves its indices as it found them.
        rooms.elastic.remove()  # type: ignore[union-attr]


def test_mail_server_down_then_up_delivers_once(
    city: City, database_url: str, smtp_server: SmtpServer
) -> None:
    smtp_server.behaviour = "busy"
    settings = city.settings(database_url=database_url, **smtp(smtp_server))
    with open_rooms(settings) as rooms:
        failed = run_once(rooms)
        assert failed.exit_code() == 1
        assert "451" in failed.errors[0]
        with rooms.database.read() as db:
            assert open_alerts(db)
        smtp_server.reset()
        assert run_once(rooms, collect=False).warned.sent == 1
        assert run_once(rooms, collect=False).warned.sent == 0
    assert len(smtp_server.messages) == 1


def test_cut_between_sending_and_logging_repeats_the_same_message_id(
    city: City, smtp_server: SmtpServer
) -> None:
    # The server takes the mail and the line is cut before its yes: we cannot know, so it goes again.
    smtp_server.behaviour = "drop_after_data"
    with open_rooms(city.settings(**smtp(smtp_server))) as rooms:
        assert run_once(rooms).warned.failed == 1
        smtp_server.behaviour = "accept"
        assert run_once(rooms, collect=False).warned.sent == 1
        with rooms.database.read() as db:
            log = sent_mails(db)
    first, second = smtp_server.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert [(line.state, line.attempts) for line in log] == [("sent", 2)]


def test_rising_alert_threads_under_the_first_mail(city: City, smtp_server: SmtpServer) -> None:
    with open_rooms(city.settings(**smtp(smtp_server))) as rooms:
        run_once(rooms)
        more = [
            f"柳浪家园三栋煤气味{words}，燃气泄漏没人管吗"
            for words in ("更重了", "呛人", "熏得睡不着", "到处都是")
        ]
        city.publish(more, minutes=5, first=100)
        run_once(rooms)
    first, second = smtp_server.messages
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["Message-ID"] != first["Message-ID"]


@pytest.mark.elastic
def test_search_server_down_then_up_loses_nothing(city: City, elastic: Elastic) -> None:
    down = city.settings(elasticsearch_url="http://127.0.0.1:9")
    with open_rooms(down) as rooms:
        report = run_once(rooms)
        assert report.exit_code() == 1
        assert report.warned.sent == 1
        assert "Elasticsearch" in report.errors[0]
    given = {"elasticsearch_url": elastic.url, "elasticsearch_prefix": PREFIX}
    with open_rooms(city.settings(**given)) as rooms:
        assert run_once(rooms, collect=False).indexed.indexed >= 6
        assert search_posts(rooms, "煤气味", 10).total == len(GAS)
        rooms.elastic.remove()  # type: ignore[union-attr]


def test_failed_source_does_not_stop_the_others(city: City) -> None:
    city.web.serve("/not-a-feed", "<html><body>维护中</body></html>")
    city.add_source("yunting_broken", "/not-a-feed")
    with open_rooms(city.settings()) as rooms:
        report = run_once(rooms)
        assert report.exit_code() == 1
        assert report.warned.sent == 1
        assert "yunting_broken" in report.errors[0]
        outbox = list((rooms.settings.home / "outbox").glob("*.eml"))
    assert len(outbox) == 1


def test_outbox_that_cannot_be_written_keeps_the_alert(city: City) -> None:
    with open_rooms(city.settings()) as rooms:
        (rooms.settings.home / "outbox").write_text("in the way")
        report = run_once(rooms)
        assert report.warned.failed == 1
        (rooms.settings.home / "outbox").unlink()
        assert run_once(rooms, collect=False).warned.sent == 1


def test_a_changed_post_is_a_new_revision_and_no_new_voice(city: City) -> None:
    with open_rooms(city.settings()) as rooms:
        run_once(rooms)
        city.publish([GAS[0] + "，补充：已经报给物业"], first=2)
        report = run_once(rooms)
        assert (report.collected[0].new, report.analysed.posts, report.analysed.events) == (1, 1, 0)
        assert report.warned.sent == 0


def test_mailer_error_is_one_clear_line(city: City, smtp_server: SmtpServer) -> None:
    smtp_server.behaviour = "refuse"
    with open_rooms(city.settings(**smtp(smtp_server))) as rooms:
        report = run_once(rooms)
        assert "550" in report.errors[0]
        assert "\n" not in report.errors[0]
        mail = Mail("<a@b.invalid>", "a", 1, ("x@y.invalid",), "s", "t", "<p>t</p>")
        with pytest.raises(MailUnavailable):
            rooms.mailer.send(mail)


def test_source_file_with_a_slip_is_named_and_the_others_run(city: City) -> None:
    (city.folder / "sources" / "yunting_slip.py").write_text("SOURCE = Sorce()\n")
    with open_rooms(city.settings()) as rooms:
        report = run_once(rooms)
    assert report.exit_code() == 1
    assert report.collected[0].new == 6
    assert "yunting_slip.py" in report.errors[0]
