"""`qianshao kibana`: the dashboards as a file for Kibana, checked and drawn on real answers."""

from datetime import datetime
from pathlib import Path

import typer

from pipeline.cli.screen import Exit, fail, print_answer, print_json, say
from schemas.times import SHANGHAI

group = typer.Typer(help="Kibana 面板：导出、在真实索引上核对、画出预览。", no_args_is_help=True)
_NOW = typer.Option(None, "--now", help="当作现在的时间（ISO 8601）；缺省为索引里最新一条的时间")


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="kibana")


def in_shanghai(now: datetime | None) -> datetime | None:
    """What was typed without a zone is Beijing time, wherever the machine stands."""
    return now.replace(tzinfo=SHANGHAI) if now is not None and now.tzinfo is None else now


@group.command("export")
def export(target: Path = typer.Argument(..., help="写到哪个 .ndjson 文件")) -> None:
    """写出 Kibana 可一次导入的全部面板、数据视图、检索与地图。"""
    from pipeline.jobs.kibana import export_objects
    from pipeline.settings import load_settings

    count = export_objects(load_settings().elasticsearch_prefix, target)
    say(f"写出 {count} 个对象：{target}")
    say("导入：Kibana → Stack Management → Saved Objects → Import，或")
    address = "<KIBANA>/api/saved_objects/_import?overwrite=true"
    say(f"  curl -H 'kbn-xsrf: true' --form file=@{target} '{address}'")


@group.command("check")
def check(
    now: datetime | None = _NOW, as_json: bool = typer.Option(False, "--json", help="输出 JSON")
) -> None:
    """把每一块要问的都问一遍 Elasticsearch：答了多少、多久、有没有空的。"""
    from pipeline.jobs.kibana import answer_boards, panel_rows
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings

    with open_rooms(load_settings()) as rooms:
        rows = [row for page in answer_boards(rooms, in_shanghai(now)) for row in panel_rows(page)]
    empty = sum(row["有内容"] == "否" for row in rows)
    if as_json:
        print_json(rows)
    else:
        print_answer(f"{len(rows)} 个查询都有回答，{empty} 块为空", rows, as_json=False)
    if empty == len(rows):
        fail("所有面板都是空的：索引里没有数据，先运行 qianshao run 或 qianshao demo", Exit.FAILED)


@group.command("preview")
def preview(folder: Path = typer.Argument(..., help="写到哪个文件夹"), now: datetime | None = _NOW) -> None:
    """按面板的版式把真实回答画成网页：预览，不是 Kibana。"""
    from pipeline.jobs.kibana import write_sheets
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings

    with open_rooms(load_settings()) as rooms:
        for path in write_sheets(rooms, folder, in_shanghai(now)):
            say(str(path))
