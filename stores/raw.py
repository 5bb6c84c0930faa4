"""The raw zone: what was fetched, as it was, in gzip files of JSON lines by source and day."""

import hashlib
import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from isal import isal_zlib

from schemas.errors import ReadError, Where
from stores.atomic import place_file, synced

CHUNK = 64 * 1024
# Lines packed at once.
LINES = 5_000
# A tenth of the time of zlib's level 6, for files that are an eighth larger.
LEVEL = 1
# What makes the library write and read gzip's header and end.
GZIP = 31


@dataclass(frozen=True, slots=True)
class RawFile:
    """A written part file: `path` within the zone; `sha256` of its lines before compression."""

    path: str
    source: str
    day: date
    sha256: str
    lines: int


class BrokenPartError(ReadError):
    """A part file that ends too early or holds damaged bytes. `rest` is the last line's readable beginning;
    every line before it was handed out."""

    def __init__(self, where: Where, reason: str, rest: bytes) -> None:
        super().__init__(where, "gzip", reason, "完整的 gzip 文件；之前的行都已读出")
        self.rest = rest


class RawZone:
    """Part files under `root/<source>/<YYYY-MM-DD>/<first 12 hex digits of the content's hash>.jsonl.gz`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, source: str, day: date, lines: Iterable[bytes]) -> RawFile:
        """Keep lines as one part file; the same lines again are the same file. Raises ValueError for a line
        that holds a line break."""
        folder = self.root / _folder_name(source) / day.isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        # No name and no time in the gzip header: equal lines must give equal bytes.
        digest, count, packer = hashlib.sha256(), 0, isal_zlib.compressobj(LEVEL, wbits=GZIP)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", suffix=".part", delete=False) as file:
            temporary = Path(file.name)
            try:
                with synced(file):
                    for number, piece in _pieces(lines):
                        count += number
                        digest.update(piece)
                        file.write(packer.compress(piece))
                    file.write(packer.flush())
                path = folder / f"{digest.hexdigest()[:12]}.jsonl.gz"
                place_file(temporary, path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        return RawFile(path.relative_to(self.root).as_posix(), source, day, digest.hexdigest(), count)

    def read(self, path: str) -> Iterator[tuple[int, bytes]]:
        """The lines of a part with their numbers from 1. Raises BrokenPartError after the last whole line of
        a damaged file, and ReadError for a path outside the zone or without a file."""
        file = self.locate(path)
        number, rest = 0, b""
        try:
            for piece in _unpack(file):
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    number += 1
                    yield number, line
        except (zlib.error, EOFError) as error:
            raise BrokenPartError(Where(path, number + 1), str(error), rest) from error
        if rest:
            yield number + 1, rest

    def locate(self, path: str) -> Path:
        """The file of a part."""
        file = (self.root / path).resolve()
        if not file.is_relative_to(self.root.resolve()) or not file.is_file():
            raise ReadError(Where(path), "path", path, f"原始区 {self.root} 里的文件")
        return file

    def files(self, source: str | None = None) -> Iterator[str]:
        """The paths of all part files, by source and day: what a rebuild reads."""
        pattern = "*/*/*.jsonl.gz" if source is None else f"{_folder_name(source)}/*/*.jsonl.gz"
        for file in sorted(self.root.glob(pattern)):
            yield file.relative_to(self.root).as_posix()


def _folder_name(source: str) -> str:
    # A source's name may come from a user's table: `../etc` or `a/b` must not become a path.
    return source if re.fullmatch(r"\w[\w.-]*", source) else quote(source, safe="").replace(".", "%2E")


def _pieces(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines put together, each ended, with their number: many at once are digested and packed faster."""
    rest = iter(lines)
    while found := list(islice(rest, LINES)):
        piece = b"\n".join([*found, b""])
        if piece.count(b"\n") != len(found):
            found = [line.removesuffix(b"\n") for line in found]
            piece = b"\n".join([*found, b""])
        if piece.count(b"\n") != len(found):
            raise ValueError("a line of a part file holds a line break")
        yield len(found), piece


def _unpack(file: Path) -> Iterator[bytes]:
    """Decompressed pieces; of a damaged file everything up to the damage. Raises zlib.error or EOFError."""
    unpacker = zlib.decompressobj(wbits=GZIP)
    with file.open("rb") as packed:
        while chunk := packed.read(CHUNK):
            while chunk:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(wbits=GZIP)
                yield from _feed(unpacker, chunk)
                chunk = unpacker.unused_data
    if not unpacker.eof:
        raise EOFError("文件在中途结束 (truncated)")


def _feed(unpacker: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    before = unpacker.copy()
    try:
        yield unpacker.decompress(chunk)
    except zlib.error:
        # The library drops what it unpacked of a chunk with damage in it; byte by byte nothing is lost.
        for position in range(len(chunk)):
            yield before.decompress(chunk[position : position + 1])
        raise
