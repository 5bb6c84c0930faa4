"""`qianshao quarantine`: what could not be read, put right and read again."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipeline.cli.screen import Exit, fail, print_answer, print_json, say

if TYPE_CHECKING:
    from pipeline.rooms import Rooms

quarantine = typer.Typer(help="隔离区：读不懂的记录，一条不丢。", no_args_is_help=True)
KEY = typer.Argument(..., help="编号，见 list")
WHO = typer.Option(getpass.getuser(), "--who", help="经手人")
SOURCE = typer.Option(None, "--source", "-s", help="只看这个来源")
REASON = typer.Option(None, "--reason", "-r", help="原因里有这几个字")
STATE = typer.Option("open", "--state", help="open 待处理、replayed 已重放、dropped 已放弃、all 全部")
AS_JSON = typer.Option(False, "--json", help="输出 JSON")
_STATES = ("open", "replayed", "dropped", "all")


@quarantine.command("list")
def list_quarantine(
    source: str | None = SOURCE,
    reason: str | None = REASON,
    state: str = STATE,
    size: int = typer.Option(50, "--size", "-n", min=1, help="最多显示条数"),
    by: str | None = typer.Option(None, "--by", help="不逐条列，按 reason 原因或 source 来源汇总"),
    as_json: bool = AS_JSON,
) -> None:
    """列出隔离的记录：来源、位置、原因、时间；--by 按原因或来源汇总。"""
    from pipeline.quarantine import Filter, count_by, list_rows

    if by not in (None, "reason", "source"):
        fail(f"--by {by}：应为 reason、source 之一", Exit.WRONG_USE)
    with _opened() as rooms:
        wanted = Filter(_state(state), source, reason)
        rows = list_rows(rooms, wanted, size) if by is None else count_by(rooms, wanted, by)
    print_answer("隔离区", rows, as_json=as_json)


@quarantine.command("count")
def count_quarantine(
    source: str | None = SOURCE, reason: str | None = REASON, state: str = STATE, as_json: bool = AS_JSON
) -> None:
    """按来源和原因计数。"""
    from pipeline.quarantine import Filter, count_rows

    with _opened() as rooms:
        rows = count_rows(rooms, Filter(_state(state), source, reason))
    print_answer("隔离区计数", rows, as_json=as_json)


@quarantine.command("show")
def show_quarantined(key: str = KEY, as_json: bool = AS_JSON) -> None:
    """显示一条隔离记录的全部：原文、单元格、经手人。"""
    from pipeline.quarantine import show_record

    with _opened() as rooms:
        shown = show_record(rooms, key)
    if as_json:
        print_json(shown)
        return
    for name, value in shown.items():
        cells = value.items() if isinstance(value, dict) else ()
        told = "".join(f"\n  {column}：{cell}" for column, cell in cells)
        typer.echo(f"{name}：{told or value}")


@quarantine.command("fix")
def fix(
    key: str = KEY,
    changes: list[str] = typer.Option([], "--set", metavar="字段=值", help="改一个单元格或键，可多次"),
    raw: Path | None = typer.Option(None, "--raw", exists=True, dir_okay=False, help="以文件内容代替原文"),
    who: str = WHO,
) -> None:
    """改正一条记录，原文照留；改完用 replay 重读。"""
    from pipeline.quarantine import fix_record

    if not changes and raw is None:
        fail("要改什么：--set 字段=值，或 --raw 文件", Exit.WRONG_USE)
    pairs = dict(_pair(change) for change in changes)
    with _opened() as rooms:
        fix_record(rooms, key, pairs, None if raw is None else raw.read_bytes(), who=who, now=_now())
    say(f"已改，重读用 qianshao quarantine replay {key}")


@quarantine.command("drop")
def drop(key: str = KEY, why: str = typer.Option(..., "--why", help="为什么放弃"), who: str = WHO) -> None:
    """放弃一条记录；它连同经手人和理由留在库里。"""
    from pipeline.quarantine import drop_record

    with _opened() as rooms:
        drop_record(rooms, key, who=who, why=why, now=_now())
    say(f"已放弃 {key}")


@quarantine.command("replay")
def replay(
    key: str | None = typer.Argument(None, help="编号；不给则须有 --all"),
    every: bool = typer.Option(False, "--all", help="所有待处理的，可与 --source、--reason 合用"),
    source: str | None = SOURCE,
    reason: str | None = REASON,
    who: str = WHO,
    as_json: bool = AS_JSON,
) -> None:
    """用各自的读法重读：读懂的进原始区，下次 run 时分析；读不懂的照旧留着。"""
    from pipeline.quarantine import Filter, replay_records

    if (key is None) != every:
        fail("给一个编号，或 --all", Exit.WRONG_USE)
    with _opened() as rooms:
        report = replay_records(rooms, key or Filter("open", source, reason), who=who, now=_now())
    if as_json:
        print_json(report)
    else:
        say(report.line())
        for waiting, why in report.waiting.items():
            say(f"  {waiting} {why}")
    raise typer.Exit(Exit.QUARANTINED if report.waiting else Exit.OK)


@contextmanager
def _opened() -> Iterator["Rooms"]:
    """The rooms of the settings; what does not fit is one line and exit 2."""
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings
    from schemas.errors import ReadError

    with open_rooms(load_settings()) as rooms:
        try:
            yield rooms
        except ReadError as error:
            fail(str(error), Exit.WRONG_USE)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        fail(f"--set {text}：应为 字段=值", Exit.WRONG_USE)
    return name, value


def _state(text: str) -> str | None:
    if text not in _STATES:
        fail(f"--state {text}：应为 {'、'.join(_STATES)} 之一", Exit.WRONG_USE)
    return None if text == "all" else text


def _now() -> datetime:
    from schemas.times import SHANGHAI

    return datetime.now(SHANGHAI)
