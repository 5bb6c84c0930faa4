"""What the Elasticsearch answers to a panel, as rows under the panel's own column titles."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch

from pipeline.kibana.panels import Board, Panel
from pipeline.kibana.searches import Span, derive_search, percent_of
from schemas.times import SHANGHAI

Json = dict[str, Any]
Cell = str | int | float | None
Row = Mapping[str, Cell]
_TIMED = {"date_histogram"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One panel's answer: `matched` documents in `milliseconds`, and what the panel shows of them."""

    panel: Panel
    matched: int
    milliseconds: int
    rows: tuple[Row, ...]

    @property
    def empty(self) -> bool:
        """Whether an analyst would see nothing at all."""
        return not self.rows or all(not value for row in self.rows for value in row.values())


@dataclass(frozen=True, slots=True)
class Page:
    """A dashboard as it shows at `now`: the answers in the order of the page, controls first."""

    board: Board
    now: datetime
    answers: tuple[Answer, ...]


def answer_board(client: Elasticsearch, board: Board, now: datetime) -> Page:
    """Ask everything that a dashboard asks when it is opened at `now`."""
    span = Span.of(board, now)
    return Page(board, now, tuple(answer_panel(client, panel, span) for panel in board.panels))


def answer_panel(client: Elasticsearch, panel: Panel, span: Span) -> Answer:
    """What one panel shows."""
    found = client.search(index=panel.view.index, **derive_search(panel, span)).body
    return Answer(panel, found["hits"]["total"]["value"], found["took"], tuple(_rows(panel, found)))


def _rows(panel: Panel, found: Json) -> Iterator[Row]:
    if panel.type == "search":
        for hit in found["hits"]["hits"]:
            yield {
                panel.view.labels.get(field, field): _shown(panel, field, hit["_source"])
                for field in panel.fields
            }
    elif panel.type == "map":
        for cell in found["aggregations"]["cells"]["buckets"]:
            yield {"网格": cell["key"], "条数": cell["doc_count"]}
    elif panel.type == "control":
        yield from _control_rows(found["aggregations"])
    else:
        whole = {**found.get("aggregations", {}), "doc_count": found["hits"]["total"]["value"]}
        columns = dict(panel.columns or {})
        yield from _unfold(columns, [name for name, one in columns.items() if one["isBucketed"]], whole, {})


def _shown(panel: Panel, field: str, document: Json) -> Cell:
    """The value of a field as a table shows it: a link by its label, a time in that of Beijing."""
    value = _inside(document, field.split("."))
    if value and field in panel.view.links:
        return panel.view.links[field]
    if isinstance(value, str) and field in panel.view.dates:
        return _moment(datetime.fromisoformat(value).timestamp() * 1_000)
    return value


def _inside(document: Json, path: list[str]) -> Cell:
    value: Any = document
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return "、".join(map(str, value)) if isinstance(value, list) else value


def _control_rows(found: Json) -> Iterator[Row]:
    if "choices" in found:
        yield from ({"值": one["key"], "条数": one["doc_count"]} for one in found["choices"]["buckets"])
    else:
        yield {"最小": found["least"]["value"], "最大": found["most"]["value"]}


def _unfold(columns: Mapping[str, Json], buckets: list[str], level: Json, so_far: Row) -> Iterator[Row]:
    """A row for each innermost bucket, the keys of those around it before its metrics."""
    if not buckets:
        metrics = {
            one["label"]: _metric(name, one, level) for name, one in columns.items() if not one["isBucketed"]
        }
        yield {**so_far, **metrics}
        return
    [name, *rest] = buckets
    label, kind = columns[name]["label"], columns[name]["operationType"]
    for key, bucket in _buckets(level[name]["buckets"]):
        shown = _moment(key) if kind in _TIMED else key
        yield from _unfold(columns, rest, bucket, {**so_far, label: shown})


def _buckets(found: list[Json] | Mapping[str, Json]) -> Iterator[tuple[Any, Json]]:
    if isinstance(found, Mapping):
        yield from found.items()
    else:
        yield from ((bucket["key"], bucket) for bucket in found)


def _moment(milliseconds: float) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _metric(name: str, column: Json, level: Json) -> Cell:
    kind = column["operationType"]
    if "filter" in column:
        level = level[name]
        if kind == "count":
            return int(level["doc_count"])
        name = "metric"
    if kind == "count":
        return int(level["doc_count"])
    answer = level[name]
    values = answer.get("values")
    value: float | None = answer["value"] if values is None else values[str(percent_of(column))]
    if value is not None and column["dataType"] == "date":
        return _moment(value)
    return value
