"""Retries, cache, private addresses, redaction and counting, piece by piece."""

import logging
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.cache import prune_cache
from crawlers.network import is_public, written_address
from crawlers.output import judge_count, read_stats
from crawlers.quarantine import decode_quarantined, encode_quarantined
from crawlers.redact import RedactingFormatter, redact
from crawlers.retry import retry_after
from crawlers.source import Count
from schemas.errors import ReadError, Where
from schemas.records import Quarantined

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0), (b"", 0), (b"7", 7), (b"Sat, 31 Jan 2026 08:00:30 GMT", 30),
        (b"Fri, 30 Jan 2026 08:00:00 GMT", 0),
        (b"soon", 0), (b"-5", 0), (b"\xff", 0),
    ],
)  # fmt: skip
def test_reads_the_pause_a_server_asks_for(header: bytes | None, seconds: float) -> None:
    assert retry_after(header, NOW) == seconds


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
        "224.0.0.1", "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
    ],
)  # fmt: skip
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["202.106.0.20", "2408:8000::1", "::ffff:202.106.0.20"])
def test_public_addresses_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1"])
def test_every_spelling_of_an_address_is_seen_through(host: str) -> None:
    assert written_address(host) == "127.0.0.1"


def test_a_name_is_no_address() -> None:
    assert written_address("people.com.cn") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://u:p@h/x", "http://***@h/x"),
        ("get http://h/?page=2&access_token=abc&x=1 now", "get http://h/?page=2&access_token=***&x=1 now"),
        ("http://h/?appKey=abc#t", "http://h/?appKey=***#t"),
        ("http://h/?sign=a%20b", "http://h/?sign=***"),
        ("http://h/a@b?page=2", "http://h/a@b?page=2"),
    ],
)
def test_secrets_in_addresses_are_not_shown(text: str, expected: str) -> None:
    assert redact(text) == expected


def test_tracebacks_in_the_log_are_redacted_too() -> None:
    error = ValueError("http://u:hush@h/")
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "bad", None, (ValueError, error, None))
    assert "hush" not in RedactingFormatter().format(record)


@pytest.mark.parametrize(("seen", "status"), [(0, "too_few"), (1, "ok"), (5, "ok"), (6, "too_many")])
def test_judges_the_number_of_records(seen: int, status: str) -> None:
    assert judge_count(seen, Count(1, 5))[0] == status


def test_pages_that_nobody_asks_for_leave_the_cache(tmp_path: Path) -> None:
    for name, days in (("old", 40), ("new", 1)):
        meta = tmp_path / "demo" / "aa" / name / "pickled_meta"
        meta.parent.mkdir(parents=True)
        meta.write_bytes(b"")
        at = time.time() - days * 86400
        os.utime(meta, (at, at))
    assert prune_cache(tmp_path) == 1
    assert [path.name for path in (tmp_path / "demo" / "aa").iterdir()] == ["new"]


def test_quarantine_lines_keep_any_bytes() -> None:
    record = Quarantined("demo_site", "http://h/1", "编码", bytes(range(256)), NOW)
    assert decode_quarantined(encode_quarantined(record), Where("x")) == record


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"{}", b'{"source":"a","url":"b","reason":"c","raw":"?","at":"d"}']
)
def test_a_wrong_quarantine_line_is_refused(line: bytes) -> None:
    with pytest.raises(ReadError, match="x:3: 隔离记录"):
        decode_quarantined(line, Where("x", 3))


def test_missing_stats_are_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="抓取写下的统计"):
        read_stats(tmp_path / "none.json")
