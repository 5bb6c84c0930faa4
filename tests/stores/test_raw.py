"""The raw zone keeps every line, once, and gives back what a damaged file still holds."""

import gzip
import random
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ReadError
from stores.raw import BrokenPartError, RawZone

DAY = date(2026, 3, 5)
LINES = [f'{{"id": {number}, "body": "柳浪街道停水第{number}天"}}'.encode() for number in range(5_000)]


@pytest.fixture
def zone(tmp_path: Path) -> RawZone:
    return RawZone(tmp_path / "raw")


@given(
    lines=st.lists(st.binary().map(lambda line: line.replace(b"\n", b""))),
    source=st.text(min_size=1, max_size=20),
)
def test_lines_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], source: str
) -> None:
    zone = RawZone(tmp_path_factory.getbasetemp() / "anything")
    file = zone.write(source, DAY, lines)
    assert list(zone.read(file.path)) == list(enumerate(lines, start=1))
    assert file.lines == len(lines)


def test_the_same_lines_are_the_same_file(zone: RawZone) -> None:
    first = zone.write("论坛", DAY, LINES)
    before = zone.locate(first.path).read_bytes()
    assert zone.write("论坛", DAY, iter(LINES)) == first
    assert zone.write("论坛", DAY, (line + b"\n" for line in LINES)) == first
    assert zone.locate(first.path).read_bytes() == before
    assert list(zone.files()) == [first.path]
    assert first.path == f"论坛/2026-03-05/{first.sha256[:12]}.jsonl.gz"


def test_a_part_is_plain_gzip(zone: RawZone) -> None:
    file = zone.write("论坛", DAY, LINES)
    assert gzip.decompress(zone.locate(file.path).read_bytes()).splitlines() == LINES


def test_parts_are_listed_by_source_and_day(zone: RawZone) -> None:
    paths = [zone.write(source, DAY, [source.encode()]).path for source in ("甲", "乙", "a/b")]
    assert sorted(zone.files()) == sorted(paths)
    assert list(zone.files("甲")) == paths[:1]
    assert list(zone.files("a/b")) == paths[2:]


@pytest.mark.parametrize("source", ["../up", "/etc", "..", ".hidden", "a/b", "汀东区 热线"])
def test_no_source_leads_out_of_the_zone(zone: RawZone, source: str) -> None:
    file = zone.write(source, DAY, [b"{}"])
    assert zone.locate(file.path).parent.parent.parent == zone.root.resolve()
    assert list(zone.read(file.path)) == [(1, b"{}")]


def test_a_line_break_in_a_line_is_refused_and_leaves_nothing(zone: RawZone) -> None:
    with pytest.raises(ValueError, match="line break"):
        zone.write("论坛", DAY, [b"{}", b"{\n}"])
    assert [path for path in zone.root.rglob("*") if path.is_file()] == []


def test_a_source_that_fails_midway_leaves_nothing(zone: RawZone) -> None:
    with pytest.raises(ZeroDivisionError):
        zone.write("论坛", DAY, (b"%d" % (1 // (3 - number)) for number in range(5)))
    assert [path for path in zone.root.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("path", ["../secret", "论坛/none.jsonl.gz", "/etc/passwd", "."])
def test_a_path_that_is_no_part_is_refused(zone: RawZone, path: str) -> None:
    zone.write("论坛", DAY, LINES)
    with pytest.raises(ReadError, match="原始区"):
        list(zone.read(path))


def _read_until_broken(zone: RawZone, path: str) -> tuple[list[bytes], BrokenPartError]:
    lines: list[bytes] = []
    with pytest.raises(BrokenPartError, match="gzip") as raised:
        lines.extend(line for _, line in zone.read(path))
    return lines, raised.value


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.999])
def test_a_cut_off_file_gives_every_line_before_the_cut(zone: RawZone, kept: float) -> None:
    path = zone.write("论坛", DAY, LINES).path
    whole = zone.locate(path).read_bytes()
    zone.locate(path).write_bytes(whole[: int(len(whole) * kept)])
    lines, error = _read_until_broken(zone, path)
    assert lines == LINES[: len(lines)]
    assert kept < 0.5 or len(lines) > len(LINES) * 0.5
    assert LINES[len(lines)].startswith(error.rest)
    assert f"{path}:{len(lines) + 1}: gzip" in str(error)


def test_a_damaged_file_gives_every_line_before_the_damage(zone: RawZone) -> None:
    noise = random.Random(7)
    lines = [noise.randbytes(100).replace(b"\n", b"").hex().encode() for _ in range(3_000)]
    path = zone.write("论坛", DAY, lines).path
    whole = bytearray(zone.locate(path).read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 64] = b"\xff" * 64
    zone.locate(path).write_bytes(whole)
    got, _ = _read_until_broken(zone, path)
    same = next((number for number, line in enumerate(got) if line != lines[number]), len(got))
    # Deflate notices damage a little late, so the last lines handed out may hold noise; none before is lost.
    assert same > len(lines) * 0.45


def test_what_is_no_gzip_is_said(zone: RawZone) -> None:
    path = zone.write("论坛", DAY, LINES).path
    zone.locate(path).write_bytes(b"<html>not found</html>")
    lines, error = _read_until_broken(zone, path)
    assert lines == []
    assert "incorrect header check" in str(error)


def test_files_put_one_behind_the_other_are_one(zone: RawZone) -> None:
    path = zone.write("论坛", DAY, LINES).path
    zone.locate(path).write_bytes(zone.locate(path).read_bytes() * 2)
    assert [line for _, line in zone.read(path)] == LINES * 2


def test_a_very_long_line_comes_back(zone: RawZone) -> None:
    long = random.Random(1).randbytes(10_000_000).hex().encode()
    path = zone.write("论坛", DAY, [long, b"{}"]).path
    assert [line for _, line in zone.read(path)] == [long, b"{}"]
