"""`qianshao mode`: everyday, holiday or emergency; which it is, why, and the switches there were."""

import getpass

import typer

from pipeline.cli.screen import print_answer, print_json, say

group = typer.Typer(help="模式：平时、假日、应急（平战结合）。", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="mode")


@group.command("show")
def show_mode(as_json: bool = typer.Option(False, "--json", help="输出 JSON")) -> None:
    """现在是什么模式、为什么、到什么时候。"""
    from datetime import datetime

    from pipeline.modes import current_mode
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings
    from schemas.times import SHANGHAI

    with open_rooms(load_settings()) as rooms:
        state = current_mode(rooms, datetime.now(SHANGHAI))
    if as_json:
        print_json({"mode": state.mode.name, "zh": state.mode.zh, "why": state.why, "until": state.until})
    else:
        say(state.line())


@group.command("set")
def switch_mode(
    name: str = typer.Argument(..., help="everyday、holiday、emergency，或 auto（交回日历和红色预警决定）"),
    why: str = typer.Option(..., "--why", help="原因，记入历史"),
    until: str | None = typer.Option(
        None, "--until", help="到什么时候，如 2026-10-08 08:00；不给则到下次切换"
    ),
    who: str = typer.Option(getpass.getuser(), "--who", help="何人切换"),
) -> None:
    """切换模式；每次切换都留下记录。"""
    from datetime import datetime

    from pipeline.modes import set_mode
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings
    from schemas.errors import Where
    from schemas.times import SHANGHAI, parse_time

    end = None if until is None else parse_time(until, Where("qianshao mode"), "--until")
    with open_rooms(load_settings()) as rooms:
        state = set_mode(rooms, name, now=datetime.now(SHANGHAI), until=end, why=why, who=who)
    say(state.line())


@group.command("history")
def mode_history(as_json: bool = typer.Option(False, "--json", help="输出 JSON")) -> None:
    """历次切换，包括红色预警自动引起的。"""
    from datetime import datetime

    from pipeline.modes import mode_rows
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings
    from schemas.times import SHANGHAI

    with open_rooms(load_settings()) as rooms:
        print_answer("模式切换", mode_rows(rooms, datetime.now(SHANGHAI)), as_json=as_json)
