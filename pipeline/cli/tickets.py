"""`qianshao tickets answer-times`: how long units take to answer, and what is open past its limit."""

import typer

from pipeline.cli.screen import Exit, fail, print_json, print_table

group = typer.Typer(help="热线工单：答复用了多久，哪些超时还在办。", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="tickets")


@group.callback()
def tickets() -> None:
    """热线工单：答复用了多久，哪些超时还在办。"""


@group.command("answer-times")
def answer_times(
    source: str | None = typer.Option(None, "--source", "-s", help="只看这个来源"),
    since: str = typer.Option("90d", "--since", help="看多久以来受理的工单，如 30d、12h"),
    limit: str = typer.Option("7d", "--limit", help="工单没写时限的，多久算超时"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """各承办单位的答复时间：中位数、九成在多久之内，在办多少、超时多少、最久的一件。"""
    from datetime import datetime

    from crawlers.source import read_interval
    from pipeline.answer_times import measure_units
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings
    from schemas.times import SHANGHAI
    from stores.database.answer_times import work_times

    try:
        span, allowed = read_interval(since), read_interval(limit)
    except ValueError as error:
        fail(f"{error} 应为 30m、12h、7d 一类的时长", Exit.WRONG_USE)
    now = datetime.now(SHANGHAI)
    with open_rooms(load_settings()) as rooms, rooms.database.read() as db:
        units = measure_units(work_times(db, now - span, source), now=now, limit=allowed)
    if as_json:
        print_json(units)
    else:
        print_table(f"{since} 以来受理的工单", [unit.row() for unit in units])
