"""The rise as a small bar chart: counts over time from posts, and a PNG of them that needs no font."""

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from struct import pack

import numpy as np
import numpy.typing as npt

from alerts.render.strokes import draw_label
from alerts.wording import SHANGHAI

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
# Up to two days are shown by the hour, up to two months by the day.
_MOST_HOURS, _MOST_DAYS = 48, 60
_WIDTH, _HEIGHT, _HEAD, _FOOT = 600, 200, 34, 34
_LABEL = 20
_PAPER, _BAR, _LINE, _INK = 0, 1, 2, 3
_SHADES = 16
_GREY = 140, 149, 159
# So many bars leave room for a number above each.
_NUMBERED = 12

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Rise:
    """Posts per hour or per day up to the warning; `counts` from `start` on, one a `step`."""

    start: datetime
    step: timedelta
    counts: tuple[int, ...]

    @property
    def unit_zh(self) -> str:
        """`小时` or `天`."""
        return "小时" if self.step == _HOUR else "天"

    def tick(self, at: int) -> str:
        """What stands below a bar: `9日05时` by the hour, `7月9日` by the day."""
        time = self.start + at * self.step
        return f"{time.day}日{time:%H}时" if self.step == _HOUR else f"{time.month}月{time.day}日"

    def lines(self, most: int = 6) -> str:
        """The latest bars that are not empty, in words: `7月9日 05 时 3 条，06 时 5 条`."""
        told = [(self.start + at * self.step, count) for at, count in enumerate(self.counts) if count]
        words, day = list[str](), ""
        for at, count in told[-most:]:
            before, day = day, f"{at.month}月{at.day}日"
            hour = f"{at:%H} 时" if self.step == _HOUR else ""
            when = " ".join(part for part in ("" if day == before else day, hour) if part)
            words.append(f"{when} {count} 条")
        return "，".join(words)


def count_rise(times: Sequence[datetime], until: datetime) -> Rise | None:
    """The posts by the hour where they lie within two days, else by the day; None for fewer than two."""
    if len(times) < 2:
        return None
    local = sorted(min(at, until).astimezone(SHANGHAI) for at in times)
    step = _HOUR if local[-1] - local[0] <= _MOST_HOURS * _HOUR else _DAY
    most = _MOST_HOURS if step == _HOUR else _MOST_DAYS
    end = _floor(local[-1], step)
    start = max(_floor(local[0], step), end - (most - 1) * step)
    bins = Counter((_floor(at, step) - start) // step for at in local)
    return Rise(start, step, tuple(bins[at] for at in range((end - start) // step + 1)))


def draw_rise(rise: Rise, colour: str) -> bytes:
    """A PNG (palette, 8 bit, 600 x 200) of one bar a step with its numbers and times; `colour` is `#rrggbb`.

    Every label is drawn from strokes, so that no machine shows boxes. Equal input gives equal bytes.
    """
    pixels = np.full((_HEIGHT, _WIDTH), _PAPER, np.uint8)
    foot = _HEIGHT - _FOOT
    pixels[foot : foot + 2] = _LINE
    spans = [_span(at, len(rise.counts)) for at in range(len(rise.counts))]
    tops = [foot - _bar_height(count, rise.counts) for count in rise.counts]
    for (left, right), top in zip(spans, tops, strict=True):
        pixels[top:foot, left:right] = _BAR
    for at in _numbered(rise.counts):
        unit = "条" if len(rise.counts) > _NUMBERED else ""
        _write(pixels, f"{rise.counts[at]}{unit}", sum(spans[at]) // 2, tops[at] - _LABEL - 3)
    taken = 0
    for at in sorted({0, (len(spans) - 1) // 2, len(spans) - 1}):
        taken = _write_tick(pixels, rise.tick(at), sum(spans[at]) // 2, taken, last=at == len(spans) - 1)
    return _encode(pixels, colour)


def _span(at: int, count: int) -> tuple[int, int]:
    """The columns of a bar: at most 60 wide, with a gap at either side."""
    left, right = at * _WIDTH // count, (at + 1) * _WIDTH // count
    gap = max(min(6, (right - left) // 4), (right - left - 60) // 2)
    return left + gap, right - gap


def _bar_height(count: int, counts: Sequence[int]) -> int:
    """A bar is as high as its count; what is not nothing is seen."""
    room = _HEIGHT - _HEAD - _FOOT
    return max(round(room * count / (max(counts) or 1)), 2 if count else 0)


def _numbered(counts: Sequence[int]) -> list[int]:
    """The bars with a number above: all of a few, else the highest and the latest where both have room."""
    if len(counts) <= _NUMBERED:
        return [at for at, count in enumerate(counts) if count]
    peak, last = counts.index(max(counts)), max(at for at, count in enumerate(counts) if count)
    room = 4 * _LABEL * len(counts) // _WIDTH + 1
    hidden = any(count > counts[last] for count in counts[max(last - room, 0) : last])
    return [peak] if last - peak < room or hidden else [peak, last]


def _write_tick(pixels: Pixels, text: str, middle: int, taken: int, *, last: bool) -> int:
    """Write a time below its bar where it does not run into others; returns how far the foot is taken.

    The last one has to find its room, so the one before must leave it.
    """
    width = len(draw_label(text, _LABEL)[0])
    left = min(max(middle - width // 2, 0), _WIDTH - width)
    if left < taken or (not last and left + 2 * width + _LABEL > _WIDTH):
        return taken
    _write(pixels, text, left + width // 2, _HEIGHT - _LABEL - 4)
    return left + width + _LABEL


def _write(pixels: Pixels, text: str, middle: int, top: int) -> None:
    """Write a label around a column, moved inwards at the edges."""
    ink = draw_label(text, _LABEL)
    height, width = ink.shape
    left = min(max(middle - width // 2, 0), _WIDTH - width)
    shades = np.round(ink * _SHADES).astype(np.uint8)
    part = pixels[top : top + height, left : left + width]
    part[shades > 0] = _INK - 1 + shades[shades > 0]


def _encode(pixels: Pixels, colour: str) -> bytes:
    """The PNG of palette pixels. W3C recommendation: signature, IHDR, PLTE, IDAT, IEND, each with its CRC."""
    inks = [255 - round((255 - 31) * shade / _SHADES) for shade in range(1, _SHADES + 1)]
    palette = bytes([255, 255, 255]) + bytes.fromhex(colour.removeprefix("#")) + bytes(_GREY)
    palette += b"".join(bytes([ink, ink, ink]) for ink in inks)
    rows = b"".join(b"\x00" + row.tobytes() for row in pixels)
    header = pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _floor(at: datetime, step: timedelta) -> datetime:
    whole = at.replace(minute=0, second=0, microsecond=0)
    return whole if step == _HOUR else whole.replace(hour=0)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))
