"""A contact sheet of a dashboard: each panel's real answer, drawn where the panel stands."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from pipeline.kibana.answers import Answer, Page
from pipeline.kibana.drawings import draw_answer
from schemas.times import SHANGHAI

# A page is 48 columns wide; pixels of one column and one line of the grid.
_COLUMN, _LINE = 26, 18
_CAPTION = 26
_EMPTY = Markup('<p class="small">没有数据</p>')


def draw_sheet(page: Page) -> str:
    """One dashboard as a page of its own: panels at their places, each with what the server answered."""
    board, answers = page.board, page.answers
    placed = [answer for answer in answers if answer.panel.type != "control"]
    # The links on top ask for nothing and are left out.
    first = min(answer.panel.grid[1] for answer in placed)
    bottom = max(answer.panel.grid[1] + answer.panel.grid[3] for answer in placed)
    note = (
        f"预览，不是 Kibana 界面：每块按保存对象推出的查询在真实 Elasticsearch 上取数后画出。"
        f"{len(answers)} 个查询，最慢 {max(answer.milliseconds for answer in answers)} 毫秒；"
        f"时间 {board.since.removeprefix('now-')} 前至 {page.now.astimezone(SHANGHAI):%Y-%m-%d %H:%M}。"
    )
    environment = Environment(
        loader=PackageLoader("pipeline.kibana"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
    )
    return environment.get_template("sheet.html.j2").render(
        title=board.title,
        note=note,
        controls=[_control(answer) for answer in answers if answer.panel.type == "control"],
        height=(bottom - first) * _LINE + 8,
        figures=[_figure(answer, first) for answer in placed],
    )


def _control(answer: Answer) -> dict[str, object]:
    if answer.panel.chart == "rangeSliderControl":
        choices = " 至 ".join(
            f"{value:.2f}" for row in answer.rows for value in map(float, map(str, row.values()))
        )
    else:
        choices = "、".join(str(next(iter(row.values()))) for row in answer.rows[:4])
    return {"title": answer.panel.title, "choices": choices}


def _figure(answer: Answer, first: int) -> dict[str, object]:
    x, y, width, height = answer.panel.grid
    inside = (width * _COLUMN - 24, height * _LINE - _CAPTION - 20)
    return {
        "left": x * _COLUMN,
        "top": (y - first) * _LINE + 4,
        "width": width * _COLUMN - 6,
        "height": height * _LINE - 6,
        "title": answer.panel.title,
        # Nothing counted is an answer too.
        "body": draw_answer(answer, *inside)
        if answer.panel.chart == "lnsMetric" or not answer.empty
        else _EMPTY,
    }
