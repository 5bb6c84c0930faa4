"""The pieces every chart is made of: SVG elements, labels, axes and keys."""

from collections.abc import Callable, Iterable
from datetime import datetime

from markupsafe import Markup, escape

from alerts.wording import LEVELS
from schemas.records import Level

COLOURS = {Level.RED: "#c62828", Level.ORANGE: "#e8710a", Level.YELLOW: "#d8a800", Level.BLUE: "#1a66c2"}
INK, FAINT, GRID = "#1f2933", "#66717d", "#dfe4ea"
WEB, HOTLINE, NONE = "#7fa7c9", "#c3a37c", "#b8c4d0"

Scale = Callable[[datetime], float]
Line = Callable[[float], float]


def element(name: str, text: object = "", **attributes: object) -> Markup:
    """One SVG element; underscores of attributes become hyphens."""
    written = Markup("").join(
        Markup(' {}="{}"').format(key.replace("_", "-"), _plain(value)) for key, value in attributes.items()
    )
    return Markup("<{0}{1}>{2}</{0}>").format(name, written, text)


def _plain(value: object) -> object:
    return f"{value:.1f}" if isinstance(value, float) else value


def label(x: float, y: float, text: str, size: int = 13, **attributes: object) -> Markup:
    """A text of the chart."""
    return element("text", text, x=x, y=y, font_size=size, **{"fill": INK, **attributes})


def drawing(width: int, height: int, parts: Iterable[Markup], name: str) -> Markup:
    """The whole chart; it scales with its box. `name` is read out to those who cannot see it."""
    inside = Markup("").join((element("title", name), *parts))
    return element(
        "svg", inside, viewBox=f"0 0 {width} {height}", role="img", xmlns="http://www.w3.org/2000/svg"
    )


def nice_top(value: float) -> int:
    """The least round number that holds the value: 4, 8, 12 ... 32, 40, 80, 120 ... 320, 400 ..."""
    step = 1
    while True:
        for top in (4, 8, 12, 16, 20, 24, 28, 32):
            if top * step >= value:
                return top * step
        step *= 10


def y_axis(highest: int, y_of: Line, left: float, right: float, unit: str) -> list[Markup]:
    """Lines across the chart at quarters of the highest value, the unit above."""
    parts = []
    for part in range(5):
        value = highest * part // 4
        y = y_of(value)
        parts.append(element("line", x1=left, x2=right, y1=y, y2=y, stroke=GRID, stroke_width=1))
        parts.append(label(left - 6, y + 4, str(value), 12, text_anchor="end", fill=FAINT))
    parts.append(label(left - 6, y_of(highest) - 9, unit, 11, text_anchor="end", fill=FAINT))
    return parts


def colour_key(x: float, y: float, entries: Iterable[tuple[str, str]]) -> list[Markup]:
    """Coloured squares and what they stand for."""
    parts = []
    for number, (colour, name) in enumerate(entries):
        at = x + number * 112
        parts.append(element("rect", x=at, y=y - 11, width=13, height=13, fill=colour))
        parts.append(label(at + 18, y, name, 13))
    return parts


def level_key(x: float, y: float) -> list[Markup]:
    """The dots of the levels; a hollow one belongs to no crisis."""
    parts = []
    for number, (level, name) in enumerate(LEVELS.items()):
        at = x + number * 70
        parts.append(element("circle", cx=at, cy=y - 5, r=5.5, fill=COLOURS[level]))
        parts.append(label(at + 11, y, name, 13))
    parts.append(element("circle", cx=x + 300, cy=y - 5, r=5.5, fill="#ffffff", stroke=FAINT, stroke_width=2))
    parts.append(label(x + 311, y, "空心：不属于五起剧本事件", 13))
    return parts


def badge(level: Level) -> Markup:
    """A level in words on its colour."""
    return Markup('<span class="level l{}">{}</span>').format(int(level), escape(LEVELS[level]))
