"""`qianshao train`, `evaluate` and `bench`: models and measurements."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import typer

from pipeline.cli.screen import Exit, fail, print_answer, say


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("train")(train)
    app.command("evaluate")(evaluate)
    app.command("bench")(bench)


def train(
    task: str = typer.Argument(..., help="complaint、rumour、spread（含转发的谣言概率）或 emotion"),
    paths: list[Path] = typer.Argument(..., metavar="DATA...", exists=True, help="训练数据目录或文件"),
    out: Path = typer.Option(Path("models"), "--out", "-o", help="模型与模型卡的输出目录"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """训练、校准、评估，写出模型（数组，不用 pickle）和模型卡。"""
    from pipeline.train import train_task

    card = train_task(task, paths, out)
    print_answer(f"{task}：留出集上的成绩", card.rows(), as_json=as_json)
    say(f"模型与模型卡写在 {out}")


def evaluate(
    task: str = typer.Argument(..., help="complaint、rumour、incident 或 emotion"),
    path: Path = typer.Argument(..., metavar="DATA", exists=True, help="带标签的文件，或目录（可含转发）"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """在给定数据上评估随包发布的模型。"""
    from pipeline.train import evaluate_task

    print_answer(f"{task}：{path.name}", evaluate_task(task, path).rows(), as_json=as_json)


def bench_names() -> list[str]:
    """The benchmarks that exist: the modules of benchmarks/."""
    # By name and not by import: the benchmarks stand on the pipeline, not the pipeline on them.
    folder = importlib.import_module("benchmarks").__path__
    return sorted(module.name for module in pkgutil.iter_modules(folder))


def bench(
    name: str = typer.Argument(..., help="基准名；写错会列出全部"),
    path: Path | None = typer.Argument(None, metavar="[DATA]", exists=True, help="用来测量的文件或目录"),
    rows: int | None = typer.Option(None, min=1, help="text：测内存时流式处理多少条"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """与同类工具在同一次运行里并排测量，输出倍数。"""
    if name not in bench_names():
        fail(f"没有名为 {name} 的基准：应为 {'、'.join(bench_names())} 之一", Exit.WRONG_USE)
    try:
        measure = importlib.import_module(f"benchmarks.{name}").run
    except ModuleNotFoundError as error:
        fail(f"缺少 {error.name}：用 requirements/bench.txt 或 make setup 安装对照工具")
    parameters = inspect.signature(measure).parameters
    needed = next(iter(parameters.values()))
    if path is None and needed.default is inspect.Parameter.empty:
        fail(f"基准 {name} 需要数据：qianshao bench {name} 文件或目录", Exit.WRONG_USE)
    if rows is not None and "rows" not in parameters:
        fail(f"基准 {name} 没有 --rows", Exit.WRONG_USE)
    options = {} if rows is None else {"rows": rows}
    print_answer(f"基准 {name}", measure(path, **options), as_json=as_json)
