"""`qianshao enrich` and `qianshao replay`: files through the text core, and through events and warning."""

from dataclasses import asdict
from pathlib import Path

import typer

from pipeline.cli.screen import Exit, fail, messages, print_answer, print_json, progress_bar, say


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("enrich")(enrich)
    app.command("replay")(replay)


def enrich(
    source: str = typer.Argument(..., metavar="IN", help="RawPost 的 JSONL(.gz) 文件，- 为标准输入"),
    target: str = typer.Argument(..., metavar="OUT", help="输出 JSONL(.gz) 文件，- 为标准输出"),
    jobs: int = typer.Option(1, "--jobs", "-j", min=0, help="进程数；0 为全部核"),
    rebuttals: Path | None = typer.Option(
        None,
        "--rebuttals",
        exists=True,
        dir_okay=False,
        help="官方辟谣标题，一行一条或 JSONL 的 title，可 .gz；与帖文对上的写入 rumour.rebuttal",
    ),
    as_json: bool = typer.Option(False, "--json", help="结束时在标准错误输出 JSON 统计"),
) -> None:
    """清洗、脱敏、分词、分类、定位：逐行读，逐行写，内存恒定，可断点续跑。"""
    from datetime import datetime

    from pipeline.enrich import enrich_file
    from pipeline.settings import load_settings
    from schemas.times import SHANGHAI

    if source != "-" and not Path(source).is_file():
        fail(f"{source}：没有这个文件", Exit.WRONG_USE)
    settings = load_settings()
    with progress_bar("分析", shown=source != "-") as advance:
        report = enrich_file(
            source,
            target,
            jobs=jobs,
            deployment=settings.deployment,
            now=datetime.now(SHANGHAI),
            author_key=settings.author_secret(),
            rebuttals=rebuttals,
            progress=advance,
        )
    if as_json:
        messages.print_json(data=asdict(report))
    else:
        say(f"读入 {report.lines} 行，写出 {report.written} 条，隔离 {report.quarantined} 条")
    raise typer.Exit(Exit.QUARANTINED if report.quarantined else Exit.OK)


def replay(
    source: Path = typer.Argument(..., metavar="IN", exists=True, dir_okay=False, help="带时间的 JSONL(.gz)"),
    out: Path = typer.Option(..., "--out", "-o", help="输出目录"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """把一段带时间的记录按模拟时钟重放一遍：events.jsonl、alerts.jsonl、mails/。"""
    from datetime import datetime

    from pipeline.replay import replay_file
    from pipeline.settings import load_settings
    from schemas.times import SHANGHAI

    settings = load_settings()
    with progress_bar("重放") as advance:
        report = replay_file(
            source,
            out,
            deployment=settings.deployment,
            now=datetime.now(SHANGHAI),
            author_key=settings.author_secret(),
            progress=advance,
        )
    if as_json:
        print_json(report)
    else:
        say(f"读入 {report.posts} 条，事件 {report.events} 个，隔离 {report.quarantined} 条，输出在 {out}")
        print_answer(
            "预警", [{"级别": name, "个数": count} for name, count in report.levels.items()], as_json=False
        )
    raise typer.Exit(Exit.QUARANTINED if report.quarantined else Exit.OK)
