"""The demo from end to end: real crawls, real state, real mails, against the script."""

import json
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest

from pipeline.demo.outcome import DemoOutcome
from pipeline.demo.run import clear_folder, demo_settings, run_demo
from schemas.errors import ReadError


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> DemoOutcome:
    return run_demo(tmp_path_factory.mktemp("demo") / "out", seed=3, weeks=3)


@pytest.mark.slow
class TestRun:
    def test_everything_the_city_wrote_was_read(self, outcome: DemoOutcome) -> None:
        assert len(outcome.posts) == len(outcome.city.items) == outcome.counts.stored
        assert len(outcome.quarantined) == 8

    def test_no_alert_comes_before_the_posts_it_rests_on(self, outcome: DemoOutcome) -> None:
        assert outcome.revisions
        for alert in outcome.revisions:
            for post_id in alert.post_ids:
                assert outcome.truth[post_id].arrives_at <= alert.raised_at

    def test_each_mail_lies_in_the_outbox_once(self, outcome: DemoOutcome) -> None:
        files = sorted((outcome.report.parent / "data" / "outbox").glob("*.eml"))
        assert len(files) == len(outcome.mails) == len({mail.message_id for mail in outcome.mails})
        written = [BytesParser(policy=policy.default).parsebytes(file.read_bytes()) for file in files]
        assert {str(mail["Message-ID"]) for mail in written} == {mail.message_id for mail in outcome.mails}

    def test_the_gas_leak_was_caught_before_the_explosion(self, outcome: DemoOutcome) -> None:
        gas = outcome.scores[0]
        assert gas.crisis.id == "gas"
        assert gas.lead is not None
        assert gas.lead.total_seconds() > 0

    def test_no_personal_number_is_left_readable(self, outcome: DemoOutcome) -> None:
        assert "遮盖后仍能读出的 <b>0</b> 条" in outcome.report.read_text()

    def test_the_summary_is_json(self, outcome: DemoOutcome) -> None:
        assert json.loads(json.dumps(outcome.summary()))["records"] == len(outcome.posts)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "论文.txt").write_text("三年的心血")
    with pytest.raises(ReadError, match="输出目录"):
        clear_folder(tmp_path)
    assert (tmp_path / "论文.txt").exists()


def test_an_earlier_demo_is_replaced(tmp_path: Path) -> None:
    clear_folder(tmp_path)
    (tmp_path / "report.html").write_text("旧的")
    clear_folder(tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_a_real_deployment_is_never_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIANSHAO_SMTP_HOST", "mail.example.com")
    monkeypatch.setenv("QIANSHAO_ELASTICSEARCH_URL", "http://search.example.com:9200")
    monkeypatch.setenv("QIANSHAO_DATABASE_URL", "postgresql://db.example.com/qianshao")
    settings = demo_settings(tmp_path, None)
    assert settings.smtp_host is None
    assert settings.elasticsearch_url is None
    assert settings.state_url.startswith("sqlite:///")
