"""Rows of a CSV file in any of the encodings and delimiters that offices use."""

import csv
import io
import re
from collections import deque
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Self, TextIO

from crawlers.charset import guess_encoding
from crawlers.hotline.mapping import DELIMITERS, plain_name
from crawlers.hotline.tables import LONGEST_CELL, Row, Table, TableError

_CHUNK = 1 << 20
_LONGEST_LINE = 1_000_000
# Characters read at once.
_BLOCK = 1 << 18
# Bytes that no encoding explains come as lone surrogates (surrogateescape).
_BROKEN = re.compile(r"[\ud800-\udfff]")
_PROBLEMS = {
    "unexpected end of data": "引号没有闭合",
    "expected after": "引号后还有文字",
    "field larger": "单元格过长",
}


def read_csv(path: Path, *, header: int, delimiter: str | None, known: Collection[str]) -> Table:
    """The rows of a CSV file. Of the delimiters, the one holds that shows most of the `known` columns.

    Raises TableError for an empty file.
    """
    encoding = file_encoding(path)
    chosen = delimiter or sniff_delimiter(path, encoding, header, known)
    return Table(_rows(path, encoding, chosen), encoding, chosen)


def file_encoding(path: Path) -> str:
    """The encoding of a file, judged by the first part of it that is not plain ASCII."""
    with path.open("rb") as data:
        first = chunk = data.read(_CHUNK)
        if not first.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
            raise TableError("文件是空的")
        while chunk.isascii() and len(chunk) == _CHUNK:
            chunk = data.read(_CHUNK)
    guessed = guess_encoding(first)
    return guessed if guessed.startswith("utf-16") or guessed.endswith("sig") else guess_encoding(chunk)


def sniff_delimiter(path: Path, encoding: str, header: int, known: Collection[str]) -> str:
    """The delimiter under which the header row has most known columns; the comma where none is better."""

    def hits(delimiter: str) -> tuple[int, int]:
        for number, row in enumerate(_rows(path, encoding, delimiter), start=1):
            if number == header:
                return sum(plain_name(str(cell)) in known for cell in row.cells), len(row.cells)
        return 0, 0

    return max(DELIMITERS.values(), key=hits)


def _rows(path: Path, encoding: str, delimiter: str) -> Iterator[Row]:
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        lines = _Lines(file, encoding)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            lines.begin_record()
            yield from lines.simple_rows(delimiter)
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield lines.refuse(_explain(str(error)))
            except _TooLong:
                yield lines.refuse(f"一行超过 {_LONGEST_LINE} 字")
            except UnicodeDecodeError as error:
                yield Row(
                    lines.number,
                    (),
                    error.object[error.start : error.start + 64],
                    f"编码不是 {encoding}，后面无法读",
                )
                return
            else:
                yield lines.accept(cells)


def _explain(message: str) -> str:
    return next((words for part, words in _PROBLEMS.items() if part in message), message)


def _simple_cells(text: str, lines: list[str], delimiter: str) -> list[list[str]] | None:
    """The cells of whole lines; None where a quote, a NUL, a broken byte or a long cell needs more care."""
    if '"' in text or "\0" in text or _BROKEN.search(text) or any(len(line) > LONGEST_CELL for line in lines):
        return None
    try:
        return list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return None


class _TooLong(Exception):  # noqa: N818 - private signal through csv.reader
    pass


class _Lines:
    """The lines of a file for csv.reader, remembered until the record they make up is known to be sound.

    One stray quote makes csv.reader swallow the lines after it; of a record that is wrong only the
    first line is refused, and the others are read again.
    """

    def __init__(self, file: TextIO, encoding: str) -> None:
        self.file, self.encoding = file, "utf-8" if encoding == "utf-8-sig" else encoding
        self.number = 1
        self.record: list[str] = []
        self.again: deque[str] = deque()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self.again.popleft() if self.again else self.file.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        self.record.append(line)
        if len(line) >= _LONGEST_LINE and not line.endswith(("\n", "\r")):
            while (rest := self.file.readline(_LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
                continue
            raise _TooLong
        return line

    def simple_rows(self, delimiter: str) -> Iterator[Row]:
        """The rows of the next blocks, at once, as long as a block holds nothing that needs more care; the
        lines of the first that does are read again one by one."""
        while not self.again and not self.encoding.startswith("utf-16"):
            text = self.file.read(_BLOCK)
            text += self.file.readline(_LONGEST_LINE)
            found = list(io.StringIO(text, newline=""))
            cells = _simple_cells(text, found, delimiter)
            if cells is None:
                self.again.extend(found)
            else:
                for line, row in zip(found, cells, strict=True):
                    yield Row(self.number, tuple(row), line.encode(self.encoding))
                    self.number += 1
            if not found:
                return

    def begin_record(self) -> None:
        self.number += len(self.record)
        self.record = []

    def accept(self, cells: list[str]) -> Row:
        text = "".join(self.record)
        if _BROKEN.search(text):
            return self.refuse(f"编码不是 {self.encoding}")
        return (
            self.refuse("有 NUL 字符") if "\0" in text else Row(self.number, tuple(cells), self._bytes(text))
        )

    def refuse(self, problem: str) -> Row:
        first, *others = self.record
        self.again.extendleft(reversed(others))
        self.record = [first]
        return Row(self.number, (), self._bytes(first), problem)

    def _bytes(self, text: str) -> bytes:
        return text.encode(self.encoding, "surrogateescape")
