"""Mails to a reporting address: what was written in them, in whatever encoding and above whatever quote."""

import base64
import random
from collections import Counter
from datetime import datetime
from email.header import Header
from email.message import EmailMessage

import pytest

from crawlers.hotline.mail_text import clean_subject, own_text
from crawlers.hotline.mails import Mail, MailReader
from schemas.errors import ReadError, Where
from schemas.posts import hash_author

RECEIVED = datetime.fromisoformat("2026-05-06T09:00:00+08:00")
READER = MailReader("jubao", "350199", b"k")
BODY = "柳浪家园三栋楼道里煤气味很重，物业电话打不通。"


def letter(body: bytes, *lines: str, kind: str = "text/plain; charset=utf-8") -> bytes:
    head = ["Message-ID: <1@mail.example>", "From: a@example.com", f"Content-Type: {kind}", *lines]
    return "\r\n".join([*head, "", ""]).encode() + body


def read(raw: bytes) -> Mail:
    return READER.read(raw, Where("邮箱", 7), received=RECEIVED, fetched_at=RECEIVED)


def test_a_mail_becomes_a_record_without_its_sender() -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "柳浪家园有煤气味", "王某 <Wang@Example.com>"
    mail["Message-ID"], mail["Date"] = "<abc@example.com>", "Wed, 06 May 2026 08:30:00 +0800"
    mail.set_content(BODY)
    mail.add_attachment(b"\xff\xd8", maintype="image", subtype="jpeg", filename="现场 1.jpg")
    found = read(mail.as_bytes())
    assert found.tables == ()
    assert found.post is not None
    origin = found.post.origin
    assert (found.post.title, found.post.body) == ("柳浪家园有煤气味", BODY)
    assert (origin.ticket, origin.district) == ("abc@example.com", "350199")
    assert str(origin.published_at) == "2026-05-06 08:30:00+08:00"
    assert origin.author_hash == hash_author("wang@example.com", b"k")
    assert dict(found.post.extra) == {"attachments": "现场 1.jpg"}
    assert "wang" not in repr(found.post).lower()


@pytest.mark.parametrize("charset", ["utf-8", "gb2312", "gbk", "gb18030", "big5", "hz", "utf-16"])
@pytest.mark.parametrize("how", ["base64", "quoted-printable"])
def test_reads_every_charset_and_encoding(charset: str, how: str) -> None:
    text = (
        "明天停水"
        if charset == "big5"
        else "小区停水，朱镕基路"
        if charset in {"gbk", "gb18030"}
        else "小区停水三天"
    )
    data = text.encode(charset)
    data = text.encode(charset)
    if how == "8bit" and charset == "utf-16":
        pytest.skip("such bytes hold line ends of their own")
    coded = base64.encodebytes(data)
    if how == "quoted-printable":
        coded = "".join(f"={byte:02X}" for byte in data).encode()
    subject = Header(text, "utf-8" if charset == "utf-16" else charset).encode()
    raw = letter(
        coded,
        f"Subject: {subject}",
        f"Content-Transfer-Encoding: {how}",
        kind=f'text/plain; charset="{charset}"',
    )
    post = read(raw).post
    assert post is not None
    assert (post.title, post.body) == (text, text)


def test_reads_bare_bytes_and_characters_split_over_encoded_words() -> None:
    data = "汀东区停水".encode("gb18030")
    halves = [base64.b64encode(part).decode() for part in (data[:3], data[3:])]
    split = "\r\n ".join(f"=?gb2312?B?{half}?=" for half in halves)
    for subject in (b"Subject: " + data, f"Subject: {split}".encode()):
        post = read(b"Message-ID: <2@x>\r\n" + subject + b"\r\n\r\nx").post
        assert post is not None
        assert post.title == "汀东区停水"


def test_html_alone_becomes_text_and_plain_text_comes_first() -> None:
    page = "<html><style>p{}</style><body><p>井盖&nbsp;不见了</p><div>快来人</div></body></html>"
    post = read(letter(page.encode(), kind="text/html; charset=utf-8")).post
    assert post is not None
    assert post.body == "井盖 不见了\n快来人"
    mail = EmailMessage()
    mail.set_content("井盖不见了")
    mail.add_alternative(page, subtype="html")
    post = read(mail.as_bytes()).post
    assert post is not None
    assert post.body == "井盖不见了"


def test_tables_come_by_themselves_whatever_their_names_are_written_in() -> None:
    name = base64.b64encode("工单（五月）.xls".encode("gbk")).decode()
    raw = letter(
        b'--b\r\nContent-Type: text/plain; charset="gbk"\r\n\r\n'
        + "附上本周工单".encode("gbk")
        + f'\r\n--b\r\nContent-Type: application/octet-stream; name="=?gbk?B?{name}?="\r\n'.encode()
        + b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\n--b--\r\n",
        kind="multipart/mixed; boundary=b",
    )
    found = read(raw)
    assert [(table.name, table.content) for table in found.tables] == [("工单（五月）.xls", b"abc")]
    assert found.post is not None
    alone = raw.replace("附上本周工单".encode("gbk"), b"")
    assert read(alone).post is None


def test_the_name_of_an_attachment_leads_nowhere() -> None:
    mail = EmailMessage()
    mail.set_content(BODY)
    mail.add_attachment(b"a", maintype="text", subtype="csv", filename="../../etc/x.csv")
    assert [table.name for table in read(mail.as_bytes()).tables] == ["x.csv"]


def test_a_mail_within_a_mail_is_read_where_the_outer_says_nothing() -> None:
    inner, outer = EmailMessage(), EmailMessage()
    inner.set_content(BODY)
    outer["Subject"] = "转发：煤气味"
    outer.set_content("")
    outer.add_attachment(inner)
    post = read(outer.as_bytes()).post
    assert post is not None
    assert (post.title, post.body) == ("煤气味", BODY)


QUOTED = """

------------------ 原始邮件 ------------------
发件人: "李某" <li@example.com>;
发送时间: 2026年5月5日(星期二) 晚上8:10
收件人: "jubao"<jubao@example.com>;
主题: 停水

河口小区已经停水三天。
"""


@pytest.mark.parametrize(
    ("text", "forwards", "own"),
    [
        (f"还是没有来水。{QUOTED}", False, "还是没有来水。"),
        (f"请街道核实。{QUOTED}", True, "请街道核实。\n河口小区已经停水三天。"),
        (QUOTED, False, "河口小区已经停水三天。"),
        (
            "水来了，谢谢。\n\n在 2026年5月5日，李某 <li@example.com> 写道：\n> 停水三天\n> 没人管\n",
            False,
            "水来了，谢谢。",
        ),
        ("On Tue, May 5, 2026 at 8:10 PM Li <li@example.com> wrote:\n> 停水三天\n", False, "停水三天"),
        (
            "收到。\n发件人: 李某\n发送时间: 2026年5月5日\n收件人: 张某\n主题: 停水\n\n停水三天",
            False,
            "收到。",
        ),
        ("电线掉下来了。\n\n发自我的iPhone", False, "电线掉下来了。"),
        ("电线掉下来了。\n-- \n李某\n电话 13800000000", False, "电线掉下来了。"),
        (
            "时间：昨晚\n地点：河口小区\n发件人一栏写错了",
            False,
            "时间：昨晚\n地点：河口小区\n发件人一栏写错了",
        ),
    ],
)
def test_cuts_what_others_wrote_and_keeps_what_is_reported(text: str, forwards: bool, own: str) -> None:
    assert own_text(text, forwards=forwards) == own


@pytest.mark.parametrize(
    ("subject", "clean"),
    [
        ("Re: Re[2]: 停水", ("停水", False)),
        ("Fwd: 回复: 停水", ("停水", True)),
        ("回复：转发：停水", ("停水", False)),
        ("反映停水: 第三天", ("反映停水: 第三天", False)),
    ],
)
def test_subjects_lose_what_programs_put_before_them(subject: str, clean: tuple[str, bool]) -> None:
    assert clean_subject(subject) == clean


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (letter(b"x", kind="multipart/mixed"), "NoBoundaryInMultipartDefect"),
        (letter(b"x", kind='multipart/mixed; boundary="b"'), "StartBoundaryNotFoundDefect"),
        (letter(b"abcde", "Content-Transfer-Encoding: base64"), "InvalidBase64LengthDefect"),
        (letter(b"   \r\n"), "有主题、正文或表格的邮件"),
        (letter(b"\xff\xfe\xfd\x80\x80" * 9), "编码"),
        (letter("停".encode() * 200_001), "不超过 200000 字"),
    ],
)
def test_a_broken_mail_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(ReadError, match=reason) as refused:
        read(raw)
    assert str(refused.value).startswith("邮箱:7: ")


def test_a_mail_cut_short_is_read_as_far_as_it_came() -> None:
    raw = letter(
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + BODY.encode(),
        kind="multipart/mixed; boundary=b",
    )
    post = read(raw).post
    assert post is not None
    assert post.body == BODY


@pytest.mark.parametrize(
    "date", ["", "Date: gestern", "Date: Wed, 06 May 2099 08:30:00 +0800", "Date: 1 Jan 1970 00:00:00 +0000"]
)
def test_a_date_that_cannot_be_believed_gives_way_to_when_it_was_received(date: str) -> None:
    post = read(letter(BODY.encode(), *([date] if date else []))).post
    assert post is not None
    assert post.origin.published_at == RECEIVED


TOKENS = (
    b"=?gb2312?B?", b"?=", b'charset="x-unknown"', b"charset=utf-16", b"charset=undefined", b"charset=hz",
    b"filename*0*=utf-9''%ff", b"filename*=bogus''%E4", b"\0", b"\r\n\r\n", b'"', b"; ; ;", b"\xff\xfe",
    b"Content-Type: message/rfc822\r\n\r\n", b"Content-Transfer-Encoding: x-uuencode", b"name*1=a; name*0=b",
)  # fmt: skip


def test_a_damaged_mail_is_read_or_refused() -> None:
    whole = EmailMessage()
    whole["Subject"], whole["From"], whole["Message-ID"] = "转发: 煤气味", "王某 <a@example.com>", "<1@x>"
    whole.set_content(f"{BODY}{QUOTED}", charset="gb18030")
    whole.add_alternative(f"<p>{BODY}</p>", subtype="html")
    whole.add_attachment("编号\n1".encode("gbk"), maintype="text", subtype="csv", filename="工单（五月）.csv")
    chance, counts = random.Random(7), Counter[str]()
    for _ in range(600):
        data = bytearray(whole.as_bytes())
        for _ in range(chance.randint(1, 10)):
            at = chance.randrange(len(data))
            data[at : at + chance.choice([0, 0, 1, 20])] = chance.choice([*TOKENS, bytes([at % 256]), b""])
        try:
            read(bytes(data))
        except ReadError:
            counts["refused"] += 1
        else:
            counts["read"] += 1
    assert min(counts["read"], counts["refused"]) > 100


SHELLS = (
    "Content-Type: message/rfc822\r\n\r\n",
    'Content-Type: multipart/mixed; boundary="b{0}"\r\n\r\n--b{0}\r\n',
)


@pytest.mark.parametrize("shell", SHELLS, ids=["rfc822", "multipart"])
def test_a_mail_of_thousands_of_shells_is_refused(shell: str) -> None:
    with pytest.raises(ReadError, match="层数不多的邮件"):
        read("".join(shell.format(level) for level in range(1500)).encode() + b"\r\nx")
