"""Where a RawPost begins: its identity, and the JSON lines that enrich and replay read."""

import codecs
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from schemas.errors import ReadError, Where
from schemas.records import JsonScalar, Origin, RawPost
from schemas.times import ALLOWED, SHANGHAI, parse_time

__all__ = [
    "LONGEST_LINE",
    "SHANGHAI",
    "digest_pairs",
    "hash_author",
    "make_post",
    "read_post",
    "revise_digest",
    "revise_digests",
]

# A post is a text somebody wrote; a longer line is a dump or an attack, and would sit in memory whole.
LONGEST_LINE = 1_048_576

# What of a digest is kept, and how half a pair of surrogates goes into one.
_LENGTH, _PASS = 24, "surrogatepass"
_BODY_KEYS = ("text", "body", "detail", "content")
_HEAT_KEYS = frozenset(("likes", "reposts", "comments"))
_NESTED = (dict, list)
_IDENTITY_KEYS = ("source", "url", "user", "time")
# 最小必要 (PIPL 第六条): who somebody is stays outside; the keyed hash of `user` is all that is kept.
_PERSONAL_KEYS = frozenset((
    "author", "name", "nickname", "screen_name", "user_name", "username", "uid", "user_id", "phone", "mobile",
    "tel", "id_card", "email",
))  # fmt: skip


def make_post(
    source: str,
    key: str | None,
    title: str,
    body: str,
    *,
    fetched_at: datetime,
    published_at: datetime | None = None,
    url: str | None = None,
    ticket: str | None = None,
    author_hash: str | None = None,
    district: str | None = None,
    extra: Mapping[str, JsonScalar] | None = None,
    beside: Sequence[str] = (),
) -> RawPost:
    """A RawPost with its id and revision computed (SHA-256, the first 24 hex digits).

    The id is made of the source and `key`, the post's own number; of its URL where it has none, of its
    content where it has neither. The revision is made of title and body, so that a new like is no new
    revision, and of what is named `beside` them (a reply, a state of work). Raises ValueError for a time
    without zone.
    """
    for moment in (fetched_at, published_at):
        if moment is not None and moment.utcoffset() is None:
            raise ValueError("times carry a zone")
    (content,) = digest_pairs((title,), (body,))
    (identity,) = digest_pairs((source,), (key or url or content,))
    origin = Origin(
        id=identity,
        revision=revise_digest(content, beside) if beside else content,
        source=source,
        fetched_at=fetched_at,
        published_at=published_at,
        url=url,
        ticket=ticket,
        author_hash=author_hash,
        district=district,
    )
    return RawPost(origin, title, body, {} if extra is None else dict(extra))


def revise_digest(content: str, beside: Sequence[str]) -> str:
    """The revision of a record by the digest of its text and what else makes it a new one."""
    return sha256("\0".join((content, *beside)).encode("utf-8", _PASS)).hexdigest()[:_LENGTH]


def revise_digests(contents: Sequence[str], *besides: Sequence[str]) -> list[str]:
    """`revise_digest` of many records: `besides` are columns of what may make each a new one, "" what does
    not; without any a record keeps the digest of its text."""
    columns = [[f"\0{told}" if told else "" for told in column] for column in besides]
    marked = map("".join, zip(contents, *columns, strict=True))
    return [
        content if len(told) == len(content) else sha256(told.encode("utf-8", _PASS)).hexdigest()[:_LENGTH]
        for content, told in zip(contents, marked, strict=True)
    ]


def hash_author(author: str, key: bytes) -> str:
    """The keyed hash of an author's name or number: HMAC-SHA256, the first 16 hex digits.

    Without the key nobody can try names until one fits; with another key nothing can be joined.
    """
    return hmac.digest(key, author.encode("utf-8", "surrogatepass"), "sha256").hex()[:16]


def read_post(line: bytes, where: Where, *, source: str, fetched_at: datetime, author_key: bytes) -> RawPost:
    """One JSON line as a RawPost.

    The text stands in `text`, `body`, `detail` or `content` (the first that is not blank), with or without a
    `title`. Optional: `id` (text or whole number), `time`, `source`, `user`, `url`, `likes`, `reposts`,
    `comments`; null or blank means not stated. `extra` keeps the `id` as it stood, the heat as numbers and
    every other scalar; keys that are not kept (lists, objects, names and numbers of persons) are named in
    `extra["ignored"]`.

    Raises ReadError with field, value and what is allowed.
    """
    found = _read_object(line, where)
    title = _text(found, "title", where)
    body_key, body = _find_body(found, where)
    if not title and not body:
        raise ReadError(where, "text", found.get("text"), "非空文字，或非空的 title、body、detail、content")
    key, user = _identifier(found, "id", where), _identifier(found, "user", where)
    return make_post(
        _text(found, "source", where) or source,
        key,
        title,
        body,
        fetched_at=fetched_at,
        published_at=_time(found, where),
        url=_text(found, "url", where) or None,
        author_hash=hash_author(user, author_key) if user else None,
        extra=_read_extra(found, {"title", body_key, *_IDENTITY_KEYS}, where),
    )


def digest_pairs(firsts: Iterable[str], seconds: Iterable[str]) -> list[str]:
    """The digests of titles and bodies, or of a source and its records' own numbers."""
    # Lengths keep ("a", "bc") and ("ab", "c") apart.
    joined = [
        f"{len(first)}:{first}{len(second)}:{second}" for first, second in zip(firsts, seconds, strict=False)
    ]
    return [sha256(text.encode("utf-8", _PASS)).hexdigest()[:_LENGTH] for text in joined]


def _read_object(line: bytes, where: Where) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise ReadError(where, "行长", len(line), f"不超过 {LONGEST_LINE} 字节的一行")
    try:
        found = orjson.loads(line.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise _explain(line, error, where) from error
    if not isinstance(found, dict):
        raise ReadError(where, "JSON", line.decode("utf-8-sig")[:40], "一行一个 JSON 对象")
    # In JSON a NUL can only stand escaped.
    if b"\\u0000" in line:
        _refuse_nul(found, where)
    return found


def _explain(line: bytes, error: orjson.JSONDecodeError, where: Where) -> ReadError:
    """Whether the encoding or the syntax is wrong; orjson's parser tells them apart only by its wording."""
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        return ReadError(where, "编码", line[bad.start : bad.start + 8], "UTF-8")
    return ReadError(where, "JSON", text[:40], f"一行一个 JSON 对象（{error.msg}）")


def _refuse_nul(found: Mapping[str, Any], where: Where) -> None:
    for name, value in found.items():
        if "\0" in name or (isinstance(value, str) and "\0" in value):
            raise ReadError(where, name, value, "不含 NUL 字符的文字")


def _text(found: Mapping[str, Any], name: str, where: Where) -> str:
    """The text under a key, blank where it is missing or null."""
    value = found.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ReadError(where, name, value, "文字")
    return value.strip()


def _find_body(found: Mapping[str, Any], where: Where) -> tuple[str | None, str]:
    """The first body key that is not blank, and its text."""
    for name in _BODY_KEYS:
        if body := _text(found, name, where):
            return name, body
    return None, ""


def _identifier(found: Mapping[str, Any], name: str, where: Where) -> str | None:
    """A name or number; an object (a user's profile without a name) is none and counts as ignored."""
    value = found.get(name)
    if value is None or (name == "user" and isinstance(value, dict)):
        return None
    # Spreadsheets hand numbers on as 165845.0.
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(number, bool) or not isinstance(number, str | int):
        raise ReadError(where, name, value, "文字或整数")
    return str(number).strip() or None


def _time(found: Mapping[str, Any], where: Where) -> datetime | None:
    value = found.get("time")
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ReadError(where, "time", value, ALLOWED)
    return parse_time(value, where, "time")


def _read_extra(found: Mapping[str, Any], taken: set[str | None], where: Where) -> dict[str, JsonScalar]:
    extra: dict[str, JsonScalar] = {}
    ignored = []
    for name, value in found.items():
        if isinstance(value, _NESTED) or name in _PERSONAL_KEYS:
            ignored.append(name)
        elif name in _HEAT_KEYS:
            extra[name] = _whole(name, value, where)
        elif name not in taken:
            extra[name] = value
    if ignored:
        extra["ignored"] = "、".join(ignored)
    return extra


def _whole(name: str, value: object, where: Where) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ReadError(where, name, value, "不小于 0 的整数")
    return value
