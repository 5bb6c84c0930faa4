"""A watched folder: every table in it is imported once and then lies in `done`."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import time

from pipeline.jobs.imports import ImportReport, UnknownValuesError
from pipeline.jobs.readings import import_any
from pipeline.progress import Advance, ignore_progress
from pipeline.rooms import Rooms
from schemas.errors import ReadError

TABLES = frozenset([".csv", ".tsv", ".txt", ".xls", ".et", ".xlsx", ".xlsm", ".jsonl", ".ndjson"])
DONE = "done"
# Seconds without a change, after which nobody is writing a file any more.
SETTLED = 10.0


@dataclass(frozen=True, slots=True)
class WatchReport:
    """What a look at the folder brought; `left` says why a file was not taken and lies where it lay."""

    imported: tuple[ImportReport, ...]
    left: tuple[str, ...]


def import_folder(
    rooms: Rooms,
    folder: Path,
    mapping: str | Path,
    *,
    allow_unknown: bool = False,
    settled: float = SETTLED,
    progress: Advance = ignore_progress,
) -> WatchReport:
    """Import the tables of a folder, oldest name first, and move each to `done` within it.

    A file is moved once it is stored; a crash before that imports it again, which changes nothing. One that
    cannot be imported as a whole stays, with its reason. Other files and hidden ones are left alone.
    """
    imported: list[ImportReport] = []
    left: list[str] = []
    for path in _waiting(folder):
        if time() - path.stat().st_mtime < settled:
            left.append(f"{path.name}：刚改过，等下一次")
            continue
        try:
            report = import_any(rooms, path, mapping, allow_unknown=allow_unknown, progress=progress)
        except (UnknownValuesError, ReadError) as error:
            left.append(str(error))
            continue
        imported.append(report)
        _move(path)
    return WatchReport(tuple(imported), tuple(left))


def _waiting(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix.lower() in TABLES and not path.name.startswith("."):
            yield path


def _move(path: Path) -> None:
    """Put a file into `done`; where another of its name lies there already, with a part of its digest."""
    folder = path.parent / DONE
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    if target.exists():
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
        target = folder / f"{path.stem}.{digest}{path.suffix}"
    path.replace(target)
