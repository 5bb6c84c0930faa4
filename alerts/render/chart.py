"""The rise as a small bar chart: counts over time from posts, and a PNG of them, written by hand."""

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from struct import pack

from alerts.wording import SHANGHAI

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
# Up to two days are shown by the hour, up to two months by the day.
_MOST_HOURS, _MOST_DAYS = 48, 60
_WIDTH, _HEIGHT, _FOOT = 600, 120, 2
_PAPER, _BAR, _LINE = 0, 1, 2


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


def draw_bars(counts: Sequence[int], colour: str) -> bytes:
    """A PNG (palette, 8 bit) of one bar a count; `colour` is `#rrggbb`. Equal input gives equal bytes.

    PNG, W3C recommendation: signature, IHDR, PLTE, IDAT and IEND, each chunk with its CRC.
    """
    rows = [_row(counts, _HEIGHT - _FOOT - 1 - at) for at in range(_HEIGHT - _FOOT)]
    rows += [bytes([_LINE]) * _WIDTH] * _FOOT
    palette = bytes([255, 255, 255]) + bytes.fromhex(colour.removeprefix("#")) + bytes([140, 149, 159])
    pixels = bytes(chain.from_iterable((0, *row) for row in rows))
    header = pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _row(counts: Sequence[int], height: int) -> bytes:
    """The pixels `height` above the foot."""
    highest = max(counts, default=0) or 1
    room = _HEIGHT - _FOOT - 6
    row = bytearray([_PAPER]) * _WIDTH
    for at, count in enumerate(counts):
        left, right = at * _WIDTH // len(counts), (at + 1) * _WIDTH // len(counts)
        gap = min(6, (right - left) // 4)
        if height < count * room / highest:
            row[left + gap : right - gap] = bytes([_BAR]) * (right - left - 2 * gap)
    return bytes(row)


def _floor(at: datetime, step: timedelta) -> datetime:
    whole = at.replace(minute=0, second=0, microsecond=0)
    return whole if step == _HOUR else whole.replace(hour=0)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))
