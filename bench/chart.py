"""Draws the chart of the ratios as SVG, for light and for dark pages.

The rows of both panels are the kinds of request. The left panel shows the share of the limit, the
right one the multiple of the reference, on a logarithmic scale. A line across a bar is its target.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log10
from pathlib import Path
from xml.sax.saxutils import escape

from bench.report import DATABASES, number
from bench.results import Ratio, Row

WIDTH, LABELS, GAP, RIGHT = 980, 190, 70, 56
PANEL = (WIDTH - LABELS - GAP - RIGHT - 24) / 2
TOP, ROW, BAR, BOTTOM = 104, 42, 13, 46
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"


@dataclass(frozen=True)
class Palette:
    """The colours of one theme."""

    paper: str
    ink: str
    faint: str
    grid: str
    bars: dict[str, str]


LIGHT = Palette(
    "#ffffff", "#1f2328", "#59636e", "#dfe3e8", {"sqlite": "#2563c9", "postgresql": "#0f9488"}
)
DARK = Palette(
    "#0d1117", "#e6edf3", "#9198a1", "#2c333b", {"sqlite": "#6ea8fe", "postgresql": "#4fd1c5"}
)


@dataclass(frozen=True)
class Panel:
    """One of the two scales."""

    title: str
    against: str
    left: float
    scale: Callable[[float], float]
    ticks: list[float]

    def x(self, value: float) -> float:
        return self.left + PANEL * min(1.0, max(0.0, self.scale(value)))


def _panels(rows: list[Row]) -> tuple[Panel, Panel]:
    times = [row.ratios["reference"].value for row in rows if "reference" in row.ratios]
    decades = max(1, ceil(log10(max([*times, 10.0]))))
    limit = Panel(
        "Share of the limit",
        "limit",
        LABELS,
        lambda value: value,
        [0, 0.25, 0.5, 0.75, 1],
    )
    reference = Panel(
        "Times as fast as the reference (logarithmic)",
        "reference",
        LABELS + PANEL + GAP,
        lambda value: log10(max(value, 1.0)) / decades,
        [10.0**power for power in range(decades + 1)],
    )
    return limit, reference


def _text(
    x: float, y: float, words: str, colour: str, *, size: int = 13, anchor: str = "start"
) -> str:
    position = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"'
    return f'<text {position} fill="{colour}">{escape(words)}</text>'


def _line(x: float, top: float, bottom: float, colour: str, width: float = 1) -> str:
    position = f'x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"'
    return f'<line {position} stroke="{colour}" stroke-width="{width}"/>'


def _scale(panel: Panel, height: float, palette: Palette) -> list[str]:
    bottom = height - BOTTOM
    parts = [_text(panel.left, TOP - 16, panel.title, palette.ink, size=14)]
    for tick in panel.ticks:
        x = panel.x(tick)
        parts.append(_line(x, TOP - 4, bottom, palette.grid))
        label = f"{tick:g}" if panel.against == "limit" else f"{tick:,.0f}\N{MULTIPLICATION SIGN}"
        parts.append(_text(x, bottom + 18, label, palette.faint, size=12, anchor="middle"))
    return parts


def _bar(panel: Panel, ratio: Ratio, y: float, colour: str, palette: Palette) -> list[str]:
    start, end = panel.x(0 if panel.against == "limit" else 1), panel.x(ratio.value)
    width = max(1.5, end - start)
    shape = f'x="{start:.1f}" y="{y:.1f}" width="{width:.1f}" height="{BAR}" rx="2"'
    parts = [f'<rect {shape} fill="{colour}"/>']
    if ratio.target is not None:
        parts.append(_line(panel.x(ratio.target), y - 2, y + BAR + 2, palette.ink, 2))
    edge = max(end, panel.x(ratio.target)) if ratio.target is not None else end
    parts.append(_text(edge + 6, y + BAR - 2.5, number(ratio.value), palette.ink, size=12))
    return parts


def _legend(palette: Palette) -> list[str]:
    parts = [_text(24, 34, "Portico with its cache, one core", palette.ink, size=17)]
    x = 24.0
    for database, name in DATABASES.items():
        swatch = f'x="{x:.1f}" y="48" width="12" height="12" rx="2"'
        parts.append(f'<rect {swatch} fill="{palette.bars[database]}"/>')
        parts.append(_text(x + 18, 59, name, palette.faint))
        x += 32 + 8 * len(name)
    parts.append(_line(x + 6, 46, 62, palette.ink, 2))
    parts.append(_text(x + 16, 59, "target", palette.faint))
    return parts


def chart(rows: list[Row], palette: Palette) -> str:
    """Return the chart for one theme, from the rows with the cache on."""
    hot = [row for row in rows if row.setting == "hot" and row.ratios]
    titles = list(dict.fromkeys(row.title for row in hot))
    height = TOP + ROW * len(titles) + BOTTOM
    panels = _panels(hot)
    parts = _legend(palette)
    for panel in panels:
        parts += _scale(panel, height, palette)
    for row in hot:
        turn = list(DATABASES).index(row.database)
        y = TOP + ROW * titles.index(row.title) + 5 + turn * (BAR + 3)
        for panel in panels:
            if panel.against in row.ratios:
                colour = palette.bars[row.database]
                parts += _bar(panel, row.ratios[panel.against], y, colour, palette)
    for index, title in enumerate(titles):
        middle = TOP + ROW * index + 5 + BAR + 6
        parts.append(_text(LABELS - 14, middle, title, palette.ink, anchor="end"))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="{FONT}" role="img">\n'
        f"<title>Portico against the limit and the reference</title>\n"
        f'<rect width="{WIDTH}" height="{height}" fill="{palette.paper}"/>\n{body}\n</svg>\n'
    )


def write_charts(rows: list[Row], folder: Path) -> None:
    """Write the charts of both themes into a folder."""
    for theme, palette in (("light", LIGHT), ("dark", DARK)):
        (folder / f"performance-{theme}.svg").write_text(chart(rows, palette))
