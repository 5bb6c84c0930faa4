"""The search that Kibana sends for a panel, derived from the panel's saved state.

As Lens does it (buckets nested in the order of the columns, metrics at the innermost, a filtered metric in a
filter of its own), without the second request for the bucket "other" and with automatic intervals by
Kibana's rule of at most 100 bars.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipeline.kibana.panels import Board, Panel

Json = dict[str, Any]
_MOST_BARS = 100
_LADDER = ("1m", "5m", "10m", "30m", "1h", "3h", "12h", "1d", "7d", "30d")
_STEPS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(days=7)}
_RELATIVE = re.compile(r"now(-\d+[mhdw])?")
_TABLE_ROWS = 20
# About two kilometres a cell: what Kibana asks for when a city fills the map.
_GEOTILE_PRECISION = 13
_METRICS = {
    "sum": "sum",
    "average": "avg",
    "median": "percentiles",
    "percentile": "percentiles",
    "min": "min",
    "max": "max",
}


@dataclass(frozen=True, slots=True)
class Span:
    """The time a dashboard shows. `now` stands for the present, so that old data can be looked at too."""

    since: datetime
    now: datetime

    @classmethod
    def of(cls, board: Board, now: datetime) -> "Span":
        """The time that the dashboard opens with, as seen at `now`."""
        return cls(now, now).back(board.since)

    def back(self, since: str) -> "Span":
        """The time from so long ago, `now-29d`, to the same present; the same span where none is told."""
        return Span(self.now - int(since[4:-1]) * _STEPS[since[-1]], self.now) if since else self

    def anchor(self, query: str) -> str:
        """A Lucene query with its relative times hung on `now`."""
        moment = self.now.isoformat(timespec="seconds")
        return _RELATIVE.sub(lambda match: f'"{moment}||{match[1]}"' if match[1] else f'"{moment}"', query)

    def interval(self, asked: str) -> str:
        """The width of a bar: as asked, or the least of the ladder that gives no more than 100."""
        if asked != "auto":
            return asked
        width = (self.now - self.since) / _MOST_BARS
        return next((step for step in _LADDER if _duration(step) >= width), _LADDER[-1])


def _duration(step: str) -> timedelta:
    return int(step[:-1]) * _STEPS[step[-1]]


def derive_search(panel: Panel, span: Span) -> Json:
    """The body of the search for one panel. Raises KeyError for what Kibana would compute otherwise."""
    span = span.back(panel.since)
    body: Json = {"query": _restrict(panel, span), "track_total_hits": True, "size": 0}
    if panel.type == "search":
        order = [{panel.view.time_field: panel.order}]
        return {**body, "size": _TABLE_ROWS, "sort": order, "_source": list(panel.fields)}
    if panel.type == "map":
        cells = {"field": panel.fields[0], "precision": _GEOTILE_PRECISION}
        return {**body, "aggs": {"cells": {"geotile_grid": cells}}}
    if panel.type == "control":
        return {**body, "aggs": _control(panel)}
    assert panel.columns is not None  # noqa: S101 - a Lens panel always has columns
    return {**body, "aggs": _nest(panel.columns, span)}


def _restrict(panel: Panel, span: Span) -> Json:
    period = {"gte": span.since.isoformat(), "lte": span.now.isoformat()}
    asked = [_lucene(query, span) for query in panel.queries if query]
    return {"bool": {"filter": [{"range": {panel.view.time_field: period}}, *asked]}}


def _lucene(query: str, span: Span) -> Json:
    return {"query_string": {"query": span.anchor(query), "analyze_wildcard": True}}


def _control(panel: Panel) -> Json:
    [field] = panel.fields
    if panel.chart == "rangeSliderControl":
        return {"least": {"min": {"field": field}}, "most": {"max": {"field": field}}}
    return {"choices": {"terms": {"field": field, "size": 10}}}


def _nest(columns: Mapping[str, Json], span: Span) -> Json:
    """Bucket columns inside each other, the metrics inside the innermost."""
    metrics = {name: column for name, column in columns.items() if not column["isBucketed"]}
    inside = _metrics(metrics, span)
    for name, column in reversed([(one, column) for one, column in columns.items() if column["isBucketed"]]):
        # A bucket ordered by a metric needs it beside the inner buckets too.
        aggregation = _bucket(column, metrics, span)
        inside = {name: {**aggregation, "aggs": {**_metrics(metrics, span), **inside}}}
    return inside


def _metrics(columns: Mapping[str, Json], span: Span) -> Json:
    found = ((name, _metric(column, span)) for name, column in columns.items())
    return {name: aggregation for name, aggregation in found if aggregation}


def _metric(column: Json, span: Span) -> Json:
    """The aggregation of a metric; a count of all documents needs none."""
    kind, plain = column["operationType"], Json()
    if kind == "unique_count":
        plain = {"cardinality": {"field": column["sourceField"]}}
    elif kind != "count":
        plain = {_METRICS[kind]: {"field": column["sourceField"]}}
        if kind in {"median", "percentile"}:
            plain["percentiles"]["percents"] = [percent_of(column)]
    if "filter" not in column:
        return plain
    chosen: Json = {"filter": _lucene(column["filter"]["query"], span)}
    return {**chosen, "aggs": {"metric": plain}} if plain else chosen


def percent_of(column: Json) -> float:
    """Which percentile a column shows; the median is the 50th."""
    return float(column["params"]["percentile"]) if column["operationType"] == "percentile" else 50.0


def _bucket(column: Json, metrics: Mapping[str, Json], span: Span) -> Json:
    kind, asked = column["operationType"], column.get("params", {})
    if kind == "date_histogram":
        bars = {"field": column["sourceField"], "time_zone": "+08:00", "min_doc_count": 0}
        return {kind: {**bars, "fixed_interval": span.interval(asked["interval"])}}
    if kind == "filters":
        return {
            kind: {"filters": {one["label"]: _lucene(one["input"]["query"], span) for one in asked[kind]}}
        }
    if kind == "terms":
        order = _order(asked["orderBy"], metrics)
        terms = {"field": column["sourceField"], "size": asked["size"]}
        return {kind: {**terms, "order": {order: asked["orderDirection"]}}}
    raise KeyError(kind)


def _order(asked: Json, metrics: Mapping[str, Json]) -> str:
    if asked["type"] == "alphabetical":
        return "_key"
    column = metrics[asked["columnId"]]
    if column["operationType"] == "count" and "filter" not in column:
        return "_count"
    if column["operationType"] in {"median", "percentile"}:
        return f"{asked['columnId']}.{percent_of(column):g}"
    if "filter" in column and column["operationType"] != "count":
        return f"{asked['columnId']}>metric"
    return str(asked["columnId"])
