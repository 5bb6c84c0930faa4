"""`qianshao alerts`: the warnings that wait for an answer, and the answers."""

import getpass
from typing import TYPE_CHECKING

import typer

from pipeline.cli.screen import print_answer, say

if TYPE_CHECKING:
    from schemas.records import AlertState

group = typer.Typer(help="预警：列出未办结的，签收，办结。", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="alerts")


@group.command("list")
def list_alerts(as_json: bool = typer.Option(False, "--json", help="输出 JSON")) -> None:
    """列出未办结的预警，级别高的在前。"""
    from pipeline.jobs.respond import open_rows
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings

    with open_rooms(load_settings()) as rooms:
        print_answer("未办结的预警", open_rows(rooms), as_json=as_json)


@group.command("ack")
def acknowledge(
    key: str = typer.Argument(..., help="预警编号，或它的开头几位"),
    who: str = typer.Option(getpass.getuser(), "--who", help="签收人"),
    note: str = typer.Option("", "--note", help="说明"),
) -> None:
    """签收：有人负责了，不再逐级上报；级别再升高时要重新签收。"""
    from schemas.records import AlertState

    _answer(key, AlertState.ACKNOWLEDGED, who, note)


@group.command("close")
def close(
    key: str = typer.Argument(..., help="预警编号，或它的开头几位"),
    who: str = typer.Option(getpass.getuser(), "--who", help="办结人"),
    note: str = typer.Option("", "--note", help="处置结果"),
) -> None:
    """办结：这件事结束了；再有反映会是新的预警。"""
    from schemas.records import AlertState

    _answer(key, AlertState.CLOSED, who, note)


def _answer(key: str, state: "AlertState", who: str, note: str) -> None:
    from pipeline.jobs.respond import WORDS, answer_alert
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings

    with open_rooms(load_settings()) as rooms:
        alert = answer_alert(rooms, key, state, who, note)
    say(f"已{WORDS[state]}：{alert.title}（{alert.id}）")
