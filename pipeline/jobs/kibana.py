"""The Kibana side of a deployment: its objects as a file, whether every panel is answered, contact sheets."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pipeline.jobs.index import need_elastic
from pipeline.kibana.answers import Page, answer_board
from pipeline.kibana.panels import read_boards
from pipeline.kibana.sheet import draw_sheet
from pipeline.rooms import Rooms
from schemas.kibana import load_objects, write_ndjson
from schemas.times import SHANGHAI
from stores.elastic_client import clear_errors


def export_objects(prefix: str, target: Path) -> int:
    """Write what Kibana imports (Stack Management, Saved Objects, Import); how many objects it holds."""
    objects = load_objects(prefix)
    target.write_bytes(write_ndjson(objects))
    return len(objects)


def answer_boards(rooms: Rooms, now: datetime | None) -> Iterator[Page]:
    """Every dashboard with what the deployment's Elasticsearch answers to its panels at `now`.

    Without `now` it is the time of the newest post there, so that a demo of other years shows too.
    """
    elastic = need_elastic(rooms)
    with clear_errors(elastic.shown_url):
        at = now or elastic.latest_time() or datetime.now(SHANGHAI)
        for board in read_boards(load_objects(rooms.settings.elasticsearch_prefix)):
            yield answer_board(elastic.client, board, at)


def panel_rows(page: Page) -> list[dict[str, object]]:
    """A dashboard's panels as table rows."""
    return [
        {
            "面板": page.board.title,
            "块": answer.panel.title,
            "种类": answer.panel.chart or answer.panel.type,
            "索引": answer.panel.view.index,
            "命中": answer.matched,
            "行": len(answer.rows),
            "毫秒": answer.milliseconds,
            "有内容": "否" if answer.empty else "是",
        }
        for answer in page.answers
    ]


def write_sheets(rooms: Rooms, folder: Path, now: datetime | None) -> list[Path]:
    """A contact sheet of every dashboard, drawn from real answers."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for page in answer_boards(rooms, now):
        path = folder / f"{page.board.id.removeprefix('qianshao-')}.html"
        path.write_text(draw_sheet(page), encoding="utf-8")
        written.append(path)
    return written
