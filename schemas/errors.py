"""Errors that name file, line, field, value and what was allowed."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Where:
    """The place a value was read from: a file or URL, and a line or row where there is one."""

    name: str
    line: int | None = None

    def __str__(self) -> str:
        return self.name if self.line is None else f"{self.name}:{self.line}"


class ReadError(ValueError):
    """A value that could not be read; its text is the one clear line shown to the user.

    >>> str(ReadError(Where("工单.csv", 3), "时间", "昨天吧", "2026-01-31 08:00:00 一类的时间"))
    "工单.csv:3: 时间 = '昨天吧'：应为 2026-01-31 08:00:00 一类的时间"
    """

    def __init__(self, where: Where, field: str, value: object, allowed: str) -> None:
        self.where, self.field, self.value, self.allowed = where, field, value, allowed
        shown = repr(value)
        if len(shown) > 80:
            shown = f"{shown[:77]}…"
        super().__init__(f"{where}: {field} = {shown}：应为 {allowed}")


def one_of(values: Iterable[str]) -> str:
    """The closing words of an error for a closed list: `a、b、c 之一`."""
    return f"{'、'.join(values)} 之一"
