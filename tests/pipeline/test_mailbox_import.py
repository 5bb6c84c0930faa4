"""Reports in a mailbox of a real Dovecot: each once, nothing changed in it, nothing lost."""

import random
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from pipeline.dev.service import free_port
from pipeline.jobs import mailbox
from pipeline.jobs.mailbox import MailboxReport, import_mailbox
from pipeline.quarantine import Filter, fix_record, replay_records
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.codec import decode
from schemas.errors import ReadError, Where
from schemas.records import RawPost
from schemas.times import SHANGHAI
from stores.database.parts import all_parts
from stores.database.quarantine import Kept, list_quarantine
from tests.parts.dovecot import USER, Dovecot

Open = Callable[..., Rooms]
# Readers that are killed begin afresh, with no connection of ours.
PROCESSES = get_context("spawn")
TABLE = """工单编号,受理时间,诉求内容,办理状态
T1,2026-05-06 08:00,柳浪家园停水,{}
T2,2026-05-06 09:00,路灯不亮,办结
"""
PAGE = """<table><tr><td>工单编号</td><td>受理时间</td><td>诉求内容</td></tr>
<tr><td>T9</td><td>2026-05-06 8:00</td><td>停电</td></tr></table>"""


@pytest.fixture
def folder() -> str:
    """A folder of the mailbox that no other test uses, with a Chinese name."""
    return f"群众来信&{uuid4().hex[:8]}"


@pytest.fixture
def open_with(tmp_path: Path, dovecot: Dovecot, folder: str) -> Iterator[Open]:
    """Opens the rooms with the mailbox set; keywords change single settings."""
    opened = []

    def begin(**changes: object) -> Rooms:
        given = {
            "home": tmp_path / "home",
            "author_key": "test",
            "mailbox_host": "127.0.0.1",
            "mailbox_port": dovecot.tls,
            "mailbox_ca": dovecot.authority,
            "mailbox_user": USER,
            "mailbox_password": dovecot.password,
            "mailbox_folder": folder,
        }
        rooms = open_rooms(load_settings(**{**given, **changes}))
        opened.append(rooms)
        return rooms.__enter__()

    yield begin
    for rooms in opened:
        rooms.__exit__(None, None, None)


def mail(number: int, text: str = "柳浪家园三栋煤气味很重", **tables: bytes) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"] = f"来信{number}", f"user{number}@example.com"
    message["Message-ID"] = f"<{number}@example.com>"
    message.set_content(text)
    for name, content in tables.items():
        file = name.replace("_", ".")
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=file)
    return message.as_bytes()


BROKEN = b"Subject: x\r\nMessage-ID: <broken@x>\r\nContent-Type: multipart/mixed\r\n\r\n\xff\xfe broken"


def tickets(rooms: Rooms) -> list[str]:
    return sorted(str(post.origin.ticket) for post in kept(rooms))


def kept(rooms: Rooms) -> list[RawPost]:
    with rooms.database.read() as db:
        parts = all_parts(db)
    return [decode(RawPost, line, Where("raw")) for part in parts for _, line in rooms.raw.read(part.path)]


def aside(rooms: Rooms) -> list[Kept]:
    with rooms.database.read() as db:
        return list(list_quarantine(db, state="open", source=None, reason=None))


def counts(report: MailboxReport) -> tuple[int, int, int]:
    return report.imported[0].rows, report.imported[0].new, report.imported[0].quarantined


def test_reads_each_mail_once_and_changes_nothing(open_with: Open, dovecot: Dovecot, folder: str) -> None:
    dovecot.deliver(mail(1), mail(2), folder=folder)
    rooms = open_with()
    assert counts(import_mailbox(rooms, "demo_12345")) == (2, 2, 0)
    assert counts(import_mailbox(rooms, "demo_12345")) == (0, 0, 0)
    dovecot.deliver(mail(3), folder=folder)
    assert counts(import_mailbox(rooms, "demo_12345")) == (1, 1, 0)
    assert tickets(rooms) == ["1@example.com", "2@example.com", "3@example.com"]
    assert not any(b"\\Seen" in flags or b"\\Deleted" in flags for flags in dovecot.flags(folder))
    assert "user1" not in "".join(repr(post) for post in kept(rooms))


def test_marks_mails_as_read_when_told(open_with: Open, dovecot: Dovecot, folder: str) -> None:
    dovecot.deliver(mail(1), mail(2), folder=folder)
    import_mailbox(open_with(mailbox_mark_read=True), "demo_12345")
    assert [b"\\Seen" in flags for flags in dovecot.flags(folder)] == [True, True]


def test_a_renumbered_folder_is_read_again_and_brings_nothing_twice(
    open_with: Open, dovecot: Dovecot, folder: str
) -> None:
    dovecot.deliver(mail(1), mail(2), mail(3), folder=folder)
    rooms = open_with()
    import_mailbox(rooms, "demo_12345")
    dovecot.renumber(folder)
    dovecot.deliver(mail(4), folder=folder)
    assert counts(import_mailbox(rooms, "demo_12345")) == (4, 1, 0)


def test_tables_go_through_the_mapping(open_with: Open, dovecot: Dovecot, folder: str) -> None:
    tables = {"a_csv": TABLE.format("办理中").encode("gbk"), "b_xls": PAGE.encode(), "c_pdf": b"%PDF"}
    dovecot.deliver(mail(1, "附上工单", **tables), folder=folder)
    rooms = open_with()
    report = import_mailbox(rooms, "demo_12345")
    assert [(one.table, one.new) for one in report.imported[1:]] == [("a.csv", 2), ("b.xls", 1)]
    assert report.imported[2].note == "实为 HTML 表格，不是 XLS"
    assert tickets(rooms) == ["1@example.com", "T1", "T2", "T9"]
    assert [post.extra["attachments"] for post in kept(rooms) if "attachments" in post.extra] == ["c.pdf"]


def test_a_table_that_cannot_be_imported_leaves_its_mail_and_no_other(
    open_with: Open, dovecot: Dovecot, folder: str
) -> None:
    odd = TABLE.format("转区里").encode()
    dovecot.deliver(mail(1, "附上工单", a_csv=odd), mail(2), folder=folder)
    rooms = open_with(mailbox_mark_read=True)
    first = import_mailbox(rooms, "demo_12345")
    assert (len(first.left), tickets(rooms)) == (1, ["1@example.com", "2@example.com"])
    assert "转区里（1 行）" in first.left[0]
    assert [b"\\Seen" in flags for flags in dovecot.flags(folder)] == [False, True]
    assert len(import_mailbox(rooms, "demo_12345").left) == 1
    again = import_mailbox(rooms, "demo_12345", allow_unknown=True)
    assert (again.left, [one.new for one in again.imported]) == ((), [0, 1])
    assert counts(import_mailbox(rooms, "demo_12345")) == (0, 0, 0)


def test_a_broken_mail_is_put_aside_whole_and_can_be_replayed(
    open_with: Open, dovecot: Dovecot, folder: str
) -> None:
    dovecot.deliver(mail(1), BROKEN, mail(2), folder=folder)
    rooms = open_with()
    assert counts(import_mailbox(rooms, "demo_12345")) == (3, 2, 1)
    (found,) = aside(rooms)
    assert found.record.raw == BROKEN
    assert "NoBoundaryInMultipartDefect" in found.record.reason
    now = found.record.at.astimezone(SHANGHAI)
    assert replay_records(rooms, Filter(), who="王", now=now).replayed == 0
    fix_record(rooms, found.id, {}, BROKEN.replace(b"multipart/mixed", b"text/plain"), who="王", now=now)
    with pytest.raises(ReadError):
        fix_record(rooms, found.id, {"标题": "x"}, None, who="王", now=now)
    whole = b"Message-ID: <broken@x>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + "停水".encode()
    fix_record(rooms, found.id, {}, whole, who="王", now=now)
    assert replay_records(rooms, Filter(), who="王", now=now).new == 1
    assert "broken@x" in tickets(rooms)


def test_a_mail_is_done_only_when_its_record_is_stored(
    open_with: Open, dovecot: Dovecot, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver(mail(1), mail(2), folder=folder)
    rooms = open_with(mailbox_mark_read=True)
    with monkeypatch.context() as broken:
        broken.setattr(type(rooms.raw), "write", _no_space)
        with pytest.raises(OSError, match="No space"):
            import_mailbox(rooms, "demo_12345")
    assert not any(b"\\Seen" in flags for flags in dovecot.flags(folder))
    assert counts(import_mailbox(rooms, "demo_12345")) == (2, 2, 0)


def _no_space(*_arguments: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_mail_of_many_megabytes_is_put_aside_by_its_head(
    open_with: Open, dovecot: Dovecot, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.jobs.mailbox.LONGEST", 100_000)
    dovecot.deliver(mail(1, a_bin=b"x" * 200_000), mail(2), folder=folder)
    rooms = open_with()
    assert counts(import_mailbox(rooms, "demo_12345")) == (2, 1, 1)
    (found,) = aside(rooms)
    assert "不超过 100000 字节" in found.record.reason
    assert len(found.record.raw) == 65_536


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mailbox_password": "wrong-secret"}, "登得进"),
        ({"mailbox_folder": "没有的"}, "邮箱里的文件夹"),
        ({"mailbox_ca": None}, "CERTIFICATE_VERIFY_FAILED"),
        ({"mailbox_port": free_port()}, "refused"),
        ({"mailbox_host": None}, "没有都设"),
    ],
)
def test_a_wrong_setting_is_one_line_without_the_password(
    open_with: Open, dovecot: Dovecot, folder: str, changes: dict[str, object], reason: str
) -> None:
    dovecot.deliver(mail(1), folder=folder)
    with pytest.raises(ReadError, match=reason) as refused:
        import_mailbox(open_with(**changes), "demo_12345")
    told = str(refused.value)
    assert "\n" not in told
    assert dovecot.password not in told
    assert "wrong-secret" not in told


@pytest.mark.parametrize("security", ["starttls", "none"])
def test_other_ways_to_connect(open_with: Open, dovecot: Dovecot, folder: str, security: str) -> None:
    dovecot.deliver(mail(1), folder=folder)
    rooms = open_with(mailbox_security=security, mailbox_port=dovecot.plain)
    assert counts(import_mailbox(rooms, "demo_12345")) == (1, 1, 0)


@pytest.mark.slow
def test_every_mail_comes_once_whenever_the_import_is_killed(
    open_with: Open, dovecot: Dovecot, folder: str
) -> None:
    dovecot.deliver(*(mail(number) for number in range(300)), folder=folder)
    rooms, chance, cut = open_with(), random.Random(7), list[int]()
    for _ in range(2):
        reader = PROCESSES.Process(target=_read_in_small_batches, args=(rooms.settings.model_dump(),))
        reader.start()
        _wait_for_more(rooms, stored(rooms))
        time.sleep(chance.uniform(0, 0.1))
        reader.kill()
        reader.join()
        cut.append(stored(rooms))
    assert 0 < cut[0] < cut[-1] < 300
    import_mailbox(rooms, "demo_12345")
    assert tickets(rooms) == sorted(f"{number}@example.com" for number in range(300))
    assert counts(import_mailbox(rooms, "demo_12345")) == (0, 0, 0)


def _read_in_small_batches(settings: dict[str, Any]) -> None:
    mailbox._AT_ONCE = 20
    with open_rooms(load_settings(**settings)) as rooms:
        import_mailbox(rooms, "demo_12345")


def _wait_for_more(rooms: Rooms, known: int) -> None:
    until = time.monotonic() + 60
    while stored(rooms) == known:
        assert time.monotonic() < until
        time.sleep(0.05)


def stored(rooms: Rooms) -> int:
    """How many records the raw zone holds."""
    with rooms.database.read() as db:
        return sum(part.lines for part in all_parts(db))
