"""`qianshao alerts`, `silences` and `duty`: what waits for an answer, the answers, and who gets what."""

import getpass
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from pipeline.cli.checks import rules
from pipeline.cli.screen import Exit, fail, print_answer, say

if TYPE_CHECKING:
    from alerts.path.answer import Action

group = typer.Typer(help="预警：列出未办结的，签收、稍后再报、办结、误报、重新打开。", no_args_is_help=True)
silences = typer.Typer(help="静默：某地、某类、某规则的预警暂时不发信，红色除外。", no_args_is_help=True)
duty = typer.Typer(help="值班：谁收、为什么是他。", no_args_is_help=True)

KEY = typer.Argument(..., help="预警编号，或它的开头几位")
WHO = typer.Option(getpass.getuser(), "--who", help="谁")
JSON = typer.Option(False, "--json", help="输出 JSON")


def register(app: typer.Typer) -> None:
    """Add the groups."""
    app.add_typer(group, name="alerts")
    app.add_typer(silences, name="silences")
    app.add_typer(duty, name="duty")
    app.command("console")(console)


@group.command("list")
def list_alerts(as_json: bool = JSON) -> None:
    """列出未办结的预警，级别高的在前；暂不发信的写明原因。"""
    from pipeline.jobs.respond import open_rows
    from pipeline.jobs.warn import plan_deliveries
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings
    from schemas.times import SHANGHAI

    with open_rooms(load_settings()) as rooms:
        waiting = plan_deliveries(rooms, datetime.now(SHANGHAI)).waiting
        print_answer("未办结的预警", open_rows(rooms, waiting), as_json=as_json)


@group.command("ack")
def acknowledge(key: str = KEY, who: str = WHO, note: str = typer.Option("", "--note", help="说明")) -> None:
    """签收：有人负责了，不再逐级上报；级别再升高时要重新签收。"""
    from alerts.path.answer import Action

    _answer(key, Action.ACKNOWLEDGE, who, note)


@group.command("close")
def close(key: str = KEY, who: str = WHO, note: str = typer.Option("", "--note", help="处置结果")) -> None:
    """办结：这件事结束了；再有反映会是新的预警。"""
    from alerts.path.answer import Action

    _answer(key, Action.CLOSE, who, note)


@group.command("snooze")
def snooze(
    key: str = KEY,
    until: str = typer.Option(..., "--until", help="到什么时候：08:00，或 2026-07-09 08:00"),
    who: str = WHO,
    note: str = typer.Option("", "--note", help="说明"),
) -> None:
    """稍后再报：到时间还没办结就再发一次；红色不能推后，最长 24 小时。"""
    from alerts.path.answer import Action

    _answer(key, Action.SNOOZE, who, note, _read_until(until))


@group.command("false")
def false_alarm(
    key: str = KEY, who: str = WHO, note: str = typer.Option(..., "--note", help="为什么不是真的")
) -> None:
    """误报：写明理由并关闭；计入规则的误报，同一件事 30 天内不再发信（红色除外）。"""
    from alerts.path.answer import Action

    _answer(key, Action.FALSE_ALARM, who, note)


@group.command("reopen")
def reopen(key: str = KEY, who: str = WHO, note: str = typer.Option("", "--note", help="说明")) -> None:
    """重新打开已办结或误报的预警，并再发一次。"""
    from alerts.path.answer import Action

    _answer(key, Action.REOPEN, who, note)


def _answer(key: str, action: "Action", who: str, note: str, until: datetime | None = None) -> None:
    from alerts.path.answer import WORDS, AnswerRefusedError
    from pipeline.jobs.respond import give_answer
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings

    with open_rooms(load_settings()) as rooms:
        try:
            alert = give_answer(rooms, key, action, who, note, until)
        except AnswerRefusedError as error:
            fail(str(error))
    say(f"已{WORDS[action]}：{alert.title}（{alert.id}）")


def _read_until(text: str) -> datetime:
    from pipeline.answers import next_time
    from schemas.times import SHANGHAI

    return next_time(text, datetime.now(SHANGHAI))


@silences.command("add")
def add_silence(
    until: str = typer.Option(..., "--until", help="到什么时候：08:00，或 2026-07-09 08:00"),
    reason: str = typer.Option(..., "--reason", help="为什么，写给接班的人看"),
    place: str = typer.Option("", "--place", help="地名或编码，含其下各级"),
    label: str = typer.Option("", "--label", help="类别，如 complaint.transport 或 incident.natural.*"),
    rule: str = typer.Option("", "--rule", help="规则名"),
    who: str = WHO,
) -> None:
    """设一段静默；压下的预警都有记录，静默结束时还没完的照发。"""
    from pipeline.jobs.silences import add_silence, describe, find_path, make_silence
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings
    from schemas.times import SHANGHAI

    with open_rooms(load_settings()) as rooms:
        path = find_path(rooms.knowledge.places, place) if place else ""
        now = datetime.now(SHANGHAI)
        made = make_silence(who, reason, now, _read_until(until), place=path, label=label, rule=rule)
        add_silence(rooms, made)
    say(f"静默 {made.id}：{describe(made)}，到 {made.until.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")


@silences.command("list")
def list_silences(
    past: bool = typer.Option(False, "--past", help="连同已结束的"), as_json: bool = JSON
) -> None:
    """列出生效中的静默和各压下了多少预警。"""
    from pipeline.jobs.silences import silence_rows
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings
    from schemas.times import SHANGHAI

    with open_rooms(load_settings()) as rooms:
        print_answer("静默", silence_rows(rooms, datetime.now(SHANGHAI), past=past), as_json=as_json)


@silences.command("show")
def show_silence(key: str = typer.Argument(..., help="静默的编号"), as_json: bool = JSON) -> None:
    """列出一段静默压下的每个预警。"""
    from pipeline.jobs.silences import muted_rows
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings

    with open_rooms(load_settings()) as rooms:
        print_answer(f"静默 {key} 压下的预警", muted_rows(rooms, key), as_json=as_json)


@silences.command("end")
def finish_silence(key: str = typer.Argument(..., help="静默的编号"), who: str = WHO) -> None:
    """提前结束一段静默；压下而还没完的预警下次运行时发出。"""
    from pipeline.jobs.silences import end_by_key
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings
    from schemas.times import SHANGHAI

    with open_rooms(load_settings()) as rooms:
        end_by_key(rooms, key, who, datetime.now(SHANGHAI))
    say(f"静默 {key} 已结束")


@rules.command("stats")
def rule_stats(as_json: bool = JSON) -> None:
    """每条规则发过多少预警，其中值班人报了多少误报，多的在前。"""
    from pipeline.jobs.respond import false_alarm_rows
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings

    with open_rooms(load_settings()) as rooms:
        print_answer("规则的误报", false_alarm_rows(rooms), as_json=as_json)


def console(
    bind: str = typer.Option("127.0.0.1:8091", "--bind", help="监听的地址和端口；对外由反向代理加 TLS"),
) -> None:
    """值班页：邮件里的按钮打开的页面。设了 console_url，邮件才有按钮。"""
    import importlib

    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings

    settings = load_settings()
    with open_rooms(settings) as rooms:
        # By name and not by import: the page stands on the pipeline, not the pipeline on it.
        server = importlib.import_module("console.server").open_server(rooms, bind)
        public = settings.console_url or "没有设（QIANSHAO_CONSOLE_URL）"
        say(f"值班页在 http://{bind}/ ，邮件里的地址 {public}")
        server.run()


@duty.command("show")
def show_duty(
    place: str = typer.Argument(..., help="地名或编码"),
    label: str = typer.Argument(..., help="类别，如 incident.gas_leak"),
    at: str = typer.Option("", "--at", help="什么时候：2026-07-09 03:00；不给则为现在"),
    as_json: bool = JSON,
) -> None:
    """某地某类的预警此刻谁收、没人签收时依次报给谁、各等多久，以及为什么。"""
    from pipeline.answers import duty_rows
    from pipeline.rooms import load_knowledge
    from pipeline.settings import load_settings
    from schemas.errors import Where
    from schemas.taxonomy.labels import all_labels
    from schemas.times import SHANGHAI, parse_time

    if label not in all_labels():
        fail(f"没有类别 {label}：应为 incident.gas_leak、complaint.transport 一类", Exit.WRONG_USE)
    moment = parse_time(at, Where("qianshao duty"), "--at") if at else datetime.now(SHANGHAI)
    rows = duty_rows(load_knowledge(load_settings().deployment), place, label, moment)
    print_answer(f"{place} {label}，{moment:%Y-%m-%d %H:%M}", rows, as_json=as_json)
