"""`qianshao sources|rules|doctor`: what is there, what is wrong where, what is reachable."""

from pathlib import Path

import typer

from pipeline.cli.quarantine import quarantine
from pipeline.cli.screen import Exit, print_answer, print_json, progress_bar, say
from pipeline.cli.sources import register_sources

sources = typer.Typer(help="采集源：一个源一个文件。", no_args_is_help=True)
rules = typer.Typer(help="预警规则：一条规则一个文件。", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the groups."""
    register_sources(sources)
    app.add_typer(sources, name="sources")
    app.add_typer(rules, name="rules")
    app.add_typer(quarantine, name="quarantine")
    app.command("doctor")(doctor)


@sources.command("check")
def check_sources(as_json: bool = typer.Option(False, "--json", help="输出 JSON")) -> None:
    """读一遍全部采集源文件，说明哪里不对。"""
    from pipeline.inspection import inspect_sources
    from pipeline.settings import load_settings

    settings = load_settings()
    rows, problems = inspect_sources(settings.sources, settings.crawl_variables())
    print_answer("采集源", rows, as_json=as_json)
    for problem in problems:
        say(problem)
    raise typer.Exit(Exit.FAILED if problems else Exit.OK)


@rules.command("check")
def check_rules(
    folder: Path | None = typer.Argument(
        None, exists=True, file_okay=False, help="规则目录；不给则查随包规则"
    ),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """读一遍全部规则，跑规则里自带的测试，说明哪里不对。"""
    from pipeline.inspection import inspect_rules
    from pipeline.settings import load_settings

    rows, problems = inspect_rules(folder, load_settings().deployment)
    print_answer("预警规则", rows, as_json=as_json)
    for problem in problems:
        say(problem)
    raise typer.Exit(Exit.FAILED if problems else Exit.OK)


@rules.command("try")
def try_rule_file(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="规则文件（.yml），草稿也可以"),
    data: Path = typer.Argument(..., exists=True, dir_okay=False, help="带时间的 JSONL(.gz)，同 replay"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """拿一条规则跑一遍历史数据：会在什么时候、什么地方、按什么级别报，每周几次。"""
    from datetime import datetime

    from pipeline.settings import load_settings
    from pipeline.trial import try_rule
    from schemas.times import SHANGHAI

    settings, now = load_settings(), datetime.now(SHANGHAI)
    key = settings.author_secret()
    with progress_bar("试运行") as advance:
        trial = try_rule(
            file, data, deployment=settings.deployment, now=now, author_key=key, progress=advance
        )
    print_answer(trial.rule.title, trial.rows(), as_json=as_json)
    say(trial.line())
    raise typer.Exit(Exit.QUARANTINED if trial.quarantined else Exit.OK)


def doctor(as_json: bool = typer.Option(False, "--json", help="输出 JSON")) -> None:
    """检查设置：设了什么、通不通、缺什么；不显示任何密码。"""
    from pipeline.doctor import examine
    from pipeline.settings import load_settings

    findings = examine(load_settings())
    if as_json:
        print_json(findings)
    else:
        print_answer("检查结果", [finding.row() for finding in findings], as_json=False)
    raise typer.Exit(Exit.FAILED if any(finding.state == "failed" for finding in findings) else Exit.OK)
