"""A mail to a reporting address as a record: its text, its tables, what else was attached."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import errors, message_from_bytes, policy
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path, PurePath

import orjson

from crawlers.authors import hash_of_author
from crawlers.charset import decode_text
from crawlers.hotline.mail_text import clean_subject, own_text
from crawlers.hotline.mapping import load_mapping
from crawlers.page import html_text
from schemas.errors import ReadError, Where
from schemas.posts import make_post
from schemas.records import Quarantined, RawPost

# Attachments that are imported through the mapping, by the end of their names.
TABLES = frozenset([".csv", ".tsv", ".xls", ".et", ".xlsx", ".xlsm", ".jsonl", ".ndjson"])
LONGEST_TEXT = 200_000
# What the reader of a refused mail begins with; that of a table's row is an object.
MAIL = "mail:"
_SLACK = timedelta(days=1)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
# Bytes in these are ASCII, and would be taken for UTF-8.
_STATEFUL = ("hz", "iso-2022", "utf-7")
# What is no letter any more. A missing end is: what is there can be read.
_BROKEN = (
    errors.NoBoundaryInMultipartDefect,
    errors.StartBoundaryNotFoundDefect,
    errors.MultipartInvariantViolationDefect,
    errors.InvalidMultipartContentTransferEncodingDefect,
    errors.InvalidBase64CharactersDefect,
    errors.InvalidBase64LengthDefect,
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A table that came with a mail: its name, without folders, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail brought: a record, None where it is only an envelope for tables; and the tables."""

    post: RawPost | None
    tables: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class MailReader:
    """How the mails of one mailbox are read: as records of `source`. Senders are kept as hashes under
    `author_key`, not at all without one."""

    source: str
    district: str | None
    author_key: bytes | None

    def read(self, raw: bytes, where: Where, *, received: datetime, fetched_at: datetime) -> Mail:
        """The mail of its bytes, which the server `received` at that time; known by its Message-ID.

        Raises ReadError for one whose MIME is broken, whose text cannot be decoded, or that says nothing.
        """
        try:
            message = message_from_bytes(raw, policy=policy.compat32)
            return self._read(message, where, received, fetched_at)
        except RecursionError as error:
            raise ReadError(where, "MIME", "一层套一层的邮件", "层数不多的邮件") from error

    def _read(self, message: Message, where: Where, received: datetime, fetched_at: datetime) -> Mail:
        parts = [part for part in message.walk() if not part.is_multipart()]
        tables, others = _attachments(parts, where)
        title, forwards = clean_subject(_header(message, "Subject", where))
        body = own_text(_text(message, where), forwards=forwards)
        _check(message, where)
        if not title and not body and not tables:
            raise ReadError(where, "正文", "", "有主题、正文或表格的邮件")
        if len(body) > LONGEST_TEXT:
            raise ReadError(where, "正文", f"{len(body)} 字", f"不超过 {LONGEST_TEXT} 字")
        post = (
            None
            if tables and not body
            else self._post(message, title, body, where, received, fetched_at, others)
        )
        return Mail(post, tuple(tables))

    def _post(
        self,
        message: Message,
        title: str,
        body: str,
        where: Where,
        received: datetime,
        fetched_at: datetime,
        others: list[str],
    ) -> RawPost:
        number = _header(message, "Message-ID", where).strip("<> ")
        sender = parseaddr(_header(message, "From", where))[1].lower()
        return make_post(
            self.source,
            number or None,
            title,
            body,
            fetched_at=fetched_at,
            published_at=_sent(message, received),
            ticket=number or None,
            author_hash=hash_of_author(sender, self.author_key),
            district=self.district,
            extra={"attachments": "、".join(others)} if others else {},
        )


def write_mail(mapping: str, received: datetime) -> str:
    """What is kept to read a refused mail again: the mapping's name or path, and when it was received."""
    return f"{MAIL}{orjson.dumps({'mapping': mapping, 'received': received}).decode()}"


def reread_mail(record: Quarantined, raw: bytes, *, now: datetime, author_key: bytes | None) -> RawPost:
    """The record of a refused mail, by its bytes as they are now. Raises ReadError where it is still wrong,
    and for one with tables, which are imported by themselves."""
    told = orjson.loads(record.reader.removeprefix(MAIL))
    path = Path(told["mapping"])
    mapping = load_mapping(path if path.suffix == ".yml" else told["mapping"])
    where, received = Where(record.where), datetime.fromisoformat(told["received"])
    reader = MailReader(mapping.source, mapping.district, author_key)
    mail = reader.read(raw, where, received=received, fetched_at=now)
    if mail.post is None or mail.tables:
        names = "、".join(table.name for table in mail.tables)
        raise ReadError(where, "附件", names, "没有表格的邮件；表格另存后用 qianshao import 导入")
    return mail.post


def _check(message: Message, where: Where) -> None:
    for part in message.walk():
        for defect in part.defects:
            if isinstance(defect, _BROKEN):
                raise ReadError(where, "MIME", type(defect).__name__, "完好的邮件")


def _attachments(parts: list[Message], where: Where) -> tuple[list[Attachment], list[str]]:
    """The tables among the parts, and the names of all other attachments."""
    tables, others = list[Attachment](), list[str]()
    for part in parts:
        if not (name := _file_name(part, where)):
            continue
        if PurePath(name).suffix.lower() in TABLES:
            tables.append(Attachment(name, _payload(part)))
        else:
            others.append(name)
    return tables, others


def _file_name(part: Message, where: Where) -> str:
    """The name of an attachment without folders; empty for what is none."""
    told = part.get_filename()
    if told is None:
        is_attached = part.get_content_disposition() == "attachment"
        return part.get_content_type().replace("/", ".") if is_attached else ""
    name = _decoded(told, where).replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in name if char.isprintable()).strip(" .")[-120:] or "附件"


def _text(message: Message, where: Where) -> str:
    """The plain text of a mail, else its HTML as text; of a mail that has none, that of the one within."""
    for part in _inline(message, "text/plain"):
        if text := _part_text(part, where).strip():
            others = [_part_text(more, where) for more in _inline(message, "text/plain") if more is not part]
            return "\n".join([text, *(other for other in others if other.strip())])
    pages = (html_text(_part_text(part, where)) for part in _inline(message, "text/html"))
    if page := next((page for page in pages if page.strip()), ""):
        return page
    within = [
        part for part in message.walk() if part.get_content_type() == "message/rfc822" and part is not message
    ]
    return next(
        (_text(one, where) for part in within for one in part.get_payload() if isinstance(one, Message)), ""
    )


def _inline(message: Message, kind: str) -> Iterator[Message]:
    """The parts of a kind that are no attachments, without those of a mail within this one."""
    if message.get_content_type() == "message/rfc822":
        return
    if message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _inline(part, kind)
    elif message.get_content_type() == kind and not _is_attached(message):
        yield message


def _is_attached(part: Message) -> bool:
    return part.get_filename() is not None or part.get_content_disposition() == "attachment"


def _payload(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _part_text(part: Message, where: Where) -> str:
    told = (part.get_content_charset() or "").lower()
    data = _payload(part)
    if told.startswith(_STATEFUL):
        try:
            return data.decode(told)
        except (LookupError, UnicodeDecodeError) as error:
            raise ReadError(where, "编码", told, "认得的编码") from error
    return decode_text(data, content_type=f"charset={told}" if told else "", where=where)


def _header(message: Message, name: str, where: Where) -> str:
    found = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    return _decoded(found, where)


def _decoded(text: str, where: Where) -> str:
    """A header as text: encoded words (RFC 2047), and bare bytes, which many programs write."""
    bare = text.encode("utf-8", "surrogateescape")
    text = text if text.isascii() else decode_text(bare, content_type="", where=where)
    try:
        words = decode_header(text)
    except (ValueError, errors.HeaderParseError):
        return " ".join(text.split())
    pieces = (word if isinstance(word, str) else _word(word, charset, where) for word, charset in words)
    return " ".join("".join(pieces).split())


def _word(word: bytes, charset: str | None, where: Where) -> str:
    if charset is None:
        return word.decode("utf-8" if not word.isascii() else "ascii", "replace")
    if charset.lower().startswith(_STATEFUL):
        return word.decode(charset, "replace")
    return decode_text(word, content_type=f"charset={charset}", where=where)


def _sent(message: Message, received: datetime) -> datetime:
    """When a mail was sent, by its date; when the server received it where that says nothing believable."""
    told = next((str(value) for key, value in message.raw_items() if key.lower() == "date"), "")
    try:
        sent = parsedate_to_datetime(told)
    except (ValueError, TypeError, IndexError, OverflowError):
        return received
    sent = sent if sent.tzinfo is not None else sent.replace(tzinfo=UTC)
    return sent if _EARLIEST <= sent <= received + _SLACK else received
