"""The files of `enrich`: lines in by chunks; output, quarantine and progress out, safe against a kill."""

import gzip
import os
import sys
import zlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, cast

import orjson

from schemas.errors import ReadError, Where
from schemas.posts import LONGEST_LINE
from stores.atomic import write_atomic

# About a thousand posts: one pass of the core, and little to wait for at the end of a run.
CHUNK_BYTES = 1 << 19
# Of a line that is too long, quarantine keeps so much.
_LONGEST_KEPT = 65_536
_STANDARD = "-"
_STANDARD_QUARANTINE = "enrich.quarantine.jsonl"
_FINGERPRINTED = 65_536


@dataclass(frozen=True, slots=True)
class Chunk:
    """Neighbouring lines as they stand in the source, and where they stand.

    `line` is the number of the line before the first, `end` the offset in the (uncompressed) source after the
    last; of a last line that is too long, `cut` bytes were left out.
    """

    data: bytes
    line: int
    end: int
    cut: int = 0

    @property
    def last_line(self) -> int:
        """The number of the last line."""
        return self.line + self.data.count(b"\n") + (not self.data.endswith(b"\n"))

    def lines(self) -> list[bytes]:
        """The lines, each with its line break where it has one."""
        pieces = self.data.split(b"\n")
        rest = pieces.pop()
        return [piece + b"\n" for piece in pieces] + ([rest] if rest else [])


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run came: offset and line in the source, bytes of output and quarantine, and counts.

    `source` tells whether it is the same source: its name, size and the hash of its beginning.
    """

    source: str
    now: datetime
    offset: int = 0
    line: int = 0
    output_bytes: int = 0
    quarantine_bytes: int = 0
    lines: int = 0
    written: int = 0
    quarantined: int = 0


def read_chunks(source: str, start: Progress) -> Iterator[Chunk]:
    """The lines of the source from where a run stood. Raises ReadError where a .gz is broken."""
    line, offset = start.line, start.offset
    with _open_source(source) as file:
        try:
            if offset:
                file.seek(offset)
            while data := file.read(CHUNK_BYTES):
                whole = data if data.endswith(b"\n") else data + file.readline(LONGEST_LINE + 1)
                cut = 0 if whole.endswith(b"\n") else _skip_line(file)
                offset += len(whole) + cut
                chunk = Chunk(whole, line, offset, cut)
                yield chunk
                line = chunk.last_line
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ReadError(Where(source, line + 1), "gzip", str(error), "完整的 .gz 文件") from error


def _skip_line(file: IO[bytes]) -> int:
    """Read to the end of a line that is too long to keep; how many bytes that were."""
    skipped = 0
    while more := file.readline(1 << 20):
        skipped += len(more)
        if more.endswith(b"\n"):
            break
    return skipped


def refuse_line(source: str, error: ReadError, line: bytes) -> bytes:
    """The quarantine's line for a line that cannot be read."""
    entry = {
        "source": source,
        "where": str(error.where),
        "reason": str(error),
        "raw": b64encode(line[:_LONGEST_KEPT]).decode("ascii"),
    }
    return orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE)


class Target:
    """An output under way: written beside its place and put there when it is whole."""

    def __init__(self, path: Path, progress: Progress, total: int | None) -> None:
        self._path, self.progress, self.total = path, progress, total
        self._quarantine_path = beside(path, ".quarantine.jsonl")
        self._output = _open_part(beside(path, ".part"), progress.output_bytes)
        self._quarantine = _open_part(beside(self._quarantine_path, ".part"), progress.quarantine_bytes)

    def write(self, output: bytes, quarantine: bytes, progress: Progress) -> None:
        """Write a chunk's lines; afterwards the run can be killed and goes on behind them."""
        if output and self._path.suffix == ".gz":
            output = gzip.compress(output, 6, mtime=0)
        for file, piece in ((self._output, output), (self._quarantine, quarantine)):
            file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        self.progress = replace(
            progress, output_bytes=self._output.tell(), quarantine_bytes=self._quarantine.tell()
        )
        write_atomic(beside(self._path, ".progress.json"), orjson.dumps(asdict(self.progress)))

    def finish(self) -> None:
        """Put the whole output in its place."""
        self.close()
        beside(self._path, ".part").replace(self._path)
        if self.progress.quarantined:
            beside(self._quarantine_path, ".part").replace(self._quarantine_path)
        else:
            beside(self._quarantine_path, ".part").unlink()
            self._quarantine_path.unlink(missing_ok=True)
        beside(self._path, ".progress.json").unlink(missing_ok=True)

    def close(self) -> None:
        """Let the files go; an unfinished run keeps its parts."""
        self._output.close()
        self._quarantine.close()


class StandardTarget:
    """Standard output, which cannot be resumed; quarantine in the working folder."""

    def __init__(self, progress: Progress, total: int | None) -> None:
        self.progress, self.total = progress, total
        Path(_STANDARD_QUARANTINE).unlink(missing_ok=True)

    def write(self, output: bytes, quarantine: bytes, progress: Progress) -> None:
        """Write a chunk's lines."""
        sys.stdout.buffer.write(output)
        sys.stdout.buffer.flush()
        if quarantine:
            with Path(_STANDARD_QUARANTINE).open("ab") as file:
                file.write(quarantine)
        self.progress = progress

    def finish(self) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        """Standard output stays open."""


@contextmanager
def open_target(source: str, target: str, now: datetime) -> Iterator[Target | StandardTarget]:
    """The target, set to where an earlier run of the same source was killed, or to its beginning."""
    fresh = Progress(_describe_source(source), now)
    total = None if source == _STANDARD or source.endswith(".gz") else Path(source).stat().st_size
    opened: Target | StandardTarget
    if target == _STANDARD:
        opened = StandardTarget(fresh, total)
    else:
        path = Path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = Target(path, _read_progress(path, fresh), total)
    try:
        yield opened
    finally:
        opened.close()


def beside(path: Path, suffix: str) -> Path:
    """The file of the same name with something added."""
    return path.with_name(path.name + suffix)


def _describe_source(source: str) -> str:
    if source == _STANDARD:
        return _STANDARD
    path = Path(source)
    with path.open("rb") as file:
        beginning = sha256(file.read(_FINGERPRINTED)).hexdigest()
    return f"{path.resolve()} {path.stat().st_size} {beginning}"


def _read_progress(path: Path, fresh: Progress) -> Progress:
    """The progress of a killed run of the same source whose parts are still there; `fresh` otherwise."""
    saved, parts = (
        beside(path, ".progress.json"),
        [beside(path, ".part"), beside(path, ".quarantine.jsonl.part")],
    )
    if fresh.source == _STANDARD or not all(file.is_file() for file in (saved, *parts)):
        return fresh
    found = orjson.loads(saved.read_bytes())
    progress = Progress(**(found | {"now": datetime.fromisoformat(found["now"])}))
    sizes = (progress.output_bytes, progress.quarantine_bytes)
    whole = all(part.stat().st_size >= size for part, size in zip(parts, sizes, strict=True))
    return progress if progress.source == fresh.source and whole else fresh


def _open_part(path: Path, size: int) -> IO[bytes]:
    """The part file, cut back to what the progress vouches for."""
    file = path.open("r+b" if path.exists() else "w+b")
    file.truncate(size)
    file.seek(size)
    return file


@contextmanager
def _open_source(source: str) -> Iterator[IO[bytes]]:
    if source == _STANDARD:
        yield sys.stdin.buffer
        return
    path = Path(source)
    with cast("IO[bytes]", gzip.open(path) if path.suffix == ".gz" else path.open("rb")) as file:
        yield file
