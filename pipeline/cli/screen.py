"""What a command prints: tables and lines for people, JSON for machines, progress on standard error."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from enum import IntEnum
from typing import NoReturn

import orjson
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from pipeline.progress import Advance

messages = Console(stderr=True, highlight=False, soft_wrap=True)
answers = Console(highlight=False, soft_wrap=True)


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FAILED = 1
    WRONG_USE = 2
    QUARANTINED = 3


def say(line: str) -> None:
    """One line for the person at the terminal; never on standard output, so that pipes stay clean."""
    messages.print(line)


def fail(line: str, code: Exit = Exit.FAILED) -> NoReturn:
    """One clear line, then the exit code."""
    messages.print(line, style="bold red", markup=False)
    raise typer.Exit(int(code))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2).decode() + "\n")


def print_table(title: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Rows of equal keys as a table; the keys are the column heads."""
    if not rows:
        answers.print(f"{title}：（空）")
        return
    table = Table(title=title, title_justify="left")
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    answers.print(table)


def print_answer(title: str, rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    """Rows as JSON or as a table."""
    if as_json:
        print_json(rows)
    else:
        print_table(title, rows)


@contextmanager
def progress_bar(title: str, *, shown: bool = True) -> Iterator[Advance]:
    """A progress bar on standard error; silent where that is no terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=messages, disable=not (shown and messages.is_terminal), transient=True
    ) as bar:
        task = bar.add_task(title, total=None)

        def advance(done: int, total: int | None = None) -> None:
            bar.update(task, completed=done, total=total)

        yield advance
