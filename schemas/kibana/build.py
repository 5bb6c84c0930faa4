"""Builds qianshao.ndjson, what Kibana imports, from the YAML beside it: `make kibana`, under Python 3.12.

The dashboards are written in the language of kb-dashboard-core, which compiles them. It has no data views,
saved searches, maps and panels with a time of their own, leaves the filter of a metric out, takes the latest
of dates for a number and names the reference of a panel in a way that Kibana does not look up; all that is
put right here. The versions written are the oldest that Kibana 8.16 to 9.x all import.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from kb_dashboard_core.dashboard_compiler import render
from kb_dashboard_core.loader import DashboardConfig

FOLDER = Path(__file__).parent
TARGET = FOLDER / "qianshao.ndjson"
Json = dict[str, Any]
LINKS_HEIGHT = 3
_MAP, _TIME = "map", "time_range"


def main() -> None:
    """Write the file, and beside it the hash of what it was built from."""
    TARGET.write_text("".join(f"{_dump(one)}\n" for one in build_objects()), encoding="utf-8")
    (FOLDER / "built_from.txt").write_text(f"{hash_sources(FOLDER)}\n", encoding="utf-8")


def hash_sources(folder: Path) -> str:
    """SHA-256 over this file and the YAML: a change of either asks for a new build."""
    whole = hashlib.sha256()
    for path in (folder / "build.py", folder / "objects.yml", *sorted((folder / "dashboards").glob("*.yml"))):
        whole.update(path.read_bytes())
    return whole.hexdigest()


def build_objects() -> Iterator[Json]:
    """Every saved object, those that others refer to first."""
    shared = yaml.safe_load((FOLDER / "objects.yml").read_text(encoding="utf-8"))
    yield from map(build_data_view, shared["data_views"])
    yield from map(build_search, shared["searches"])
    yield from map(build_map, shared["maps"])
    for path in sorted((FOLDER / "dashboards").glob("*.yml")):
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        yield from (build_dashboard(one, shared) for one in config["dashboards"])


def build_data_view(view: Json) -> Json:
    """A data view; `links` are the fields whose values one clicks on."""
    formats = {field: {"id": "url", "params": params} for field, params in view.get("links", {}).items()}
    attributes = {
        "title": view["index"],
        "name": view["name"],
        "timeFieldName": view["time"],
        "allowNoIndex": True,
        "fieldFormatMap": _dump(formats),
        "fieldAttrs": _dump({field: {"customLabel": label} for field, label in view["labels"].items()}),
        **dict.fromkeys(("fields", "sourceFilters"), "[]"),
        **dict.fromkeys(("runtimeFieldMap", "typeMeta"), "{}"),
    }
    return _object("index-pattern", view["id"], "8.0.0", attributes)


def build_search(search: Json) -> Json:
    """A saved search: the columns that an analyst reads, newest first unless its `order` is asc."""
    reference = "kibanaSavedObjectMeta.searchSourceJSON.index"
    source = {"query": _lucene(search["query"]), "filter": [], "indexRefName": reference}
    attributes = {
        "title": search["title"],
        "description": search["description"],
        "columns": search["columns"],
        "sort": [[search["sort"], search.get("order", "desc")]],
        "grid": {},
        "hideChart": False,
        "isTextBasedQuery": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": _dump(source)},
    }
    references = [_reference(reference, "index-pattern", search["data_view"])]
    return _object("search", search["id"], "10.5.0", attributes, references)


def build_map(given: Json) -> Json:
    """A map of grid cells, larger where more is; without a base layer, which would come from outside."""
    reference = "layer_0_source_index_pattern"
    layer = {
        "id": f"{given['id']}-grid",
        "label": given["label"],
        "type": "GEOJSON_VECTOR",
        "visible": True,
        "minZoom": 0,
        "maxZoom": 24,
        "alpha": 0.75,
        "sourceDescriptor": {
            "id": f"{given['id']}-source",
            "type": "ES_GEO_GRID",
            "geoField": given["field"],
            "requestType": "point",
            "resolution": "COARSE",
            "metrics": [{"type": "count", "label": given["label"]}],
            "applyGlobalQuery": True,
            "applyGlobalTime": True,
            "applyForceRefresh": True,
            "indexPatternRefName": reference,
        },
        "style": {"type": "VECTOR", "isTimeAware": True, "properties": _grid_style()},
        "joins": [],
    }
    attributes = {
        "title": given["title"],
        "description": given["description"],
        "layerListJSON": _dump([layer]),
        "mapStateJSON": _dump({"settings": {"autoFitToDataBounds": True}}),
        "uiStateJSON": _dump({"isLayerTOCOpen": False, "openTOCDetails": []}),
    }
    references = [_reference(reference, "index-pattern", given["data_view"])]
    return _object("map", given["id"], "8.4.0", attributes, references)


def _grid_style() -> Json:
    count = {"name": "doc_count", "origin": "source"}
    fill = {"field": count, "color": "Yellow to Red", "fieldMetaOptions": {"isEnabled": True, "sigma": 3}}
    size = {"field": count, "minSize": 7, "maxSize": 32}
    return {
        "fillColor": {"type": "DYNAMIC", "options": fill},
        "lineColor": {"type": "STATIC", "options": {"color": "#FFFFFF"}},
        "lineWidth": {"type": "STATIC", "options": {"size": 1}},
        "iconSize": {"type": "DYNAMIC", "options": size},
        "labelText": {"type": "DYNAMIC", "options": {"field": count}},
    }


def build_dashboard(config: Json, shared: Json) -> Json:
    """One dashboard, the links to all of them on top."""
    own = config["id"].removeprefix("qianshao-")
    dates = {view["id"]: {view["time"], *view["dates"]} for view in shared["data_views"]}
    panels = [_links_panel(own, shared["links"]), *map(_plain_panel, config["panels"])]
    maps = {panel["id"] for panel in config["panels"] if _MAP in panel}
    [dashboard] = DashboardConfig.model_validate({"dashboards": [{**config, "panels": panels}]}).dashboards
    built: Json = json.loads(render(dashboard).model_dump_json(by_alias=True))
    attributes = built["attributes"]
    attributes["panelsJSON"] = _dump(
        [_correct(panel, config, maps, dates) for panel in json.loads(attributes["panelsJSON"])]
    )
    references = [_as_map(reference, maps) for reference in built["references"]]
    return _object("dashboard", built["id"], built["typeMigrationVersion"], attributes, references)


def _links_panel(own: str, links: list[Json]) -> Json:
    items = [{"id": f"link-{link['dashboard']}", **link} for link in links]
    size = {"w": "whole", "h": LINKS_HEIGHT}
    return {
        "id": f"{own}-links",
        "title": "转到",
        "hide_title": True,
        "size": size,
        "links": {"items": items},
    }


def _plain_panel(panel: Json) -> Json:
    """A panel as the compiler knows it: without a time of its own; a map stands on the grid as a saved search
    does, so it is laid out as one."""
    rest = {key: value for key, value in panel.items() if key not in {_MAP, _TIME}}
    return {**rest, "search": {"saved_search_id": panel[_MAP]["saved_map_id"]}} if _MAP in panel else rest


def _correct(panel: Json, config: Json, maps: set[str], dates: dict[str, set[str]]) -> Json:
    if "panelRefName" in panel:
        panel["panelRefName"] = f"panel_{panel['panelIndex']}"
    if panel["panelIndex"] in maps:
        panel["type"] = _MAP
    if panel["type"] == "lens":
        [asked] = [one for one in config["panels"] if one["id"] == panel["panelIndex"]]
        if _TIME in asked:
            panel["embeddableConfig"]["timeRange"] = asked[_TIME]
        state = panel["embeddableConfig"]["attributes"]["state"]
        for layer in state["datasourceStates"]["formBased"]["layers"].values():
            layer["columnOrder"] = _breakdown_first(layer, asked["lens"])
            _correct_metrics(layer["columns"], asked["lens"], dates[asked["lens"]["data_view"]])
    return panel


def _breakdown_first(layer: Json, chart: Json) -> list[str]:
    """The order in which buckets nest: what gives the colours of a time line is chosen once for the whole of
    it, and not anew in every bar."""
    order: list[str] = layer["columnOrder"]
    if chart.get("dimension", {}).get("type") != "date_histogram" or "breakdown" not in chart:
        return order
    first = [chart["breakdown"]["id"], chart["dimension"]["id"]]
    return [*first, *(name for name in order if name not in first)]


def _correct_metrics(columns: Json, chart: Json, dates: set[str]) -> None:
    for metric in _metrics(chart):
        column = columns[metric["id"]]
        if "filter" in metric:
            column["filter"] = _lucene(metric["filter"]["lucene"])
        if metric["aggregation"] in {"min", "max"} and metric["field"] in dates:
            column["dataType"] = "date"


def _metrics(chart: Json) -> list[Json]:
    single = (chart[name] for name in ("primary", "secondary", "metric") if name in chart)
    return [*single, *chart.get("metrics", [])]


def _as_map(reference: Json, maps: set[str]) -> Json:
    panel, _, _ = reference["name"].partition(":")
    return {**reference, "type": _MAP} if panel in maps else reference


def _object(
    kind: str, key: str, version: str, attributes: Json, references: list[Json] | None = None
) -> Json:
    return {
        "type": kind,
        "id": key,
        "attributes": attributes,
        "references": references or [],
        "managed": False,
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": version,
    }


def _reference(name: str, kind: str, key: str) -> Json:
    return {"name": name, "type": kind, "id": key}


def _lucene(query: str) -> Json:
    return {"query": query, "language": "lucene"}


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


if __name__ == "__main__":
    main()
