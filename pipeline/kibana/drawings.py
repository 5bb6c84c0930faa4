"""A panel's answer as HTML or SVG, one function for each kind of chart."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil, sqrt

from markupsafe import Markup

from pipeline.demo.svg import FAINT, GRID, INK, drawing, element, label
from pipeline.kibana.answers import Answer, Cell

_COLOURS = ("#6092c0", "#d36086", "#54b399", "#b9a888", "#9170b8", "#ca8eae", "#d6bf57", "#da8b45", "#aa6556")
_LEVELS = {"红": "#d32f2f", "橙": "#ef6c00", "黄": "#f9a825", "蓝": "#1565c0"}
_NAMED = 6
# How wide a moment is, in pixels.
_TICK = 56
# The number of a post, event or alert: its beginning tells them apart well enough here.
_ID = re.compile(r"\b[0-9a-f]{24}\b")
_DAY = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
Series = Mapping[str, list[float]]


def draw_answer(answer: Answer, width: int, height: int) -> Markup:
    """The answer in a box of so many pixels. Raises KeyError for a chart that none of our panels is."""
    kind = answer.panel.chart if answer.panel.type == "lens" else answer.panel.type
    return _DRAW[kind](answer, width, height)


def _draw_metric(answer: Answer, _width: int, _height: int) -> Markup:
    [row] = answer.rows
    [(name, value), *rest] = row.items()
    more = Markup("").join(Markup('<div class="small">{} {}</div>').format(*pair) for pair in rest)
    shown = Markup('<div class="big">{}</div><div class="small">{}</div>').format(_number(value), name)
    return shown + more


def _draw_table(answer: Answer, _width: int, height: int) -> Markup:
    shown = answer.rows[: max(1, height // 20 - 1)]
    head = Markup("").join(_head(name, answer) for name in answer.rows[0])
    lines = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(_cell(value) for value in row.values())) for row in shown
    )
    return Markup("<table><tr>{}</tr>{}</table>").format(head, lines)


def _head(name: str, answer: Answer) -> Markup:
    kind = Markup(' class="n"') if any(_is_number(row[name]) for row in answer.rows) else ""
    return Markup("<th{}>{}</th>").format(kind, name)


def _cell(value: Cell) -> Markup:
    if isinstance(value, bool):
        return Markup("<td>{}</td>").format("是" if value else "否")
    if isinstance(value, int | float):
        return Markup('<td class="n">{}</td>').format(_number(value))
    shown = "" if value is None else _ID.sub(lambda found: f"{found[0][:8]}…", value[:60])
    return Markup("<td>{}</td>").format(shown)


def _is_number(value: Cell) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def cut_text(text: str, columns: int) -> str:
    """The beginning of a text that fits into so many columns, of which a Chinese character takes two."""
    while sum(1 + (ord(one) > 0x2E7F) for one in text) > columns:
        text = text[:-1]
    return text


def _number(value: Cell) -> str:
    if value is None:
        return "—"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"


def _pairs(answer: Answer) -> list[tuple[str, float]]:
    """Rows of one name and one number."""
    return [(str(name), float(value or 0)) for name, value in (row.values() for row in answer.rows)]


def _draw_cloud(answer: Answer, _width: int, _height: int) -> Markup:
    pairs = _pairs(answer)
    most = max(value for _, value in pairs)
    words = Markup("").join(
        Markup('<span style="font-size:{:.0f}px;color:{}">{}</span>').format(
            11 + 15 * sqrt(value / most), _colour(at, word), word
        )
        for at, (word, value) in enumerate(pairs)
    )
    return Markup('<div class="cloud">{}</div>').format(words)


def _draw_shares(answer: Answer, width: int, height: int) -> Markup:
    """A pie as bars of shares: easier to read at this size."""
    pairs = _pairs(answer)
    whole = sum(value for _, value in pairs) or 1.0
    line = min(24.0, (height - 4) / len(pairs))
    parts: list[Markup] = []
    for at, (name, value) in enumerate(pairs):
        y, wide = at * line, value / whole * (width - 160)
        parts.append(element("rect", x=96, y=y + 3, width=wide, height=line - 6, fill=_colour(at, name)))
        parts.append(label(90, y + line - 7, cut_text(name, 14), 12, text_anchor="end"))
        parts.append(label(102 + wide, y + line - 7, f"{value / whole:.0%}", 11, fill=FAINT))
    return drawing(width, height, parts, answer.panel.title)


def _draw_xy(answer: Answer, width: int, height: int) -> Markup:
    """Stacked bars, or lines where the panel draws lines; the second bucket column gives the colours."""
    layer = (answer.panel.visualization or {})["layers"][0]
    draw = _lines if layer["seriesType"] == "line" else _bars
    ticks, series = _series(answer)
    columns = list(zip(*series.values(), strict=True))
    top = max([1.0, *(max(column) if draw is _lines else sum(column) for column in columns)])
    left, low = 44.0, height - 40.0
    step = (width - left - 4) / len(ticks)
    parts = [
        element("line", x1=left, x2=width, y1=low, y2=low, stroke=GRID),
        label(left - 6, 12, _number(top), 11, text_anchor="end", fill=FAINT),
        *draw(series, left, step, low, top),
        *_ticks(ticks, left, step, low + 14, 78),
        *_key(list(series)[:_NAMED], left, (width - left) / min(_NAMED, len(series)), height - 5),
    ]
    return drawing(width, height, parts, answer.panel.title)


def _series(answer: Answer) -> tuple[list[str], Series]:
    """The ticks of the horizontal axis, and for each colour its value at every tick."""
    columns = list((answer.panel.columns or {}).values())
    [across] = (one["label"] for one in columns if one["isBucketed"] and _is_across(answer, one))
    colours = [one["label"] for one in columns if one["isBucketed"] and not _is_across(answer, one)]
    metrics = [one["label"] for one in columns if not one["isBucketed"]]
    ticks = list(dict.fromkeys(str(row[across]) for row in answer.rows))
    if all(map(_DAY.match, ticks)):
        ticks = _every_moment(ticks)
    place = {tick: at for at, tick in enumerate(ticks)}
    series: dict[str, list[float]] = {}
    for row in answer.rows:
        for metric in metrics:
            name = str(row[colours[0]]) if colours else metric
            values = series.setdefault(name, [0.0] * len(ticks))
            values[place[str(row[across])]] += float(row[metric] or 0)
    return ticks, series


def _every_moment(ticks: Iterable[str]) -> list[str]:
    """The moments in order, with those between them at which there was nothing."""
    moments = sorted(map(datetime.fromisoformat, ticks))
    width = min((later - earlier for earlier, later in pairwise(moments)), default=timedelta(days=1))
    bars = (moments[-1] - moments[0]) // width + 1
    return [(moments[0] + bar * width).isoformat(" ", "minutes") for bar in range(bars)]


def _is_across(answer: Answer, column: Mapping[str, object]) -> bool:
    """Whether a bucket column is the horizontal axis; the other one gives the colours."""
    layer = (answer.panel.visualization or {})["layers"][0]
    return (answer.panel.columns or {})[layer["xAccessor"]] == column


def _bars(series: Series, left: float, step: float, low: float, top: float) -> Iterator[Markup]:
    grown: dict[int, float] = {}
    for number, (name, values) in enumerate(series.items()):
        for at, value in enumerate(values):
            tall = value / top * (low - 16)
            grown[at] = grown.get(at, 0.0) + tall
            box = {"x": left + at * step, "y": low - grown[at], "width": max(1.0, step - 1), "height": tall}
            yield element("rect", **box, fill=_colour(number, name))


def _lines(series: Series, left: float, step: float, low: float, top: float) -> Iterator[Markup]:
    for number, (name, values) in enumerate(series.items()):
        points = " ".join(
            f"{left + (at + 0.5) * step:.1f},{low - value / top * (low - 16):.1f}"
            for at, value in enumerate(values)
        )
        yield element("polyline", points=points, fill="none", stroke=_colour(number, name), stroke_width=2)


def _ticks(ticks: list[str], left: float, step: float, y: float, apart: int) -> Iterator[Markup]:
    """As many of the moments as have room, so many pixels apart, by month, day and hour; every name, of
    a place the last one, cut to the room it has."""
    end = left + step * len(ticks)
    if not all(map(_DAY.match, ticks)):
        apart = max(1, ceil(34 / step)) * round(step)
        ticks = [tick.rpartition("/")[2][: int((apart - 4) / 10)] for tick in ticks]
    for at in range(0, len(ticks), max(1, round(apart / step))):
        if left + at * step + _TICK <= end or len(ticks[at]) < len("06-22 00:00"):
            yield label(left + at * step, y, ticks[at][-11:], 10, fill=FAINT)


def _key(names: list[str], left: float, space: float, y: float) -> Iterator[Markup]:
    for at, name in enumerate(names):
        yield element("rect", x=left + at * space, y=y - 9, width=9, height=9, fill=_colour(at, name))
        yield label(left + at * space + 12, y, name[:12], 10, fill=INK)


def _colour(number: int, name: str) -> str:
    return _LEVELS.get(name, _COLOURS[number % len(_COLOURS)])


def _draw_heatmap(answer: Answer, width: int, height: int) -> Markup:
    shown, columns = answer.panel.visualization or {}, answer.panel.columns or {}
    names = (columns[shown[axis]]["label"] for axis in ("xAccessor", "yAccessor", "valueAccessor"))
    cells = [(str(x), str(y), float(value or 0)) for x, y, value in _pick(answer, *names)]
    across = list(dict.fromkeys(cell[0] for cell in cells))
    down = list(dict.fromkeys(cell[1] for cell in cells))
    wide, tall = (width - 110) / len(across), (height - 20) / len(down)
    most = max(cell[2] for cell in cells) or 1.0
    parts = [
        element(
            "rect", x=110 + across.index(x) * wide, y=down.index(y) * tall,
            width=max(1.0, wide - 1), height=max(1.0, tall - 1),
            fill="#54b399", fill_opacity=f"{0.06 + 0.94 * sqrt(value / most):.2f}",
        )
        for x, y, value in cells
    ]  # fmt: skip
    parts += [
        label(104, (at + 0.7) * tall, cut_text(y, 18), 11, text_anchor="end") for at, y in enumerate(down)
    ]
    parts += _ticks(across, 110, wide, height - 5, 70)
    return drawing(width, height, parts, answer.panel.title)


def _pick(answer: Answer, *names: str) -> Iterable[tuple[Cell, ...]]:
    return (tuple(row[name] for name in names) for row in answer.rows)


def _draw_map(answer: Answer, width: int, height: int) -> Markup:
    """Grid cells at their places, the largest circle where most is; no base map."""
    cells = [(*map(int, key.split("/")[1:]), count) for key, count in _pairs(answer)]
    xs, ys = [cell[0] for cell in cells], [cell[1] for cell in cells]
    most = max(cell[2] for cell in cells)
    span = max(max(xs) - min(xs), max(ys) - min(ys), 1)
    side = min(width, height) - 60
    parts: list[Markup] = []
    for x, y, count in cells:
        at_x, at_y = (width - side) / 2 + (x - min(xs)) / span * side, 24 + (y - min(ys)) / span * side
        radius = 6 + 16 * sqrt(count / most)
        parts.append(element("circle", cx=at_x, cy=at_y, r=radius, fill="#e7664c", fill_opacity="0.65"))
        parts.append(label(at_x, at_y + 4, _number(count), 11, text_anchor="middle"))
    return drawing(width, height, parts, answer.panel.title)


_DRAW: dict[str, Callable[[Answer, int, int], Markup]] = {
    "lnsMetric": _draw_metric,
    "lnsDatatable": _draw_table,
    "lnsTagcloud": _draw_cloud,
    "lnsXY": _draw_xy,
    "lnsPie": _draw_shares,
    "lnsHeatmap": _draw_heatmap,
    "search": _draw_table,
    "map": _draw_map,
}
