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


@group.command("retain")
def retain(
    dry_run: bool = typer.Option(False, "--dry-run", help="只说会删什么，什么都不改"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """过了保存期（retain_months）的月份从索引里删去；状态库不动，未办结的预警要用的留着。"""
    from datetime import datetime

    from pipeline.jobs.retain import retain_months
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings
    from schemas.times import SHANGHAI

    with open_rooms(load_settings()) as rooms:
        report = retain_months(rooms, datetime.now(SHANGHAI), dry_run=dry_run)
    if as_json:
        print_json(report)
    else:
        for line in report.lines():
            say(line)


@group.command("roles")
def roles(as_yaml: bool = typer.Option(False, "--yaml", help="写成 config/roles.yml 的样子")) -> None:
    """打印最小权限的角色：写入、分析员、值班查看。"""
    import yaml

    from pipeline.settings import load_settings
    from schemas.elasticsearch import load_roles

    found = load_roles(load_settings().elasticsearch_prefix)
    if as_yaml:
        typer.echo(yaml.safe_dump(found, allow_unicode=True, sort_keys=False))
    else:
        print_json(found)


@group.command("fields")
def fields() -> None:
    """打印每个索引的每个字段：类型与一句话说明（Markdown，即 docs/fields.md）。"""
    from schemas.elasticsearch import describe_fields

    typer.echo(describe_fields(), nl=False)
