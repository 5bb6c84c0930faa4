"""`qianshao report`: the daily and weekly report as files, and the mails that are due."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipeline.cli.screen import print_json, say

if TYPE_CHECKING:
    from alerts.render.report.figures import Period
    from pipeline.rooms import Rooms

group = typer.Typer(help="报告：日报、周报（HTML 和 Word），按时发给值班组。", no_args_is_help=True)

_DATE = typer.Option(None, "--date", formats=["%Y-%m-%d"], help="哪一天（周报：这天所在的周）；缺省为上一期")
_OUT = typer.Option(Path("reports"), "--out", file_okay=False, help="写到哪个目录")
_PLACE = typer.Option(None, "--place", help="只写一个地点（名称或编码），如 汀东区；缺省为全部")
_MAIL = typer.Option(False, "--mail", help="同时发给为这个地点负责、列在 reports.yml 里的值班组")
_JSON = typer.Option(False, "--json", help="输出 JSON")


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="report")


@group.command("daily")
def write_daily(
    date: datetime | None = _DATE,
    out: Path = _OUT,
    place: str | None = _PLACE,
    mail: bool = _MAIL,
    as_json: bool = _JSON,
) -> None:
    """日报：一天的总体情况、预警与处置、热点事件、分类与地区、谣言与辟谣、采集覆盖。"""
    from pipeline.jobs.report import day_of
    from schemas.times import SHANGHAI

    day = (date or datetime.now(SHANGHAI) - timedelta(days=1)).date()
    _write(day_of(day), out, place, mail=mail, as_json=as_json)


@group.command("weekly")
def write_weekly(
    date: datetime | None = _DATE,
    out: Path = _OUT,
    place: str | None = _PLACE,
    mail: bool = _MAIL,
    as_json: bool = _JSON,
) -> None:
    """周报：星期一至星期日，内容同日报。"""
    from pipeline.jobs.report import week_of
    from schemas.times import SHANGHAI

    day = (date or datetime.now(SHANGHAI) - timedelta(days=7)).date()
    _write(week_of(day), out, place, mail=mail, as_json=as_json)


@group.command("due")
def send_due(as_json: bool = _JSON) -> None:
    """把到了时间、还没有发出的报告发出去；定时任务每几分钟跑一次，不会重复发。"""
    from pipeline.jobs.report import send_due_reports
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings
    from schemas.times import SHANGHAI

    with open_rooms(load_settings()) as rooms:
        report = send_due_reports(rooms, datetime.now(SHANGHAI))
    if as_json:
        print_json(report)
    else:
        say(report.line())


def _write(period: "Period", out: Path, place: str | None, *, mail: bool, as_json: bool) -> None:
    from pipeline.jobs.report import compose_report, find_place, save_report
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings
    from schemas.times import SHANGHAI

    now = datetime.now(SHANGHAI)
    with open_rooms(load_settings()) as rooms:
        code = find_place(rooms, place)
        report = compose_report(rooms, period, code, now)
        paths = save_report(report, out, now)
        sent = _mail(rooms, period, code, now) if mail else []
    if as_json:
        print_json({"title": report.title, "files": paths, "mails": sent})
        return
    say(report.summary)
    for path in paths:
        say(f"  {path}")
    for message_id in sent:
        say(f"  已发 {message_id}")


def _mail(rooms: "Rooms", period: "Period", code: str, now: datetime) -> list[str]:
    from pipeline.jobs.report import Due, read_plan, send_report

    plan = read_plan(rooms)
    names = {"daily": plan.daily, "weekly": plan.weekly, "interim": plan.interim}[period.kind.value]
    groups = [rooms.knowledge.duty.groups[name] for name in names]
    sent = [send_report(rooms, Due(period, one), now) for one in groups if one.place == code]
    return [message_id for message_id in sent if message_id is not None]
