"""The report's charts: pure functions from figures to inline SVG, readable in print and on a phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from alerts.wording import LEVELS
from pipeline.demo.svg import (
    COLOURS,
    FAINT,
    HOTLINE,
    INK,
    NONE,
    WEB,
    Scale,
    colour_key,
    drawing,
    element,
    label,
    level_key,
    nice_top,
    y_axis,
)
from schemas.records import Level

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a time, drawn as a numbered dot of its level's colour."""

    at: datetime
    level: Level
    name: str
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time that the script names."""

    start: datetime
    end: datetime
    name: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """A place on the map with its number of posts and the highest level of its alerts (None for none)."""

    lng: float
    lat: float
    name: str
    count: int
    level: Level | None
    crisis: str = ""


def draw_volume(
    start: datetime,
    web: Sequence[int],
    hotline: Sequence[int],
    marks: Sequence[Mark],
    bands: Sequence[Band],
) -> Markup:
    """Posts a day by channel as stacked columns, the script's crises as bands, alerts as dots above."""
    width, height, left, top, bottom = 1120, 420, 46, 148, 362
    days = len(web)
    step = (width - left - 10) / days
    highest = nice_top(max(a + b for a, b in zip(web, hotline, strict=True)))

    def x_of(at: datetime) -> float:
        return left + (at - start) / _DAY * step

    def y_of(value: float) -> float:
        return bottom - (bottom - top) * value / highest

    parts = [*_bands(bands, x_of, top - 96, bottom), *y_axis(highest, y_of, left, width - 10, "条/天")]
    for day, (first, second) in enumerate(zip(web, hotline, strict=True)):
        x = left + day * step + step * 0.14
        for low, high, colour in ((0, second, HOTLINE), (second, first + second, WEB)):
            parts.append(
                element(
                    "rect", x=x, y=y_of(high), width=step * 0.72, height=y_of(low) - y_of(high), fill=colour
                )
            )
    parts += _day_labels(start, days, x_of, bottom)
    parts += _lanes(marks, x_of, top - 82)
    parts += [
        *colour_key(left, height - 14, ((WEB, "网上信息"), (HOTLINE, "12345 热线"))),
        *level_key(left + 240, height - 14),
    ]
    return drawing(width, height, parts, "每日信息量与预警时间线")


def _bands(bands: Sequence[Band], x_of: Scale, top: float, bottom: float) -> list[Markup]:
    parts = []
    last = -1.0
    for band in bands:
        x, end = x_of(band.start), x_of(band.end)
        # A name that would run into the one before goes one line up.
        raised = 17 if x < last else 0
        last = x + 13.5 * len(band.name)
        parts.append(
            element("rect", x=x, y=top, width=max(3.0, end - x), height=bottom - top, fill="#f3ece2")
        )
        parts.append(label(x, top - 8 - raised, band.name, 13, font_weight=600))
    return parts


def _day_labels(start: datetime, days: int, x_of: Scale, bottom: float) -> list[Markup]:
    parts = []
    for day in range(0, days, 7):
        at = start + day * _DAY
        x = x_of(at)
        parts.append(element("line", x1=x, x2=x, y1=bottom, y2=bottom + 6, stroke=FAINT))
        parts.append(label(x + 2, bottom + 20, f"{at.month}月{at.day}日（周一）", 12, fill=FAINT))
    return parts


def _lanes(marks: Sequence[Mark], x_of: Scale, top: float) -> list[Markup]:
    """The dots in one lane a level, red on top; hollow ones belong to no crisis."""
    parts = []
    for mark in sorted(marks, key=lambda mark: mark.level, reverse=True):
        y = top + (mark.level - 1) * 16
        fill = "#ffffff" if mark.hollow else COLOURS[mark.level]
        dot = element("circle", element("title", mark.name), cx=x_of(mark.at), cy=y, r=5.5, fill=fill,
                      stroke=COLOURS[mark.level], stroke_width=2)  # fmt: skip
        parts.append(dot)
    return parts


def draw_crisis(
    times: Sequence[datetime],
    marks: Sequence[Mark],
    begin: datetime,
    end: datetime,
    harm: datetime,
    harm_zh: str,
) -> Markup:
    """One crisis: its posts in columns of equal hours, the alert level as steps above, the harm as a line."""
    width, height, left, right, top, bottom = 760, 262, 60, 742, 112, 220
    hours = max(1, round((end - begin) / timedelta(hours=1) / 48))
    counts = _binned(times, begin, end, hours)
    highest = nice_top(max(counts))

    def x_of(at: datetime) -> float:
        return left + (right - left) * min(1.0, max(0.0, (at - begin) / (end - begin)))

    def y_of(value: float) -> float:
        return bottom - (bottom - top) * value / highest

    step = (right - left) / len(counts)
    parts = y_axis(highest, y_of, left, right, f"条/{hours} 小时")
    for number, count in enumerate(counts):
        parts.append(
            element("rect", x=left + number * step + 0.8, y=y_of(count), width=step - 1.6,
                    height=bottom - y_of(count), fill=WEB)
        )  # fmt: skip
    parts += [*_steps(marks, x_of, right), *_harm(x_of(harm), bottom, harm_zh, left, right)]
    parts += _hour_labels(begin, end, x_of, bottom)
    return drawing(width, height, parts, "事件信息量与预警级别")


def _binned(times: Sequence[datetime], begin: datetime, end: datetime, hours: int) -> list[int]:
    count = max(1, -(-(end - begin) // timedelta(hours=hours)))
    found = [0] * count
    for at in times:
        found[min(count - 1, max(0, (at - begin) // timedelta(hours=hours)))] += 1
    return found


def _steps(marks: Sequence[Mark], x_of: Scale, right: float) -> list[Markup]:
    """The level as a staircase: a bar from each mark to the next, higher for a higher level."""
    parts = []
    for number, mark in enumerate(marks):
        x, end = x_of(mark.at), x_of(marks[number + 1].at) if number + 1 < len(marks) else right
        y = 30 + (mark.level - 1) * 13
        size = {"x": x, "y": y, "width": max(2.0, end - x), "height": 11, "rx": 2}
        parts.append(element("rect", element("title", mark.name), **size, fill=COLOURS[mark.level]))
        if end - x > 60:
            parts.append(label(x + 6, y + 9.5, f"{LEVELS[mark.level]} {mark.at:%H:%M}", 10, fill="#ffffff"))
    for level, name in LEVELS.items():
        parts.append(label(50, 40 + (level - 1) * 13, name[0], 11, text_anchor="end", fill=COLOURS[level]))
    return parts


def _harm(x: float, bottom: float, name: str, left: float, right: float) -> list[Markup]:
    at_end = x > (left + right) / 2
    return [
        element("line", x1=x, x2=x, y1=18, y2=bottom, stroke=INK, stroke_width=1.6, stroke_dasharray="4 3"),
        label(x - 6 if at_end else x + 6, 18, f"▼ {name}", 13, font_weight=600,
              text_anchor="end" if at_end else "start"),
    ]  # fmt: skip


def _hour_labels(begin: datetime, end: datetime, x_of: Scale, bottom: float) -> list[Markup]:
    """A tick every midnight, or every second one of a long crisis, with the date."""
    days = 1 if end - begin <= timedelta(days=4) else 2
    at = begin.replace(hour=0, minute=0, second=0) + _DAY
    parts = []
    while at < end:
        x = x_of(at)
        parts.append(element("line", x1=x, x2=x, y1=bottom, y2=bottom + 6, stroke=FAINT))
        parts.append(
            label(x, bottom + 20, f"{at.month}月{at.day}日 0 时", 12, text_anchor="middle", fill=FAINT)
        )
        at += days * _DAY
    return parts


def draw_bars(rows: Sequence[tuple[str, int]], colour: str = WEB) -> Markup:
    """Counts as horizontal bars, each with its name and number."""
    width, left, line = 520, 150, 26
    highest = max((count for _, count in rows), default=1)
    parts = []
    for number, (name, count) in enumerate(rows):
        y = number * line
        length = (width - left - 60) * count / highest
        parts.append(label(left - 8, y + 18, name, 13, text_anchor="end"))
        parts.append(element("rect", x=left, y=y + 5, width=max(1.5, length), height=17, rx=2, fill=colour))
        parts.append(label(left + length + 6, y + 18, str(count), 12, fill=FAINT))
    return drawing(width, max(line, len(rows) * line) + 4, parts, "各类数量")


def draw_map(bubbles: Sequence[Bubble], districts: Sequence[Bubble]) -> Markup:
    """Streets as bubbles (area by posts), coloured by the highest alert; districts by name."""
    width, height, edge = 760, 600, 70
    every = [*bubbles, *districts]
    west, east = min(b.lng for b in every), max(b.lng for b in every)
    south, north = min(b.lat for b in every), max(b.lat for b in every)
    most = max(1, *(bubble.count for bubble in bubbles))

    def place(bubble: Bubble) -> tuple[float, float]:
        x = edge + (width - 2 * edge) * (bubble.lng - west) / (east - west)
        return x, height - edge - 40 - (height - 2 * edge - 30) * (bubble.lat - south) / (north - south)

    parts = [element("rect", x=0, y=0, width=width, height=height, fill="#f6f8fa", rx=6)]
    for district in districts:
        x, y = place(district)
        parts.append(label(x, y, district.name, 30, text_anchor="middle", fill="#dbe2e9", font_weight=700))
    for bubble in sorted(bubbles, key=lambda b: -b.count):
        parts += _bubble(bubble, *place(bubble), most)
    parts += _map_key(16, height - 12)
    return drawing(width, height, parts, "各街道信息量与最高预警级别")


def _bubble(bubble: Bubble, x: float, y: float, most: int) -> list[Markup]:
    radius = 7 + 27 * (bubble.count / most) ** 0.5
    colour = NONE if bubble.level is None else COLOURS[bubble.level]
    parts = [
        element("circle", _bubble_title(bubble), cx=x, cy=y, r=radius, fill=colour, fill_opacity=0.78,
                stroke="#ffffff", stroke_width=2),
        label(x, y + 4, str(bubble.count), 12, text_anchor="middle",
              fill=INK if bubble.level is None else "#ffffff", font_weight=600),
        label(x, y + radius + 14, bubble.name, 12, text_anchor="middle"),
    ]  # fmt: skip
    if bubble.crisis:
        parts.append(
            label(x, y + radius + 29, f"★ {bubble.crisis}", 12, text_anchor="middle", font_weight=600)
        )
    return parts


def _bubble_title(bubble: Bubble) -> Markup:
    """What a bubble says when pointed at."""
    level = "无预警" if bubble.level is None else f"最高{LEVELS[bubble.level]}"
    return element("title", f"{bubble.name}：{bubble.count} 条，{level}")


def _map_key(x: float, y: float) -> list[Markup]:
    entries = [*((COLOURS[level], name) for level, name in LEVELS.items()), (NONE, "无预警")]
    parts = []
    for number, (colour, name) in enumerate(entries):
        at = x + number * 66
        parts.append(element("circle", cx=at + 6, cy=y - 5, r=6, fill=colour))
        parts.append(label(at + 17, y, name, 12))
    parts.append(label(x + 340, y, "数字为信息条数，★ 为剧本事件所在街道", 12, fill=FAINT))
    return parts
