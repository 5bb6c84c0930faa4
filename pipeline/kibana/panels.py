"""Panels of the shipped dashboards as records, read from the saved objects that Kibana imports."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from schemas.elasticsearch import load_templates

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DataView:
    """What a panel looks at. `kind` is the index as schemas/elasticsearch names it; `labels` are the names of
    fields that analysts see, `links` those that show a word to click on; `dates` are moments."""

    id: str
    kind: str
    index: str
    time_field: str
    labels: Mapping[str, str]
    links: Mapping[str, str]
    dates: frozenset[str]


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel with what decides its query.

    `type` is `lens`, `search`, `map` or `control`; `chart` is the kind of Lens chart or of control. `columns`
    are the Lens columns in their order; `queries` are the Lucene queries of dashboard, panel and search.
    `fields` are those that a table of documents shows, the field of a map or of a control. `grid` is x, y,
    width, height in a page 48 wide; a control stands on none. `since` is the beginning of a panel's own time;
    empty where it shows that of its dashboard. `order` is that of a table of documents in time.
    """

    dashboard: str
    id: str
    title: str
    type: str
    view: DataView
    chart: str = ""
    columns: Mapping[str, Json] | None = None
    visualization: Json | None = None
    queries: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    grid: tuple[int, int, int, int] = (0, 0, 0, 0)
    since: str = ""
    order: str = "desc"


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard: its title, the time it opens with and its panels that ask for data, controls first."""

    id: str
    title: str
    since: str
    until: str
    panels: tuple[Panel, ...]


def read_boards(objects: Sequence[Json]) -> tuple[Board, ...]:
    """Every dashboard among the saved objects. Raises KeyError where a reference leads nowhere."""
    shared = {(one["type"], one["id"]): one for one in objects}
    views = {key: _read_view(one) for (kind, key), one in shared.items() if kind == "index-pattern"}
    return tuple(_read_board(one, shared, views) for one in objects if one["type"] == "dashboard")


def _read_view(one: Json) -> DataView:
    attributes = one["attributes"]
    index = attributes["title"]
    shown = {field: each["customLabel"] for field, each in orjson.loads(attributes["fieldAttrs"]).items()}
    kind = index.rpartition("-")[2]
    formats = orjson.loads(attributes["fieldFormatMap"]).items()
    links = {field: each["params"]["labelTemplate"] for field, each in formats if _has_label(each)}
    dates = (field for field, (type_, _) in load_templates().fields(kind).items() if type_ == "date")
    return DataView(one["id"], kind, index, attributes["timeFieldName"], shown, links, frozenset(dates))


def _has_label(format_: Json) -> bool:
    return "labelTemplate" in format_["params"]


def _read_board(one: Json, shared: Mapping[tuple[str, str], Json], views: Mapping[str, DataView]) -> Board:
    attributes = one["attributes"]
    query = orjson.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["query"]
    places = {reference["name"]: reference["id"] for reference in one["references"]}
    panels = [
        *_read_controls(attributes, query, places, views),
        *_read_panels(attributes, query, places, shared, views),
    ]
    own = (_own(panel, one["id"]) for panel in panels)
    return Board(one["id"], attributes["title"], attributes["timeFrom"], attributes["timeTo"], tuple(own))


def _own(panel: Panel, dashboard: str) -> Panel:
    return Panel(dashboard, *(getattr(panel, name) for name in Panel.__slots__[1:]))


def _read_controls(
    attributes: Json, query: str, places: Mapping[str, str], views: Mapping[str, DataView]
) -> Iterator[Panel]:
    controls = orjson.loads(attributes["controlGroupInput"]["panelsJSON"])
    for key, control in controls.items():
        asked = control["explicitInput"]
        view = views[places[f"controlGroup_{key}:{_CONTROLS[control['type']]}"]]
        yield Panel(
            "", key, asked["title"], "control", view,
            chart=control["type"], queries=(query,), fields=(asked["fieldName"],),
        )  # fmt: skip


_CONTROLS = {"optionsListControl": "optionsListDataView", "rangeSliderControl": "rangeSliderDataView"}


def _read_panels(
    attributes: Json,
    query: str,
    places: Mapping[str, str],
    shared: Mapping[tuple[str, str], Json],
    views: Mapping[str, DataView],
) -> Iterator[Panel]:
    for panel in orjson.loads(attributes["panelsJSON"]):
        key, at = panel["panelIndex"], panel["gridData"]
        grid = (at["x"], at["y"], at["w"], at["h"])
        if panel["type"] == "lens":
            yield from _read_lens(key, panel["embeddableConfig"], query, grid, views)
        elif panel["type"] in {"search", "map"}:
            found = shared[panel["type"], places[f"{key}:panel_{key}"]]
            yield _read_shared(key, found, query, grid, views)
        elif panel["type"] != "links":
            raise KeyError(panel["type"])


def _read_lens(
    key: str, config: Json, query: str, grid: tuple[int, int, int, int], views: Mapping[str, DataView]
) -> Iterator[Panel]:
    lens = config["attributes"]
    state = lens["state"]
    places = {reference["name"]: reference["id"] for reference in lens["references"]}
    for layer_id, layer in state["datasourceStates"]["formBased"]["layers"].items():
        yield Panel(
            "", key, lens["title"], "lens", views[places[f"indexpattern-datasource-layer-{layer_id}"]],
            chart=lens["visualizationType"],
            columns={name: layer["columns"][name] for name in layer["columnOrder"]},
            visualization=state["visualization"],
            queries=(query, state["query"]["query"]),
            grid=grid,
            since=config.get("timeRange", {}).get("from", ""),
        )  # fmt: skip


def _read_shared(
    key: str, found: Json, query: str, grid: tuple[int, int, int, int], views: Mapping[str, DataView]
) -> Panel:
    attributes, kind = found["attributes"], found["type"]
    [reference] = found["references"]
    view = views[reference["id"]]
    if kind == "map":
        [layer] = orjson.loads(attributes["layerListJSON"])
        field = layer["sourceDescriptor"]["geoField"]
        return Panel("", key, attributes["title"], kind, view, queries=(query,), fields=(field,), grid=grid)
    own = orjson.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["query"]
    [[_, order]] = attributes["sort"]
    return Panel(
        "", key, attributes["title"], kind, view,
        queries=(query, own),
        fields=tuple(attributes["columns"]),
        grid=grid,
        order=order,
    )  # fmt: skip
