"""`qianshao demo`: the main job on a simulated city."""

from pathlib import Path

import typer

from pipeline.cli.screen import Exit, fail, print_json, progress_bar, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    out: Path = typer.Option(Path("demo-out"), "--out", "-o", help="输出目录"),
    seed: int = typer.Option(20260101, "--seed", help="随机种子：同一种子生成同一座城市"),
    weeks: int = typer.Option(6, "--weeks", min=3, max=12, help="模拟的周数"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """演示：模拟一座城市，走完采集、分析、预警、报告的全过程。"""
    from pipeline.demo.collect import DemoFailed
    from pipeline.demo.run import run_demo
    from pipeline.settings import load_settings

    with progress_bar("演示") as advance:
        try:
            outcome = run_demo(
                out, seed=seed, weeks=weeks, progress=advance, elastic_url=load_settings().elasticsearch_url
            )
        except DemoFailed as error:
            fail(str(error))
    if as_json:
        print_json(outcome.summary())
    else:
        for line in outcome.lines():
            say(line)
        say(f"报告：{outcome.report}")
    raise typer.Exit(Exit.OK if outcome.caught_all else Exit.FAILED)
