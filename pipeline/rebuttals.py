"""Reading a list of official rebuttals: one title a line, or JSON lines with a `title`."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import orjson

from schemas.errors import ReadError, Where


def read_rebuttals(path: Path) -> tuple[str, ...]:
    """The titles in a text or JSONL file, `.gz` compressed or not. Raises ReadError with the line that has no
    title, and for a file that holds none."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    titles = tuple(_read_titles(text, str(path)))
    if not titles:
        raise ReadError(Where(str(path)), "title", None, "至少一条辟谣标题")
    return titles


def _read_titles(text: str, name: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("{"):
            yield _read_title(line, Where(name, number))
        elif line.strip():
            yield line.strip()


def _read_title(line: str, where: Where) -> str:
    try:
        title = orjson.loads(line).get("title")
    except orjson.JSONDecodeError as error:
        raise ReadError(where, "JSON", line[:40], f"一行一个 JSON 对象（{error.msg}）") from error
    if not isinstance(title, str) or not title.strip():
        raise ReadError(where, "title", title, "非空文字")
    return title.strip()
