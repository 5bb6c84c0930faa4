"""Mails go out once, whole and readable, or fail with one clear line; against a real SMTP server."""

import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dev.service import free_port
from schemas.records import Attachment
from stores.errors import MailUnavailable
from stores.mail import OutboxMailer, SmtpMailer, build_message
from tests.parts.smtp import Behaviour, SmtpServer, start_smtp
from tests.stores.examples import NOON, make_mail

SENDER = "前哨 <qianshao@example.cn>"


@pytest.fixture
def mailer(smtp_server: SmtpServer) -> SmtpMailer:
    return SmtpMailer(smtp_server.host, smtp_server.port, SENDER, timeout=2)


def test_a_chinese_mail_arrives_whole(mailer: SmtpMailer, smtp_server: SmtpServer) -> None:
    mail = make_mail(references=("<alert1.0@qianshao>",))
    assert mailer.send(mail, NOON) == {}
    (message,) = smtp_server.messages
    assert message["Subject"] == mail.subject
    assert message["Message-ID"] == mail.message_id
    assert message["References"] == message["In-Reply-To"] == "<alert1.0@qianshao>"
    assert message["From"] == SENDER
    assert message["To"] == "值班室 <duty@example.cn>"
    assert message["Date"].datetime == NOON
    assert message["Auto-Submitted"] == "auto-generated"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == f"{mail.text}\n"
    assert html.get_content().strip() == mail.html
    assert message.get_content_type() == "multipart/alternative"


def test_text_pictures_and_files_arrive_each_in_its_place(
    mailer: SmtpMailer, smtp_server: SmtpServer
) -> None:
    files = (
        Attachment("cap.xml", "application/cap+xml", "<alert>云汀</alert>".encode()),
        Attachment("report.docx", "application/vnd.openxmlformats", bytes(range(256))),
    )
    mailer.send(make_mail(images=(("rise@qianshao", b"\x89PNG"),), attachments=files))
    (message,) = smtp_server.messages
    assert message.get_content_type() == "multipart/mixed"
    found = [
        Attachment(part.get_filename() or "", part.get_content_type(), part.get_payload(decode=True))
        for part in message.iter_attachments()
    ]
    assert tuple(found) == files
    plain, html = message.get_body(("plain",)), message.get_body(("related", "html"))
    assert plain is not None
    assert plain.get_content_type() == "text/plain"
    assert html is not None
    assert [part["Content-ID"] for part in html.walk() if part["Content-ID"]] == ["<rise@qianshao>"]
    first, again = (build_message(make_mail(attachments=files), SENDER).as_bytes() for _ in range(2))
    assert first == again


def test_what_goes_over_the_line_is_plain_ascii_in_short_lines(
    mailer: SmtpMailer, smtp_server: SmtpServer
) -> None:
    mailer.send(make_mail(text="汉" * 5_000, html="<p>" + "字" * 5_000))
    (raw,) = smtp_server.received
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_long_ids_stay_whole() -> None:
    references = tuple(f"<{'a' * 80}{number}@qianshao>" for number in range(5))
    message = build_message(make_mail(message_id=f"<{'b' * 100}@qianshao>", references=references), SENDER)
    raw = message.as_bytes()
    assert b"=?" not in raw.partition(b"References:")[2].partition(b"From:")[0]
    back = message_from_bytes(raw, policy=policy.default)
    assert tuple(back["References"].split()) == references
    assert back["Message-ID"] == f"<{'b' * 100}@qianshao>"
    assert back["Date"] is None


def test_the_same_mail_is_the_same_bytes() -> None:
    assert build_message(make_mail(), SENDER).as_bytes() == build_message(make_mail(), SENDER).as_bytes()


def test_a_line_break_in_a_title_starts_no_header() -> None:
    message = build_message(make_mail(subject="火灾\r\nBcc: all@example.cn\n 预警"), SENDER)
    assert message["Subject"] == "火灾 Bcc: all@example.cn 预警"
    assert message["Bcc"] is None


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("refuse", "duty@example.cn 550 5.1.1 no such mailbox"),
        ("busy", "451 4.3.0 come back later"),
        ("hang", "超时没有回答"),
        ("drop_in_data", "Connection unexpectedly closed|Connection reset|Broken pipe"),
        ("drop_after_data", "Connection unexpectedly closed|Connection reset"),
    ],
)
def test_a_failing_server_is_one_clear_line_and_the_next_try_delivers(
    mailer: SmtpMailer, smtp_server: SmtpServer, behaviour: Behaviour, reason: str
) -> None:
    smtp_server.behaviour = behaviour
    hurried = replace(mailer, timeout=0.5)
    with pytest.raises(MailUnavailable, match=reason) as raised:
        hurried.send(make_mail())
    line = str(raised.value)
    assert "\n" not in line
    assert line.startswith(f"邮件服务器 127.0.0.1:{smtp_server.port} 没有收下 <alert1.1@qianshao>")
    smtp_server.behaviour = "accept"
    mailer.send(make_mail())
    # What was taken before the line broke comes again under the same id, so that it is known as one.
    assert {message["Message-ID"] for message in smtp_server.messages} == {"<alert1.1@qianshao>"}


def test_a_large_mail_cut_off_half_way_is_not_taken(mailer: SmtpMailer, smtp_server: SmtpServer) -> None:
    smtp_server.behaviour = "drop_in_data"
    with pytest.raises(MailUnavailable):
        mailer.send(make_mail(html="<p>" + "字" * 3_000_000))
    assert smtp_server.received == []
    assert smtp_server.attempts == 1


def test_a_server_rude_at_goodbye_has_the_mail(mailer: SmtpMailer, smtp_server: SmtpServer) -> None:
    smtp_server.behaviour = "rude_goodbye"
    assert mailer.send(make_mail()) == {}
    assert len(smtp_server.received) == 1


def test_one_refused_recipient_does_not_keep_it_from_the_others(
    mailer: SmtpMailer, smtp_server: SmtpServer
) -> None:
    smtp_server.refused.add("gone@example.cn")
    refused = mailer.send(make_mail(to=("duty@example.cn", "gone@example.cn")))
    assert refused == {"gone@example.cn": "550 5.1.1 no such mailbox"}
    assert len(smtp_server.received) == 1


def test_no_server_is_one_clear_line() -> None:
    mailer = SmtpMailer("127.0.0.1", free_port(), SENDER, timeout=2)
    with pytest.raises(MailUnavailable, match="Connection refused"):
        mailer.send(make_mail())
    with pytest.raises(MailUnavailable, match="连不上邮件服务器"):
        mailer.check()


@pytest.mark.parametrize("changed", [{"to": ()}, {"to": ("not an address",)}, {"message_id": "编号@x"}])
def test_a_mail_that_cannot_be_written_is_one_clear_line(
    mailer: SmtpMailer, smtp_server: SmtpServer, changed: dict[str, object]
) -> None:
    with pytest.raises(MailUnavailable, match="邮件"):
        mailer.send(make_mail(**changed))
    assert smtp_server.received == []


def test_login_works_and_a_wrong_password_shows_nowhere(mailer: SmtpMailer, smtp_server: SmtpServer) -> None:
    smtp_server.logins["qianshao"] = "very-secret"
    right = replace(mailer, user="qianshao", password="very-secret")
    right.check()
    right.send(make_mail())
    assert len(smtp_server.received) == 1
    wrong = replace(mailer, user="qianshao", password="other-secret")
    with pytest.raises(MailUnavailable, match="535") as raised:
        wrong.send(make_mail())
    assert "secret" not in f"{raised.value} {raised.value.__cause__!r} {right!r} {wrong!r}"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    command += f" -addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {certificate}"
    subprocess.run(command.split(), check=True, capture_output=True)
    return key, certificate


@pytest.fixture
def tls_server(certificate: tuple[Path, Path]) -> Iterator[SmtpServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    server, stop = start_smtp(context)
    yield server
    stop()


def test_starttls_encrypts_and_checks_the_certificate(
    tls_server: SmtpServer, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    mailer = SmtpMailer(tls_server.host, tls_server.port, SENDER, security="starttls", timeout=5)
    with pytest.raises(MailUnavailable, match="certificate verify failed"):
        mailer.send(make_mail())
    assert tls_server.received == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    mailer.send(make_mail())
    assert len(tls_server.received) == 1


def test_a_server_without_starttls_gets_no_mail(mailer: SmtpMailer, smtp_server: SmtpServer) -> None:
    with pytest.raises(MailUnavailable, match="STARTTLS"):
        replace(mailer, security="starttls").send(make_mail())
    assert smtp_server.received == []


def test_the_outbox_keeps_each_mail_once(tmp_path: Path) -> None:
    outbox = OutboxMailer(tmp_path / "outbox", SENDER)
    for _ in range(2):
        assert outbox.send(make_mail(), NOON) == {}
    (file,) = (tmp_path / "outbox").iterdir()
    assert file.name == "alert1.1@qianshao.eml"
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert message["Subject"] == make_mail().subject


@pytest.mark.parametrize(
    "message_id", ["<../../etc/x@y>", "<a/b@y>", "<a_b@y>", f"<{'a' * 300}@y>", "<.x@y>"]
)
def test_no_message_id_leads_out_of_the_outbox(tmp_path: Path, message_id: str) -> None:
    outbox = OutboxMailer(tmp_path, SENDER)
    outbox.send(make_mail(message_id=message_id))
    assert outbox.path(message_id).parent == tmp_path
    assert outbox.path(message_id).is_file()
    assert outbox.path("<a/b@y>") != outbox.path("<a_b@y>")


def test_an_outbox_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MailUnavailable, match=r"发件箱.*写不进去"):
        OutboxMailer(tmp_path / "file" / "outbox", SENDER).send(make_mail())


@given(st.lists(st.text("云汀市柳浪家园燃气12【】", min_size=1, max_size=12), min_size=1, max_size=9))
def test_subject_keeps_its_spaces_wherever_the_line_folds(words: list[str]) -> None:
    subject = " ".join(words)
    raw = build_message(replace(make_mail(), subject=subject), "qianshao@example.org").as_bytes()
    assert message_from_bytes(raw, policy=policy.default)["Subject"] == subject
    assert all(len(line) <= 78 for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n"))
