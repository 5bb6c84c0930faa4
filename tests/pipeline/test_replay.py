"""Replay: a stream through the live code path, the same bytes every time."""

import gzip
import json
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from pipeline.replay import ReplayReport, replay_file
from schemas.times import SHANGHAI

NOW = datetime(2026, 6, 1, tzinfo=SHANGHAI)
START = datetime(2026, 4, 1, 8, tzinfo=SHANGHAI)
PLANT = (
    "丽湖花苑小区旁边的混凝土搅拌站半夜施工，噪音大得睡不着，粉尘飘进阳台",
    "混凝土搅拌站离丽湖花苑小区太近，灰尘和噪音天天扰民，请环保部门查处",
    "丽湖花苑小区业主投诉隔壁混凝土搅拌站粉尘污染，夜里噪音不断",
    "混凝土搅拌站又开工了，丽湖花苑小区整栋楼都是灰，噪音刺耳",
    "请查处丽湖花苑小区旁的混凝土搅拌站，粉尘噪音影响孩子上网课",
)


def line(number: int, text: str, hours: float, **more: object) -> str:
    time = (START + timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M:%S")
    return json.dumps(
        {"id": f"w{number}", "text": text, "time": time, "user": f"u{number}", **more}, ensure_ascii=False
    )


STREAM = [line(n, text, 20 * n) for n, text in enumerate(PLANT)]
STREAM.append(line(50, "请问云湖湿地公园几点开门，带孩子想去", 30))


def replay(folder: Path, lines: list[str], name: str = "out") -> tuple[ReplayReport, Path]:
    source, out = folder / "stream.jsonl.gz", folder / name
    source.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    return replay_file(source, out, deployment=None, now=NOW, author_key=b"key"), out


def rows(out: Path, name: str) -> list[dict[str, object]]:
    return [json.loads(row) for row in (out / name).read_text("utf-8").splitlines()]


def test_a_burst_becomes_an_event_and_a_warning(tmp_path: Path) -> None:
    report, out = replay(tmp_path, STREAM)
    assert (report.posts, report.events, report.quarantined) == (6, 2, 0)
    events = rows(out, "events.jsonl")
    assert events[0]["post_ids"] == ["w0", "w1", "w2", "w3", "w4"]
    assert {
        "event_id",
        "title",
        "post_ids",
        "first_seen",
        "last_seen",
        "heat",
        "label",
        "place",
        "keywords",
    } <= set(events[0])
    alerts = rows(out, "alerts.jsonl")
    assert {"alert_id", "event_id", "level", "raised_at", "reason", "post_ids", "route"} <= set(alerts[0])
    assert [alert["level"] for alert in alerts][:2] == ["blue", "yellow"]
    assert {alert["event_id"] for alert in alerts} == {events[0]["event_id"]}
    assert set(alerts[-1]["post_ids"]) <= {"w0", "w1", "w2", "w3", "w4"}  # type: ignore[call-overload]
    assert "w0" in str(alerts[0]["reason"])


def test_every_revision_is_a_mail_in_one_thread(tmp_path: Path) -> None:
    report, out = replay(tmp_path, STREAM)
    mails = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted((out / "mails").glob("*.eml"))
    ]
    assert len(mails) == report.mails == report.revisions > 1
    assert mails[1]["In-Reply-To"] == mails[0]["Message-ID"]
    assert {part.get_content_type() for part in mails[0].walk()} == {
        "multipart/mixed",
        "application/cap+xml",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    }


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    _, one = replay(tmp_path, STREAM, "one")
    _, other = replay(tmp_path, STREAM, "other")
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    assert all((one / name).read_bytes() == (other / name).read_bytes() for name in names)


def test_lines_in_any_order_replay_in_order_of_time(tmp_path: Path) -> None:
    _, one = replay(tmp_path, STREAM, "one")
    _, other = replay(tmp_path, STREAM[::-1], "other")
    assert (one / "alerts.jsonl").read_bytes() == (other / "alerts.jsonl").read_bytes()


def test_a_record_received_late_counts_when_it_arrives(tmp_path: Path) -> None:
    received = (START + timedelta(hours=200)).isoformat()
    late = [*STREAM[:2], line(2, PLANT[2], 40, received=received)]
    _, out = replay(tmp_path, late)
    (alert,) = rows(out, "alerts.jsonl")
    assert alert["raised_at"] == received


def test_a_wrong_line_is_quarantined_and_the_rest_goes_on(tmp_path: Path) -> None:
    bad = ["{not json", json.dumps({"id": "x", "text": "没有时间的一条"}, ensure_ascii=False)]
    report, out = replay(tmp_path, [STREAM[0], *bad, *STREAM[1:]])
    assert (report.posts, report.quarantined) == (6, 2)
    refused = rows(out, "quarantine.jsonl")
    assert [row["where"] for row in refused] == ["stream.jsonl.gz:2", "stream.jsonl.gz:3"]
    assert "time" in str(refused[1]["reason"])


def test_an_empty_stream_is_valid(tmp_path: Path) -> None:
    report, out = replay(tmp_path, [])
    assert report == ReplayReport(0, 0, 0, 0, 0, 0, 0, dict.fromkeys(("red", "orange", "yellow", "blue"), 0))
    assert (out / "alerts.jsonl").read_bytes() == b""
