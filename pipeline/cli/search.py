"""`qianshao search`: posts found by word, place, label and time."""

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli.screen import answers, fail, print_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("search")(search)


def search(
    query: str = typer.Argument(..., help="例如：停水 place:汀东区 label:城乡建设 since:3d"),
    size: int = typer.Option(20, "--size", "-n", min=1, max=200, help="最多显示条数"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """按词检索帖文，每个词都要出现。

    可加 place: label: source: event: since: until: 缩小范围，也可写作 地点: 类别: 来源: 事件: 自: 至:。
    """
    from pipeline.jobs.search import search_posts
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings

    with open_rooms(load_settings()) as rooms:
        answer = search_posts(rooms, query, size)
    if as_json:
        print_json(answer)
    else:
        table = Table(title=f"共 {answer.total} 条", title_justify="left")
        for name in ("时间", "来源", "地点", "类别", "内容", "编号"):
            table.add_column(name, overflow="fold")
        for post in answer.posts:
            shown = Text(post.excerpt)
            for start, end in post.marks:
                shown.stylize("bold yellow", start, end)
            labels = "、".join(post.labels)
            table.add_row(f"{post.time:%Y-%m-%d %H:%M}", post.source, post.place, labels, shown, post.id)
        answers.print(table)
    if not answer.total:
        fail("没有找到")
