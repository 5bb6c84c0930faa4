"""`qianshao run` and `qianshao import`: the live job once, and hotline tables in."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipeline.cli.screen import Exit, fail, print_json, print_table, progress_bar, say
from pipeline.progress import Advance

if TYPE_CHECKING:
    from pipeline.jobs.imports import ImportReport
    from pipeline.jobs.run import RunReport
    from pipeline.rooms import Rooms


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("run")(run)
    app.command("import")(import_tables)


def run(
    source: list[str] = typer.Option([], "--source", "-s", help="只跑这些采集源；不给则跑全部启用的源"),
    collect: bool = typer.Option(True, "--collect/--no-collect", help="是否先采集"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """跑一遍：采集、分析、预警、建索引。中断后重跑即可，不重复存、不重复发。"""
    from pipeline.jobs.run import run_once
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings

    with open_rooms(load_settings()) as rooms, progress_bar("运行") as advance:
        report = run_once(rooms, names=source, collect=collect, progress=advance)
    show_run(report, as_json=as_json)


def import_tables(
    files: list[Path] = typer.Argument(
        None, metavar="[FILE...]", exists=True, dir_okay=False, help="CSV、XLSX、XLS 或 JSONL"
    ),
    watch: Path | None = typer.Option(
        None, "--watch", exists=True, file_okay=False, help="导入这个目录里的表，导完移到其中的 done"
    ),
    mapping: str = typer.Option(..., "--mapping", "-m", help="映射名或映射文件（.yml）"),
    sql: Path | None = typer.Option(
        None, "--sql", exists=True, dir_okay=False, help="导入这个文件里的查询的结果；数据库见 --sql-url"
    ),
    sql_url: str | None = typer.Option(
        None, "--sql-url", envvar="QIANSHAO_IMPORT_URL", show_envvar=True, help="SQLAlchemy 的数据库地址"
    ),
    open311: str | None = typer.Option(
        None, "--open311", metavar="URL", help="导入 Open311 服务器的工单，如 https://城市/open311/v2"
    ),
    mailbox: bool = typer.Option(False, "--mailbox", help="导入报告邮箱（设置 mailbox_*）的新邮件和附表"),
    dry_run: bool = typer.Option(False, "--dry-run", help="只看会怎样读，什么也不存"),
    allow_unknown: bool = typer.Option(
        False, "--allow-unknown", help="有映射不认识的取值也导入；这些行进隔离区"
    ),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """导入热线工单表，或传感器读数表。读不懂的行进隔离区，其余照常；再次导入不重复，变了的工单是新的一版。"""
    from pipeline.jobs.imports import UnknownValuesError
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings

    tables = files or []
    ways = (bool(tables), watch is not None, sql is not None, open311 is not None, mailbox)
    if ways.count(True) != 1 or (dry_run and not tables):
        told = "给出文件，或以 --watch、--sql、--open311、--mailbox 之一说从哪里导入；--dry-run 只用于文件"
        fail(told, Exit.WRONG_USE)
    if sql is not None and sql_url is None:
        fail("数据库地址没有设：QIANSHAO_IMPORT_URL", Exit.WRONG_USE)
    if dry_run:
        _show_previews(tables, mapping, as_json=as_json)
        return
    wanted = _Wanted(tables, watch, sql, sql_url or "", open311, mapping, allow_unknown)
    with open_rooms(load_settings()) as rooms, progress_bar("导入") as advance:
        try:
            reports, left = _import(rooms, wanted, advance)
        except UnknownValuesError as error:
            fail(str(error))
    _show_imports(reports, left, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Where records are to come from; from the mailbox where nothing else is named."""

    tables: list[Path]
    watch: Path | None
    sql: Path | None
    sql_url: str
    open311: str | None
    mapping: str
    allow_unknown: bool


def _import(
    rooms: "Rooms", wanted: _Wanted, advance: Advance
) -> tuple[list["ImportReport"], tuple[str, ...]]:
    """Import from where it was said; the reports, and why some files or mails were left."""
    from pipeline.jobs.imports import import_query
    from pipeline.jobs.mailbox import import_mailbox
    from pipeline.jobs.open311 import import_open311
    from pipeline.jobs.readings import import_any
    from pipeline.jobs.watch import import_folder

    mapping, allow = wanted.mapping, wanted.allow_unknown
    if wanted.tables:
        return [
            import_any(rooms, path, mapping, allow_unknown=allow, progress=advance) for path in wanted.tables
        ], ()
    if wanted.sql is not None:
        return [import_query(rooms, wanted.sql, wanted.sql_url, mapping, allow_unknown=allow)], ()
    if wanted.open311 is not None:
        return [import_open311(rooms, wanted.open311, mapping, allow_unknown=allow)], ()
    if wanted.watch is not None:
        taken = import_folder(rooms, wanted.watch, mapping, allow_unknown=allow, progress=advance)
        return list(taken.imported), taken.left
    found = import_mailbox(rooms, mapping, allow_unknown=allow)
    return list(found.imported), found.left


def _show_imports(reports: list["ImportReport"], left: tuple[str, ...], *, as_json: bool) -> None:
    """Print what came in and why files were left, and leave with the exit code."""
    if as_json:
        print_json(reports)
    else:
        for report in reports:
            say(report.line())
            for line in report.errors[:20]:
                say(f"  {line}")
    for line in left:
        say(line)
    raise typer.Exit(Exit.QUARANTINED if left or any(report.quarantined for report in reports) else Exit.OK)


def _show_previews(files: list[Path], mapping: str, *, as_json: bool) -> None:
    """Print what an import would do; exit 3 where something would be put aside."""
    from pipeline.jobs.readings import preview_any
    from pipeline.settings import load_settings

    settings = load_settings()
    previews = [preview_any(path, mapping, settings) for path in files]
    if as_json:
        print_json(previews)
    else:
        for preview in previews:
            for line in preview.lines():
                say(line)
            print_table(f"{preview.table} 的头几条", preview.sample)
    raise typer.Exit(Exit.QUARANTINED if any(one.quarantined for one in previews) else Exit.OK)


def show_run(report: "RunReport", *, as_json: bool) -> None:
    """Print a run and leave with its exit code."""
    if as_json:
        print_json(report)
    else:
        for line in report.lines():
            say(line)
    raise typer.Exit(report.exit_code())
