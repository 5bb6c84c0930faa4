"""The command line as a user meets it: help, exit codes, clear lines, JSON on standard output."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = {
    "id": "1",
    "text": "柳浪家园三栋停水两天了，物业没人管，电话13812345678",
    "time": "2026-05-06 08:00:00",
}


def qianshao(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own, as a shell would."""
    command = [sys.executable, "-m", "pipeline.cli.main", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=120, check=False)


def lines(rows: list[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def test_help_names_every_command() -> None:
    done = qianshao("--help")
    text = done.stdout.decode()
    assert done.returncode == 0
    for name in (
        "demo",
        "run",
        "import",
        "enrich",
        "replay",
        "train",
        "evaluate",
        "bench",
        "sources",
        "rules",
    ):
        assert name in text
    assert "Traceback" not in done.stderr.decode()


def test_wrong_use_is_exit_2(tmp_path: Path) -> None:
    assert qianshao("enrich").returncode == 2
    assert qianshao("enrich", str(tmp_path / "absent.jsonl"), "-").returncode == 2
    (tmp_path / "x").write_text("")
    unknown = qianshao("bench", "nothing_of_the_kind", str(tmp_path / "x"))
    assert unknown.returncode == 2
    assert "text" in unknown.stderr.decode()


def test_enrich_from_pipe_to_pipe_masks_and_keeps_the_id() -> None:
    done = qianshao("enrich", "-", "-", stdin=lines([GOOD]))
    assert done.returncode == 0
    row = json.loads(done.stdout)
    assert row["id"] == "1"
    assert "138****5678" in row["text"]
    assert row["complaint"]["label"] == "urban_rural"
    assert {"words", "incident", "rumour", "urgency", "places", "facts", "fingerprint"} <= row.keys()


def test_enrich_with_a_bad_line_is_exit_3_and_loses_nothing(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(lines([GOOD]) + b'{"text": 5}\n' + b"\xff\xfe broken\n" + lines([GOOD | {"id": "2"}]))
    done = qianshao("enrich", str(source), str(target))
    assert done.returncode == 3
    assert [json.loads(line)["id"] for line in target.read_bytes().splitlines()] == ["1", "2"]
    aside = [json.loads(line) for line in Path(f"{target}.quarantine.jsonl").read_bytes().splitlines()]
    assert len(aside) == 2
    assert "in.jsonl:2" in str(aside[0])


def test_replay_writes_the_files_of_the_design(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    texts = ("柳浪家园三栋楼道里煤气味很重，谁家漏气了", "柳浪家园三栋煤气味越来越大，头都晕了")
    rows = [
        {"id": str(at), "text": text, "user": str(at), "time": f"2026-05-06 08:1{at}:00"}
        for at, text in enumerate(texts)
    ]
    source.write_bytes(lines(rows))
    done = qianshao("replay", str(source), "--out", str(tmp_path / "out"), "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["alerts"] == 1
    event = json.loads((tmp_path / "out" / "events.jsonl").read_bytes().splitlines()[0])
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
    } <= event.keys()
    alert = json.loads((tmp_path / "out" / "alerts.jsonl").read_bytes().splitlines()[0])
    assert {"alert_id", "event_id", "level", "raised_at", "reason", "post_ids", "route"} <= alert.keys()
    assert alert["post_ids"][0] in {"0", "1"}
    assert list((tmp_path / "out" / "mails").glob("*.eml"))


def test_doctor_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIANSHAO_SMTP_PASSWORD", "sesame")
    done = qianshao("doctor", "--json")
    findings = {one["part"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 0
    assert findings["smtp_password"]["state"] == "ok"
    assert findings["状态库"]["state"] == "ok"
    assert "sesame" not in (done.stdout + done.stderr).decode()


def test_doctor_says_what_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIANSHAO_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("QIANSHAO_SMTP_PORT", "9")
    done = qianshao("doctor", "--json")
    findings = {one["part"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 1
    assert findings["邮件"]["state"] == "failed"


def test_wrong_setting_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIANSHAO_SMTP_PORT", "many")
    done = qianshao("run")
    assert done.returncode == 1
    text = done.stderr.decode()
    assert "smtp_port" in text
    assert "Traceback" not in text
    assert len(text.strip().splitlines()) == 1


def test_rules_and_sources_check(tmp_path: Path) -> None:
    assert qianshao("rules", "check").returncode == 0
    assert qianshao("sources", "check").returncode == 0
    (tmp_path / "burst_nothing.yml").write_text("title: 没有别的\n", encoding="utf-8")
    broken = qianshao("rules", "check", str(tmp_path))
    assert broken.returncode == 1
    assert "burst_nothing.yml" in broken.stderr.decode()


def test_import_puts_wrong_rows_aside(tmp_path: Path) -> None:
    table = tmp_path / "工单.csv"
    head = (
        "工单编号,受理时间,诉求标题,诉求内容,所属区县,所属街道,来电人,联系电话,诉求类型,办理状态,承办单位\n"
    )
    good = "T1,2026-05-06 08:00,停水,柳浪家园停水两天,汀东区,柳浪街道,王某,13812345678,投诉,办理中,水务公司\n"
    bad = "T2,昨天吧,停水,柳浪家园停水两天,汀东区,柳浪街道,王某,13812345678,投诉,办理中,水务公司\n"
    table.write_bytes((head + good + bad).encode("gb18030"))
    done = qianshao("import", str(table), "--mapping", "demo_12345", "--json")
    assert done.returncode == 3
    report = json.loads(done.stdout)[0]
    assert (report["read"], report["new"], report["quarantined"]) == (1, 1, 1)
    assert "昨天吧" in report["errors"][0]
    listed = json.loads(qianshao("quarantine", "list", "--json").stdout)
    assert len(listed) == 1
    shown = qianshao("quarantine", "show", listed[0]["编号"])
    assert "T2" in shown.stdout.decode()
    (counted,) = json.loads(qianshao("quarantine", "count", "--json").stdout)
    assert (counted["来源"], counted["条数"]) == ("demo_12345", 1)
    again = json.loads(qianshao("import", str(table), "--mapping", "demo_12345", "--json").stdout)[0]
    assert again["new"] == 0
    assert len(json.loads(qianshao("quarantine", "list", "--json").stdout)) == 1
    key = listed[0]["编号"]
    assert qianshao("quarantine", "fix", key).returncode == 2
    assert qianshao("quarantine", "fix", key, "--set", "受理时间=2026-05-06 09:00").returncode == 0
    replayed = json.loads(qianshao("quarantine", "replay", key, "--json").stdout)
    assert (replayed["replayed"], replayed["new"]) == (1, 1)
    assert json.loads(qianshao("quarantine", "list", "--json").stdout) == []
    assert len(json.loads(qianshao("quarantine", "list", "--state", "all", "--json").stdout)) == 1


def test_import_shows_before_it_keeps_and_stops_at_unknown_values(tmp_path: Path) -> None:
    table = tmp_path / "工单.csv"
    table.write_text(
        "工单编号,受理时间,诉求内容,办理状态\nT1,2026-05-06 08:00,柳浪家园停水,转区里\n", encoding="utf-8"
    )
    shown = qianshao("import", str(table), "-m", "demo_12345", "--dry-run")
    assert shown.returncode == 3
    assert "映射没有的取值：办理状态 = 转区里，1 行" in shown.stderr.decode()
    stopped = qianshao("import", str(table), "-m", "demo_12345")
    assert stopped.returncode == 1
    assert "办理状态 = 转区里（1 行）" in stopped.stderr.decode()
    assert qianshao("import", str(table), "-m", "demo_12345", "--allow-unknown").returncode == 3
    assert len(json.loads(qianshao("quarantine", "list", "--json").stdout)) == 1
