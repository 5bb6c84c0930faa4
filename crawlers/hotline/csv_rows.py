"""Rows of a CSV file in any of the encodings and delimiters that offices use."""

import csv
import io
import re
from collections import deque
from collections.abc import Collection, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Self, TextIO

from crawlers.charset import guess_encoding
from crawlers.hotline.mapping import DELIMITERS, plain_name
from crawlers.hotline.tables import LONGEST_CELL, Block, Piece, Row, Table, TableError, rows_of

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
    return Table(_gather(_pieces(path, encoding, chosen)), encoding, chosen)


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
        for number, row in enumerate(rows_of(_pieces(path, encoding, delimiter)), start=1):
            if number == header:
                return sum(plain_name(str(cell)) in known for cell in row.cells), len(row.cells)
        return 0, 0

    return max(DELIMITERS.values(), key=hits)


def _pieces(path: Path, encoding: str, delimiter: str) -> Iterator[Piece]:
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        lines = _Lines(file, encoding, delimiter)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            lines.begin_record()
            yield from lines.blocks()
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


def _gather(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Rows that were read one by one, as blocks."""
    held: list[Block] = []
    size = 0
    for piece in pieces:
        if isinstance(piece, Block) and len(piece.cells) == 1 and size < _BLOCK:
            held.append(piece)
            size += len(piece.texts[0])
            continue
        if held:
            yield _join(held)
            held, size = [], 0
        yield piece
    if held:
        yield _join(held)


def _join(blocks: list[Block]) -> Block:
    numbers = [block.numbers[0] for block in blocks]
    cells = [block.cells[0] for block in blocks]
    return Block(numbers, cells, [f"{block.texts[0]}{block.end}" for block in blocks], blocks[0].encoding)


def _explain(message: str) -> str:
    return next((words for part, words in _PROBLEMS.items() if part in message), message)


def _is_plain(text: str) -> bool:
    """Whether a text holds no NUL and no byte that its encoding does not explain."""
    if "\0" in text:
        return False
    try:
        text.encode()  # nothing encodes lone surrogates; this is faster than to look for them
    except UnicodeEncodeError:
        return False
    return True


def _line_end(text: str) -> str:
    """How every line of a text ends; "" where lines end differently."""
    if "\r" not in text:
        return "\n" if text.endswith("\n") else ""
    same = text.count("\r") == text.count("\n") == text.count("\r\n")
    return "\r\n" if same and text.endswith("\r\n") else ""


class _TooLong(Exception):  # noqa: N818 - private signal through csv.reader
    pass


class _Lines:
    """The lines of a file for csv.reader, remembered until the record they make up is known to be sound.

    One stray quote makes csv.reader swallow the lines after it; of a record that is wrong only the
    first line is refused, and the others are read again.
    """

    def __init__(self, file: TextIO, encoding: str, delimiter: str) -> None:
        self.file, self.encoding = file, "utf-8" if encoding == "utf-8-sig" else encoding
        self.delimiter = delimiter
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

    def blocks(self) -> Iterator[Block]:
        """The next rows, many at once. Lines from the first on that needs more care are read again one by
        one, and so is all of UTF-16, of which a wrong byte would cost a block."""
        while not self.again and not self.encoding.startswith("utf-16"):
            text = self.file.read(_BLOCK)
            text += self.file.readline(_LONGEST_LINE)
            if not text:
                return
            if '"' not in text and (block := self._plain_block(text)):
                self.number += len(block.texts)
                yield block
                continue
            lines = list(io.StringIO(text, newline=""))
            cells, ends = self._records(lines) if _is_plain(text) else ([], [])
            starts = [0, *ends]
            if cells:
                texts = ["".join(lines[start:end]) for start, end in pairwise(starts)]
                yield Block([self.number + start for start in starts[:-1]], cells, texts, self.encoding)
            self.again.extend(lines[starts[-1] :])
            self.number += starts[-1]

    def _plain_block(self, text: str) -> Block | None:
        """The rows of a text without quotes, whose cells are what lies between the delimiters."""
        end = _line_end(text)
        if not end or not _is_plain(text):
            return None
        texts = text.removesuffix(end).split(end)
        if max(map(len, texts)) > LONGEST_CELL:
            return None
        cells = [line.split(self.delimiter) if line else [] for line in texts]
        return Block(range(self.number, self.number + len(texts)), cells, texts, self.encoding, end)

    def _records(self, lines: list[str]) -> tuple[list[list[str]], list[int]]:
        """The records before the first that is wrong or has no end here, and the line after each."""
        if max(map(len, lines)) > LONGEST_CELL:
            return [], []
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        cells: list[list[str]] = []
        ends: list[int] = []
        try:
            for row in reader:
                cells.append(row)
                ends.append(reader.line_num)
        except csv.Error:
            pass  # what is wrong there, the reader of single lines tells
        return cells, ends

    def begin_record(self) -> None:
        self.number += len(self.record)
        self.record = []

    def accept(self, cells: list[str]) -> Piece:
        text = "".join(self.record)
        if _BROKEN.search(text):
            return self.refuse(f"编码不是 {self.encoding}")
        if "\0" in text:
            return self.refuse("有 NUL 字符")
        return Block((self.number,), (cells,), (text,), self.encoding)

    def refuse(self, problem: str) -> Row:
        first, *others = self.record
        self.again.extendleft(reversed(others))
        self.record = [first]
        return Row(self.number, (), self._bytes(first), problem)

    def _bytes(self, text: str) -> bytes:
        return text.encode(self.encoding, "surrogateescape")
