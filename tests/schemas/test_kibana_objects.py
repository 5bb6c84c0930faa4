"""The saved objects as Kibana reads them: what an import checks, and what only drawing would show."""

import hashlib
import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.elasticsearch import load_templates
from schemas.errors import ReadError
from schemas.kibana import FILE, load_objects, write_ndjson

Json = dict[str, Any]
# The oldest version of each type that Kibana 8.16 to 9.x all take.
PINNED = {"dashboard": "10.2.0", "index-pattern": "8.0.0", "search": "10.5.0", "map": "8.4.0"}
OBJECTS = load_objects()
DASHBOARDS = [one for one in OBJECTS if one["type"] == "dashboard"]
VIEWS = {one["id"]: one for one in OBJECTS if one["type"] == "index-pattern"}
BUCKETS = {"date_histogram", "terms", "filters"}
FITTING = {
    "date_histogram": {"date"},
    "terms": {"keyword", "boolean"},
    "unique_count": {"keyword"},
    "sum": {"long", "integer", "double", "float"},
    "average": {"long", "integer", "double", "float"},
    "median": {"long", "integer", "double", "float"},
    "percentile": {"long", "integer", "double", "float"},
    "max": {"long", "integer", "double", "float", "date"},
}


def panels(dashboard: Json) -> list[Json]:
    found: list[Json] = json.loads(dashboard["attributes"]["panelsJSON"])
    return found


def lens_layers() -> Iterator[tuple[str, Json, Json]]:
    """Each Lens layer with the panel it is of: (dashboard/panel, layer, Lens attributes)."""
    for dashboard in DASHBOARDS:
        for panel in panels(dashboard):
            if panel["type"] == "lens":
                lens = panel["embeddableConfig"]["attributes"]
                for layer in lens["state"]["datasourceStates"]["formBased"]["layers"].values():
                    yield f"{dashboard['id']}/{panel['panelIndex']}", layer, lens


LAYERS = list(lens_layers())
each_layer = pytest.mark.parametrize(
    ("layer", "lens"), [one[1:] for one in LAYERS], ids=[one[0] for one in LAYERS]
)
each_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=[one["id"] for one in DASHBOARDS])


def fields_of(view: str) -> dict[str, tuple[str, str]]:
    return load_templates().fields(VIEWS[view]["attributes"]["title"].removeprefix("qianshao-"))


def test_an_import_finds_each_object_once_in_a_pinned_version() -> None:
    keys = [(one["type"], one["id"]) for one in OBJECTS]
    assert len(keys) == len(set(keys))
    assert {one["type"]: one["typeMigrationVersion"] for one in OBJECTS} == PINNED
    assert {one["coreMigrationVersion"] for one in OBJECTS} == {"8.8.0"}
    assert len(write_ndjson(OBJECTS)) < 26_214_400


def test_every_reference_is_in_the_file() -> None:
    known = {(one["type"], one["id"]) for one in OBJECTS}
    for one in OBJECTS:
        assert {(each["type"], each["id"]) for each in one["references"]} <= known, one["id"]


@each_dashboard
def test_a_dashboard_opens_with_its_own_time_and_a_chinese_title(dashboard: Json) -> None:
    attributes = dashboard["attributes"]
    assert attributes["timeRestore"] is True
    assert attributes["timeFrom"].startswith("now-")
    assert attributes["timeTo"] == "now"
    assert re.search("[一-鿿]", attributes["title"])
    for name in ("panelsJSON", "optionsJSON"):
        assert isinstance(attributes[name], str)
        json.loads(attributes[name])


@each_dashboard
def test_panels_stand_on_the_page_and_not_on_each_other(dashboard: Json) -> None:
    grids = []
    for panel in panels(dashboard):
        assert panel["gridData"]["i"] == panel["panelIndex"]
        grids.append(tuple(panel["gridData"][name] for name in "xywh"))
    assert len({panel["panelIndex"] for panel in panels(dashboard)}) == len(grids)
    assert all(x >= 0 and x + w <= 48 for x, _, w, _ in grids)
    for one, other in combinations(grids, 2):
        apart_x = one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
        apart_y = one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1]
        assert apart_x or apart_y, (one, other)


@each_dashboard
def test_references_and_panels_name_each_other(dashboard: Json) -> None:
    wanted = set()
    for panel in panels(dashboard):
        key = panel["panelIndex"]
        if panel["type"] == "lens":
            layers = panel["embeddableConfig"]["attributes"]["state"]["datasourceStates"]["formBased"][
                "layers"
            ]
            wanted |= {f"{key}:indexpattern-datasource-layer-{layer}" for layer in layers}
        elif panel["type"] in {"search", "map"}:
            assert panel["panelRefName"] == f"panel_{key}"
            wanted.add(f"{key}:panel_{key}")
        else:
            links = panel["embeddableConfig"]["attributes"]["links"]
            wanted |= {f"{key}:{link['destinationRefName']}" for link in links}
    controls = json.loads(dashboard["attributes"]["controlGroupInput"]["panelsJSON"])
    kinds = {"optionsListControl": "optionsListDataView", "rangeSliderControl": "rangeSliderDataView"}
    wanted |= {f"controlGroup_{key}:{kinds[one['type']]}" for key, one in controls.items()}
    assert {reference["name"] for reference in dashboard["references"]} == wanted


@each_dashboard
def test_the_links_on_top_lead_to_every_dashboard(dashboard: Json) -> None:
    top = min(panels(dashboard), key=lambda panel: (panel["gridData"]["y"], panel["gridData"]["x"]))
    assert top["type"] == "links"
    links = {one["id"] for one in dashboard["references"] if one["type"] == "dashboard"}
    assert links == {one["id"] for one in DASHBOARDS}


@each_layer
def test_columns_are_whole_and_in_order(layer: Json, lens: Json) -> None:
    assert re.search("[一-鿿]", lens["title"])
    columns, order = layer["columns"], layer["columnOrder"]
    assert sorted(order) == sorted(columns)
    bucketed = [columns[name]["isBucketed"] for name in order]
    assert bucketed == sorted(bucketed, reverse=True)
    for column in columns.values():
        assert column["isBucketed"] == (column["operationType"] in BUCKETS)
        assert {"label", "dataType", "scale"} <= set(column)
        assert column["operationType"] != "count" or column["sourceField"] == "___records___"


@each_layer
def test_what_is_drawn_are_columns_of_the_layer(layer: Json, lens: Json) -> None:
    drawn = json.dumps(lens["state"]["visualization"])
    named = re.findall(r'"(?:\w*[aA]ccessor|columnId)": "([^"]+)"', drawn)
    lists = re.findall(r'"(?:accessors|metrics|primaryGroups)": (\[[^\]]*\])', drawn)
    asked = {*named, *(name for one in lists for name in json.loads(one))}
    assert asked
    assert asked <= set(layer["columns"])


@each_layer
def test_every_field_is_in_the_mapping_with_a_type_that_fits(layer: Json, lens: Json) -> None:
    [reference] = lens["references"]
    fields = fields_of(reference["id"])
    for column in layer["columns"].values():
        if column["operationType"] in {"count", "filters"}:
            continue
        kind = fields[column["sourceField"]][0]
        assert kind in FITTING[column["operationType"]], column["sourceField"]
        assert column["operationType"] != "max" or (kind == "date") == (column["dataType"] == "date")


def test_data_views_labels_searches_maps_and_controls_name_real_fields() -> None:
    for view in VIEWS.values():
        fields = fields_of(view["id"])
        assert fields[view["attributes"]["timeFieldName"]][0] == "date"
        assert set(json.loads(view["attributes"]["fieldAttrs"])) <= set(fields)
    for one in OBJECTS:
        if one["type"] == "search":
            fields = fields_of(one["references"][0]["id"])
            assert set(one["attributes"]["columns"]) <= set(fields)
            assert one["attributes"]["sort"][0][0] in fields
        elif one["type"] == "map":
            [layer] = json.loads(one["attributes"]["layerListJSON"])
            assert (
                fields_of(one["references"][0]["id"])[layer["sourceDescriptor"]["geoField"]][0] == "geo_point"
            )


@each_dashboard
def test_controls_filter_by_fields_that_fit(dashboard: Json) -> None:
    kinds = {"optionsListControl": {"keyword"}, "rangeSliderControl": {"float", "long", "double"}}
    for control in json.loads(dashboard["attributes"]["controlGroupInput"]["panelsJSON"]).values():
        asked = control["explicitInput"]
        assert fields_of(asked["dataViewId"])[asked["fieldName"]][0] in kinds[control["type"]]


def test_a_panel_with_its_own_time_keeps_it() -> None:
    asked = {
        panel["id"]: panel["time_range"]
        for path in sorted((FILE.parent / "dashboards").glob("*.yml"))
        for panel in yaml.safe_load(path.read_text())["dashboards"][0]["panels"]
        if "time_range" in panel
    }
    built = {
        panel["panelIndex"]: panel["embeddableConfig"]["timeRange"]
        for dashboard in DASHBOARDS
        for panel in panels(dashboard)
        if "timeRange" in panel["embeddableConfig"]
    }
    assert built == asked
    assert all(one["to"] == "now" for one in built.values())
    assert len(built) > 1


def test_what_one_clicks_on_is_a_field_and_leads_to_a_dashboard_of_the_file() -> None:
    known = {one["id"] for one in DASHBOARDS}
    for view in VIEWS.values():
        formats = json.loads(view["attributes"]["fieldFormatMap"])
        assert set(formats) <= set(fields_of(view["id"]))
        for one in formats.values():
            template = one["params"].get("urlTemplate", "")
            found = re.findall(r"^\.\./app/dashboards#/view/([\w-]+)\?_a=\(query:\(.*\{\{value\}\}", template)
            assert not template or set(found) <= known
            assert not template or found


def yaml_filters() -> Iterator[tuple[str, str]]:
    for path in sorted((FILE.parent / "dashboards").glob("*.yml")):
        for panel in yaml.safe_load(path.read_text())["dashboards"][0]["panels"]:
            chart = panel.get("lens", {})
            for metric in (*chart.get("metrics", ()), chart.get("primary"), chart.get("secondary")):
                if metric and "filter" in metric:
                    yield metric["id"], metric["filter"]["lucene"]


def test_no_filter_of_a_metric_is_lost_on_the_way() -> None:
    built = {
        (name, column["filter"]["query"])
        for _, layer, _ in LAYERS
        for name, column in layer["columns"].items()
        if "filter" in column
    }
    assert built == set(yaml_filters())
    assert len(built) > 10


def test_a_deployment_of_another_name_looks_at_its_own_indices() -> None:
    other = load_objects("linan")
    assert {one["attributes"]["title"] for one in other if one["type"] == "index-pattern"} == {
        "linan-posts",
        "linan-events",
        "linan-alerts",
        "linan-series",
        "linan-tickets",
        "linan-coverage",
    }
    assert [one["id"] for one in other] == [one["id"] for one in OBJECTS]


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.ndjson"
    path.write_text('{"type": "index-pattern", "attributes": {"title": "a"}}\n{oops\n')
    with pytest.raises(ReadError, match=r"broken\.ndjson:2"):
        load_objects(path=path)


def test_the_file_was_built_from_the_yaml_as_it_stands() -> None:
    folder = FILE.parent
    sources = [folder / "build.py", folder / "objects.yml", *sorted((folder / "dashboards").glob("*.yml"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    assert (folder / "built_from.txt").read_text().strip() == digest, "先运行 make kibana"


@each_layer
def test_the_colours_of_a_time_line_are_chosen_once_for_the_whole_of_it(layer: Json, lens: Json) -> None:
    kinds = [layer["columns"][name]["operationType"] for name in layer["columnOrder"]]
    if lens["visualizationType"] == "lnsXY" and {"terms", "date_histogram"} <= set(kinds):
        assert kinds.index("terms") < kinds.index("date_histogram")
