"""enrich: lines through the text core; bad input, order, kill and resume."""

import gzip
import io
import os
import signal
import subprocess
import sys
import time
from base64 import b64decode
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from pipeline.enrich import EnrichReport, enrich_file
from schemas.errors import ReadError
from schemas.posts import LONGEST_LINE
from schemas.times import SHANGHAI

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI)
KEY = b"a key of the tests"

TEXTS = (
    "柳浪社区三号楼电梯又停了，老人下不了楼，物业电话没人接。",
    "汀东区新桥路早高峰公交车半小时不来一趟，上班天天迟到。",
    "工地拖欠我们十几个工人三个月工资，劳动监察说在调解。",
    "后山化工厂半夜排放刺鼻气体，孩子咳嗽得睡不着。",
)


def line(number: int) -> bytes:
    row = {"id": f"n{number}", "text": f"{TEXTS[number % 4]}第{number}次反映", "time": "2026-11-01 08:00:00"}
    return orjson.dumps(row) + b"\n"


def run(source: Path | str, target: Path | str, jobs: int = 1) -> EnrichReport:
    return enrich_file(str(source), str(target), jobs=jobs, deployment=None, now=NOW, author_key=KEY)


def read_lines(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    return [
        orjson.loads(one) for one in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
    ]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.enrich_files.CHUNK_BYTES", 1_000)


def test_a_line_keeps_its_id_and_carries_the_fields_of_the_design(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(
        orjson.dumps({"id": 188006, "title": "拖欠工资", "detail": TEXTS[2], "time": "2026-11-01 08:00:00"})
        + b"\n" + orjson.dumps({"text": "请打13800138000联系我"}) + b"\n"
    )  # fmt: skip
    assert run(source, tmp_path / "out.jsonl") == EnrichReport(lines=2, written=2, quarantined=0)
    first, second = read_lines(tmp_path / "out.jsonl")
    assert first["id"] == 188006
    assert first["complaint"]["label"] == "labour_security"
    assert first["complaint"]["label_zh"] == "劳动和社会保障"
    assert 0 < first["complaint"]["probability"] <= 1
    assert set(first["facts"]) >= {"deaths", "injured", "missing", "time"}
    assert {"incident", "rumour", "urgency", "places", "fingerprint", "words", "text"} <= set(first)
    assert len(second["id"]) == 24
    assert "13800138000" not in (tmp_path / "out.jsonl").read_text("utf-8")


def test_bad_lines_go_to_quarantine_with_one_clear_reason_and_the_rest_goes_through(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    bad = {
        2: b'{"text": "\xb3\xc7\xca\xd0"}\n',
        3: b'{"text": "nul \\u0000 byte"}\n',
        4: b'{"text": "' + b"x" * (10 * LONGEST_LINE) + b'"}\n',
        5: b"not json\n",
        6: b'{"text": "time", "time": "yesterday-ish"}\n',
        7: b"[1, 2]\n",
        8: b'{"text": ""}\n',
    }
    source.write_bytes(line(0) + b"".join(bad.values()) + b"\n" + line(1))
    report = run(source, tmp_path / "out.jsonl")
    assert report == EnrichReport(lines=9, written=2, quarantined=7)
    assert [one["id"] for one in read_lines(tmp_path / "out.jsonl")] == ["n0", "n1"]
    refused = read_lines(tmp_path / "out.jsonl.quarantine.jsonl")
    assert [one["where"] for one in refused] == [f"{source}:{number}" for number in bad]
    assert all("应为" in one["reason"] and "\n" not in one["reason"] for one in refused)
    raw = [b64decode(one["raw"]) for one in refused]
    assert raw[0] == bad[2]
    assert raw[3] == bad[5]
    assert len(raw[2]) == 65_536


def test_a_clean_run_removes_the_quarantine_of_an_earlier_one(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b"not json\n")
    run(source, target)
    assert (tmp_path / "out.jsonl.quarantine.jsonl").is_file()
    source.write_bytes(line(3))
    run(source, target)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


@pytest.mark.usefixtures("small_chunks")
def test_gzip_in_and_out_over_several_chunks(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl.gz"
    source.write_bytes(gzip.compress(b"".join(line(number) for number in range(30))))
    run(source, tmp_path / "out.jsonl.gz")
    assert [one["id"] for one in read_lines(tmp_path / "out.jsonl.gz")] == [
        f"n{number}" for number in range(30)
    ]


@pytest.mark.usefixtures("small_chunks")
def test_a_cut_gzip_is_named_and_what_came_before_is_kept_for_the_next_run(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl.gz", tmp_path / "out.jsonl"
    whole = gzip.compress(b"".join(os.urandom(16).hex().encode() + b"\n" for _ in range(2_000)))
    source.write_bytes(whole[:-2_000])
    with pytest.raises(ReadError, match="完整的"):
        run(source, target)
    assert not target.exists()
    assert (tmp_path / "out.jsonl.progress.json").is_file()


@pytest.mark.usefixtures("small_chunks")
def test_several_processes_keep_the_order_and_write_the_same_bytes(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"".join(line(number) for number in range(60)) + b"broken\n")
    assert run(source, tmp_path / "one.jsonl") == run(source, tmp_path / "two.jsonl", jobs=2)
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_standard_input_and_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(line(0) + b"broken\n" + line(1))))
    report = run("-", "-")
    written = capfdbinary.readouterr().out.splitlines()
    assert [orjson.loads(one)["id"] for one in written] == ["n0", "n1"]
    assert report.quarantined == 1
    assert read_lines(tmp_path / "enrich.quarantine.jsonl")[0]["where"] == "-:2"


@pytest.mark.usefixtures("small_chunks")
def test_an_interrupted_run_goes_on_and_gives_the_bytes_of_an_unbroken_one(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"".join(line(number) for number in range(50)) + b"broken\n" + line(51))
    run(source, tmp_path / "whole.jsonl")
    read = []

    def stop_after_three_chunks(done: int, _total: int | None = None) -> None:
        read.append(done)
        if len(read) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        enrich_file(
            str(source), str(tmp_path / "out.jsonl"), jobs=1, deployment=None, now=NOW, author_key=KEY,
            progress=stop_after_three_chunks,
        )  # fmt: skip
    # What a kill leaves behind the last progress is cut off.
    with (tmp_path / "out.jsonl.part").open("ab") as part:
        part.write(b'{"half a li')
    assert not (tmp_path / "out.jsonl").exists()
    seen: list[int] = []
    report = enrich_file(
        str(source), str(tmp_path / "out.jsonl"), jobs=1, deployment=None, now=datetime.now(SHANGHAI),
        author_key=KEY, progress=lambda done, _total=None: seen.append(done),
    )  # fmt: skip
    assert min(seen) > max(read)
    assert report == EnrichReport(lines=52, written=51, quarantined=1)
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


@pytest.mark.usefixtures("small_chunks")
def test_another_source_under_the_same_name_starts_afresh(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b"".join(line(number) for number in range(20)))

    def stop(_done: int, _total: int | None = None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        enrich_file(str(source), str(target), jobs=1, deployment=None, now=NOW, author_key=KEY, progress=stop)
    source.write_bytes(b"".join(line(number) for number in range(100, 103)))
    run(source, target)
    assert [one["id"] for one in read_lines(target)] == ["n100", "n101", "n102"]


_KILLED = """
import sys
from datetime import datetime
import pipeline.enrich_files as files
files.CHUNK_BYTES = 3_000
from pipeline.enrich import enrich_file
from schemas.times import SHANGHAI
if __name__ == "__main__":
    enrich_file(sys.argv[1], sys.argv[2], jobs=int(sys.argv[3]), deployment=None,
                now=datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI), author_key=b"a key of the tests")
"""


def start_until_saved(tmp_path: Path, jobs: int) -> subprocess.Popen[bytes]:
    """A run of its own over 6,000 lines that has written its first chunk and goes on."""
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b"".join(line(number) for number in range(6_000)))
    script = tmp_path / "killed.py"
    script.write_text(_KILLED, encoding="utf-8")
    child = subprocess.Popen(
        [sys.executable, str(script), str(source), str(target), str(jobs)], start_new_session=True
    )
    saved = tmp_path / "out.jsonl.progress.json"
    deadline = time.monotonic() + 60
    while not saved.exists() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return child


def list_family(pid: int) -> list[int]:
    """A process and all that came from it."""
    family = [pid]
    for one in family:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            family += map(int, children.read_text().split())
    return family


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="sees processes in /proc")
def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    child = start_until_saved(tmp_path, jobs=2)
    family = list_family(child.pid)
    child.kill()
    child.wait()
    # The parent, what tracks its resources, the forkserver and two workers.
    assert len(family) == 5
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").is_dir() for pid in family) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in family if Path(f"/proc/{pid}").is_dir()]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_process_is_resumed_with_the_same_result(tmp_path: Path, jobs: int) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    child = start_until_saved(tmp_path, jobs)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    done = orjson.loads((tmp_path / "out.jsonl.progress.json").read_bytes())["line"]
    assert 0 < done < 6_000
    assert run(source, target) == EnrichReport(lines=6_000, written=6_000, quarantined=0)
    run(source, tmp_path / "whole.jsonl")
    assert target.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
