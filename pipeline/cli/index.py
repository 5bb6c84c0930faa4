"""`qianshao index`: templates and aliases, and the index rebuilt from the state."""

import typer

from pipeline.cli.screen import Exit, print_json, progress_bar, say

group = typer.Typer(help="Elasticsearch 索引：建立模板与别名，或从状态库重建。", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="index")


@group.command("apply")
def apply(as_json: bool = typer.Option(False, "--json", help="输出 JSON")) -> None:
    """建立或更新索引模板、索引和别名；重复执行不改变任何东西。"""
    from pipeline.jobs.index import apply_templates
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings

    with open_rooms(load_settings()) as rooms:
        lines = apply_templates(rooms)
    if as_json:
        print_json(lines)
    else:
        for line in lines:
            say(line)


@group.command("rebuild")
def rebuild(as_json: bool = typer.Option(False, "--json", help="输出 JSON")) -> None:
    """从状态库把全部帖文、事件、预警重写进 Elasticsearch。"""
    from pipeline.jobs.index import rebuild_index
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings

    with open_rooms(load_settings()) as rooms, progress_bar("重建索引") as advance:
        report = rebuild_index(rooms, progress=advance)
    if as_json:
        print_json(report)
    else:
        say(report.line())
    raise typer.Exit(Exit.FAILED if report.rejected else Exit.OK)
