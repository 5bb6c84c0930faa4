"""Mapping files of sensor tables: which column is the station, the time and which quantity in which unit."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crawlers.hotline.mapping import DELIMITERS, plain_name
from schemas.errors import ReadError, Where, one_of
from schemas.reading import Section, read_yaml
from schemas.sensors import load_quantities

SHIPPED = Path(__file__).parent / "mappings"
KIND = "sensor"
FIELDS = ("station", "time", "quantity", "unit", "value")
# Times written as seconds or milliseconds since 1970.
EPOCHS = {"epoch_s": 1, "epoch_ms": 1000}
_CODED = ("quantity", "unit")


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of values: its quantity and its unit, None where another column of the row says it."""

    names: tuple[str, ...]
    quantity: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class SensorMapping:
    """How one kind of sensor table is read. `columns` gives station, time, and where rows say them quantity
    and unit, the names their columns may have; `measures` are the columns with values.

    `values` translates coded quantities and units; `no_value` are texts and numbers that mean that nothing
    was measured, beside those of quantities.yml. The rest is as in the mapping of a hotline table.
    """

    file: str
    source: str
    publisher: str
    columns: Mapping[str, tuple[str, ...]]
    measures: tuple[Measure, ...]
    values: Mapping[str, Mapping[str, str]]
    no_value: frozenset[str]
    ignore: tuple[str, ...]
    times: tuple[str, ...]
    zone: ZoneInfo
    header: int
    delimiter: str | None
    sheet: str | None

    @property
    def fields(self) -> dict[str, str]:
        """The field of each known column name, names made plain; of a measure `value:` and its number."""
        found = {plain_name(name): field for field, names in self.columns.items() for name in names}
        for number, measure in enumerate(self.measures):
            found |= {plain_name(name): f"value:{number}" for name in measure.names}
        return found


def sensor_mapping_path(given: str | Path) -> Path | None:
    """The file of a sensor mapping by name or path; None where it is the mapping of something else.

    Raises ReadError for a file that is no YAML.
    """
    path = Path(given) if str(given).endswith(".yml") else SHIPPED / f"{given}.yml"
    if not path.is_file():
        return None
    top = read_yaml(path)
    return path if top.has("kind") and top.text("kind") == KIND else None


def load_sensor_mapping(path: Path) -> SensorMapping:
    """The mapping of a file. Raises ReadError with file, key, value and what is allowed."""
    top = read_yaml(path)
    top.choice("kind", (KIND,))
    columns = top.section("columns")
    mapping = SensorMapping(
        file=str(path.resolve()),
        source=top.text("source"),
        publisher=top.text("publisher") if top.has("publisher") else "",
        columns={
            name: columns.texts(name, least=1) for name in FIELDS if name != "value" and columns.has(name)
        },
        measures=_read_measures(top, columns),
        values=_read_values(top),
        no_value=frozenset(_texts(top, "no_value")),
        ignore=_texts(top, "ignore"),
        times=_texts(top, "times"),
        zone=_read_zone(top),
        header=top.whole("header", 1) if top.has("header") else 1,
        delimiter=DELIMITERS[top.choice("delimiter", DELIMITERS)] if top.has("delimiter") else None,
        sheet=top.text("sheet") if top.has("sheet") else None,
    )
    columns.close()
    top.close()
    _check(mapping, top.where)
    return mapping


def read_code(mapping: SensorMapping, field: str, text: str, allowed: Collection[str]) -> str | None:
    """What a quantity or unit in a table means: by the mapping, or where it is its own name (or 水位)."""
    code = mapping.values.get(field, {}).get(text, text)
    if field == "quantity":
        code = _BY_ZH.get(code, code)
    return code if code in allowed else None


_BY_ZH = {quantity.zh: name for name, quantity in load_quantities().items()}


def _read_measures(top: Section, columns: Section) -> tuple[Measure, ...]:
    """The one column of values with what it measures, or a list of columns under `measures`."""
    if columns.has("value"):
        quantity = top.choice("quantity", load_quantities()) if top.has("quantity") else None
        unit = _read_unit(top, quantity) if quantity and top.has("unit") else None
        return (Measure(columns.texts("value", least=1), quantity, unit),)
    found: list[Measure] = []
    for name, section in top.named("measures"):
        if name not in load_quantities():
            raise ReadError(section.where, section.path, name, one_of(load_quantities()))
        found.append(Measure(section.texts("columns", least=1), name, _read_unit(section, name)))
        section.close()
    return tuple(found)


def _read_unit(section: Section, quantity: str) -> str:
    return section.choice("unit", tuple(load_quantities()[quantity].units))


def _read_values(top: Section) -> dict[str, dict[str, str]]:
    if not top.has("values"):
        return {}
    found = {}
    for field, codes in top.named("values"):
        if field not in _CODED:
            raise ReadError(codes.where, codes.path, field, one_of(_CODED))
        found[field] = {code: codes.text(code) for code in codes.names()}
    return found


def _texts(top: Section, name: str) -> tuple[str, ...]:
    return top.texts(name) if top.has(name) else ()


def _read_zone(top: Section) -> ZoneInfo:
    try:
        return ZoneInfo(top.text("zone"))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise top.refuse("zone", "IANA 时区，如 Asia/Shanghai") from error


def _check(mapping: SensorMapping, where: Where) -> None:
    """Every value has a station, a time, a quantity and a unit, and no column is two things."""
    for field in ("station", "time"):
        if field not in mapping.columns:
            raise ReadError(where, f"columns.{field}", None, "列名的列表")
    for field in _CODED:
        said = all(getattr(one, field) is not None for one in mapping.measures)
        if said is (field in mapping.columns):
            raise ReadError(where, field, None, "要么整张表一个，要么 columns 里有一列，恰好一种")
    names = [*(name for names in mapping.columns.values() for name in names), *mapping.ignore]
    names += [name for one in mapping.measures for name in one.names]
    for name in names:
        if [plain_name(one) for one in names].count(plain_name(name)) > 1:
            raise ReadError(where, "columns", name, "只属于一个字段的列名")
