"""Short labels of digits and a few Chinese characters as pixels, from pen strokes: no font is needed."""

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from schemas.errors import ReadError
from schemas.reading import Section, read_yaml

Point = tuple[float, float]
Ink = npt.NDArray[np.float64]

_GRID = 24
_GAP = 2


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character on a grid 24 high: how wide it is, and its strokes as points joined by lines."""

    wide: float
    strokes: tuple[tuple[Point, ...], ...]


@cache
def _glyphs() -> dict[str, Glyph]:
    top = read_yaml(Path(__file__).with_name("strokes.yml"))
    return {name: _read_glyph(top.section(name)) for name in top.names()}


def _read_glyph(section: Section) -> Glyph:
    strokes = tuple(_read_stroke(section, stroke) for stroke in section.texts("strokes", least=1))
    glyph = Glyph(section.number("wide", 1, 2 * _GRID), strokes)
    section.close()
    return glyph


def _read_stroke(section: Section, stroke: str) -> tuple[Point, ...]:
    try:
        x_and_y = [[float(number) for number in point.split()] for point in stroke.split(",")]
        return tuple((x, y) for x, y in x_and_y)
    except ValueError as error:
        raise ReadError(section.where, section.key("strokes"), stroke, "一串“x y”，以逗号隔开") from error


@lru_cache(maxsize=256)
def draw_label(text: str, height: int) -> Ink:
    """The label as rows of ink, 0 none to 1 full, `height` pixels high.

    Raises KeyError for a character without strokes: only digits, 时, 日, 月 and 条 have any.
    """
    scale = height / _GRID
    glyphs = [_glyphs()[character] for character in text]
    width = sum(glyph.wide + _GAP for glyph in glyphs) * scale
    ink = np.zeros((height, int(width) + 1))
    left = 0.0
    for glyph in glyphs:
        for stroke in glyph.strokes:
            for start, end in pairwise(stroke):
                _draw_line(ink, _scaled(start, left, scale), _scaled(end, left, scale), scale)
        left += glyph.wide + _GAP
    return ink


def _scaled(point: Point, left: float, scale: float) -> Point:
    return (left + point[0]) * scale, point[1] * scale


def _draw_line(ink: Ink, start: Point, end: Point, scale: float) -> None:
    """Ink every pixel by its distance from the line; a pen a twelfth as wide as the character is high."""
    rows, columns = np.indices(ink.shape)
    x, y = columns + 0.5 - start[0], rows + 0.5 - start[1]
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    length = along_x**2 + along_y**2
    share = np.clip((x * along_x + y * along_y) / length, 0, 1) if length else np.zeros(ink.shape)
    away = np.hypot(x - share * along_x, y - share * along_y)
    np.maximum(ink, np.clip(scale * _GRID / 24 + 0.5 - away, 0, 1), out=ink)
