"""Draws the icons of the demo links: white lines on a coloured background.

It writes PNG with the standard library only, so that the demo needs no binary files.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

SIDE = 64
_UNIT = SIDE / 24
_STROKE = 1.9

Point = tuple[float, float]
Line = Sequence[Point]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Sketch:
    """Strokes on a grid of 24, white on a gradient from `top` to `bottom`, square or round.

    Commas separate the strokes. A stroke is the x and y of each point, or the x, y and radius of a
    circle. Without `bottom` there is no background, and the strokes have the colour `top`.
    """

    strokes: str
    top: Colour
    bottom: Colour | None = None
    is_round: bool = False


def _lines(strokes: str) -> list[Line]:
    """Return the points of each stroke."""
    numbers = [[float(number) for number in stroke.split()] for stroke in strokes.split(",")]
    return [
        _circle(*each) if len(each) == 3 else list(zip(each[::2], each[1::2], strict=True))
        for each in numbers
    ]


def _circle(x: float, y: float, radius: float) -> Line:
    """Return a circle as a polygon."""
    steps = [2 * math.pi * step / 20 for step in range(21)]
    return [(x + radius * math.cos(each), y + radius * math.sin(each)) for each in steps]


@lru_cache(maxsize=64)
def picture_of(sketch: Sketch) -> str:
    """Return the sketch as a PNG in a data URI."""
    distances = _distances(_lines(sketch.strokes))
    rows = []
    for y in range(SIDE):
        pixels = (
            _pixel(sketch, distances[y][x], (x + 0.5) / _UNIT, (y + 0.5) / _UNIT)
            for x in range(SIDE)
        )
        rows.append(b"\0" + b"".join(bytes(pixel) for pixel in pixels))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 6, 0, 0, 0)
    chunks = (
        _chunk(b"IHDR", header),
        _chunk(b"IDAT", zlib.compress(b"".join(rows), 9)),
        _chunk(b"IEND", b""),
    )
    png = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def _distances(lines: Sequence[Line]) -> list[list[float]]:
    """Return the distance of each pixel's centre to the nearest line, infinite if that is far."""
    distances = [[math.inf] * SIDE for _ in range(SIDE)]
    for start, end in (segment for line in lines for segment in pairwise(line)):
        columns, rows = (_near(start[axis], end[axis]) for axis in (0, 1))
        for y in rows:
            for x in columns:
                centre = (x + 0.5) / _UNIT, (y + 0.5) / _UNIT
                distances[y][x] = min(distances[y][x], _distance(centre, start, end))
    return distances


def _near(start: float, end: float) -> range:
    """Return the pixels of one axis to which a stroke between two places can reach."""
    reach = _STROKE / 2 + 1 / _UNIT
    first = math.floor((min(start, end) - reach) * _UNIT)
    last = math.ceil((max(start, end) + reach) * _UNIT)
    return range(max(0, first), min(SIDE, last + 1))


def _pixel(sketch: Sketch, distance: float, x: float, y: float) -> tuple[int, int, int, int]:
    mark = _cover(_STROKE / 2 - distance)
    if sketch.bottom is None:
        return (*sketch.top, round(255 * mark))
    mixed = [top + (low - top) * y / 24 for top, low in zip(sketch.top, sketch.bottom, strict=True)]
    red, green, blue = (round(each + (255 - each) * mark) for each in mixed)
    inside = _round_depth(x, y) if sketch.is_round else _square_depth(x, y)
    return red, green, blue, round(255 * _cover(inside))


def _cover(depth: float) -> float:
    """Return the covered share of a pixel whose centre is `depth` inside a shape."""
    return max(0.0, min(1.0, 0.5 + depth * _UNIT))


def _round_depth(x: float, y: float) -> float:
    return 12 - math.hypot(x - 12, y - 12)


def _square_depth(x: float, y: float, corner: float = 5.0) -> float:
    across = max(0.0, abs(x - 12) - (12 - corner))
    down = max(0.0, abs(y - 12) - (12 - corner))
    return corner - math.hypot(across, down)


def _distance(point: Point, start: Point, end: Point) -> float:
    """Return the distance of a point to a line segment."""
    along = (end[0] - start[0], end[1] - start[1])
    length = along[0] ** 2 + along[1] ** 2
    offset = (point[0] - start[0]) * along[0] + (point[1] - start[1]) * along[1]
    share = max(0.0, min(1.0, offset / length)) if length else 0.0
    nearest = (start[0] + share * along[0], start[1] + share * along[1])
    return math.dist(point, nearest)


_BLUE, _DEEP = (62, 134, 204), (34, 86, 158)
_VIOLET, _PLUM = (128, 104, 204), (98, 72, 160)
_GREEN, _MOSS = (44, 140, 106), (28, 104, 80)
_RED, _RUST = (214, 92, 70), (168, 56, 40)
_AMBER, _OCHRE = (214, 154, 28), (184, 120, 16)
_SLATE, _NIGHT = (52, 66, 78), (28, 38, 48)

LOGO = Sketch(
    "5 10.5 8.5 8.5 12 10.5 15.5 12.5 19 10.5, 5 15 8.5 13 12 15 15.5 17 19 15",
    (32, 92, 142),
    (24, 70, 116),
    is_round=True,
)
_RECTANGLE = "6 7.5 18 7.5 18 16.5 6 16.5 6 7.5"
SKETCHES: dict[str, Sketch] = {
    "Mail and calendar": Sketch(f"{_RECTANGLE}, 6 8 12 13 18 8", _BLUE, _DEEP),
    "Chat": Sketch("8.5 17.5 6.5 18 7 15.5, 12 12 5.5", _VIOLET, _PLUM, is_round=True),
    "Documents": Sketch(
        "9 4 15 4 20 9 20 17 9 17 9 4, 15 4 15 9 20 9, 9 8 4.5 8 4.5 20.5 14 20.5 14 17", _AMBER
    ),
    "Service desk": Sketch(
        "12 12 6, 12 12 2.4, 7.8 7.8 10.3 10.3, 16.2 7.8 13.7 10.3, "
        "7.8 16.2 10.3 13.7, 16.2 16.2 13.7 13.7",
        _RED,
        _RUST,
    ),
    "Password vault": Sketch(
        "7.5 11 16.5 11 16.5 17.5 7.5 17.5 7.5 11, "
        "9.5 11 9.5 8.5 12 6.3 14.5 8.5 14.5 11, 12 13.6 12 15",
        _SLATE,
        _NIGHT,
    ),
    "Directory": Sketch(
        "6 4 19 4 19 20 6 20 6 4, 12.5 10 2.2, 8.8 16 10.5 14 14.5 14 16.2 16, "
        "4 8 7 8, 4 12 7 12, 4 16 7 16",
        _GREEN,
    ),
    "Payslips": Sketch(
        "8 6 16 6 16 18 14 17 12 18 10 17 8 18 8 6, 10.5 9.5 13.5 9.5, 10.5 12.5 13.5 12.5",
        _GREEN,
        _MOSS,
    ),
    "Leave and absence": Sketch(
        "6 12 8 8.5 12 7 16 8.5 18 12 6 12, 12 12 13.5 17.5, 6 17.5 18 17.5",
        _AMBER,
        _OCHRE,
        is_round=True,
    ),
    "Training academy": Sketch(
        "2.5 9.5 12 5.5 21.5 9.5 12 13.5 2.5 9.5, "
        "6.5 11.5 6.5 16.5 12 18.8 17.5 16.5 17.5 11.5, 21.5 9.5 21.5 15",
        _RUST,
    ),
    "Control room wall": Sketch("5.5 12 8.5 12 10.5 7.5 13.5 16.5 15.5 12 18.5 12", _SLATE, _NIGHT),
    "Outage map": Sketch(
        "3 6 9 4 15 6.5 21 4.5 21 17.5 15 19.5 9 17 3 19 3 6, 9 4 9 17, 15 6.5 15 19.5", _RED
    ),
    "Work orders": Sketch(
        "7.5 7.5 16.5 7.5 16.5 18 7.5 18 7.5 7.5, 10 6 14 6, 10 11 14 11, 10 14 14 14",
        (70, 120, 176),
        (46, 86, 140),
    ),
    "Laboratory samples": Sketch(
        "10 6 14 6, 10.8 6 10.8 10.5 7.5 17.5 16.5 17.5 13.2 10.5 13.2 6, 9 14.5 15 14.5",
        _VIOLET,
        (86, 58, 140),
    ),
    "Fleet": Sketch(
        "6 8 13 8 13 15 6 15 6 8, 13 10.5 16.5 10.5 18 13 18 15 13 15, 9 16 1.3, 15.5 16 1.3",
        (96, 108, 118),
        (66, 78, 88),
        is_round=True,
    ),
    "Container registry": Sketch(
        "12 6 17.5 9 17.5 15 12 18 6.5 15 6.5 9 12 6, 6.5 9 12 12 17.5 9, 12 12 12 18",
        (46, 134, 184),
        (26, 96, 146),
    ),
    "Drawings archive": Sketch(
        "4.5 16 16 4.5 19.5 8 8 19.5 4.5 16, 8 12.5 10 14.5, 11 9.5 13 11.5", (156, 98, 42)
    ),
    "Reports": Sketch("7.5 17 7.5 12.5, 12 17 12 7, 16.5 17 16.5 10", _AMBER, _OCHRE),
    "Customer billing": Sketch(f"{_RECTANGLE}, 6 11 18 11, 8.5 14 8.5 14", _SLATE, _NIGHT),
}
DARK = {"Password vault", "Control room wall", "Customer billing"}
"""The icons that need a light background in dark mode."""
