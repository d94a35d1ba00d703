"""Writes the table of ratios as text for a terminal and as docs/performance.md."""

from __future__ import annotations

from bench.results import OPPONENTS, Note, Ratio, Row

DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
HEADS = (
    *("Request", "Database", "Cache", "Portico /s", "p50 ms", "p99 ms", "limit /s", "reference /s"),
    *("share of limit", "times reference", "times json-server", "times Prism"),
)
NOTE_HEADS = ("Comparison", "Database", "Ratio")


def number(value: float) -> str:
    """Return a number with two or three digits, the accuracy of the measurement."""
    if value >= 100:
        return f"{value:,.0f}"
    if value < 0.1:
        return f"{value:.1g}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(ratio: Ratio | None) -> str:
    """Return a ratio with its target and whether it was met."""
    if ratio is None:
        return ""
    if ratio.target is None:
        return number(ratio.value)
    verdict = "met" if ratio.met else "MISSED"
    return f"{number(ratio.value)} (>= {ratio.target:g}, {verdict})"


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.title,
        DATABASES[row.database],
        {"hot": "on", "cold": "off"}[row.setting],
        number(row.portico.per_second),
        number(row.portico.p50_ms),
        number(row.portico.p99_ms),
        *(number(row.rates[name]) if name in row.rates else "" for name in ("limit", "reference")),
        *(cell(row.ratios.get(opponent)) for opponent in OPPONENTS),
    )


def _note_cells(note: Note) -> tuple[str, ...]:
    return (note.title, DATABASES[note.database], cell(note.ratio))


def plain_table(heads: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    widths = [max(len(line[column]) for line in [heads, *lines]) for column in range(len(heads))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in [heads, rule, *lines]
    )


def _markdown(heads: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    rule = tuple("---" for _ in heads)
    return "\n".join("| " + " | ".join(line) + " |" for line in [heads, rule, *lines])


def plain_report(rows: list[Row], notes: list[Note]) -> str:
    """Return both tables for a terminal."""
    parts = []
    if rows:
        parts.append(plain_table(HEADS, [_cells(row) for row in rows]))
    if notes:
        parts.append(plain_table(NOTE_HEADS, [_note_cells(note) for note in notes]))
    return "\n\n".join(parts)


PAGE = """\
# Performance

`scripts/bench --write` generates this page. `bench/README.md` says how to repeat the
measurement.

<picture>
  <source media="(prefers-color-scheme: dark)" srcset="performance-dark.svg">
  <img src="performance-light.svg" alt="Portico's rate as a share of the limit, and as a multiple \
of the reference, for each kind of request">
</picture>

Read the ratios: absolute rates depend more on the machine than on the program. All contestants of
a row take turns in one run of {rounds} rounds of {seconds:g} seconds each. A ratio compares two
contestants within a round, and the table shows the median of the rounds. A cell with a target
shows the target and whether it was met.

- **The limit** is the same HTTP server sending the same bytes as Portico, without any work.
  No program on that server can exceed 1.00.
- **The reference** implements the same operations with FastAPI, Pydantic, SQLAlchemy's async ORM
  and PyJWT, as an engineer would in an afternoon, on the same server and the same data.
- **json-server** and **Prism** are tools that people use today to imitate such an API.
- **Cache off** means that Portico computes every response.

One worker runs on one core, the load generator with 16 connections on another. One tenant has
10,000 links on 25 portals. Every response is checked before it is timed, and every cached response
is compared byte by byte with the computed one. The bulk rows use one client with one connection.

{table}

## Other comparisons

{notes}

## The machine

{machine}
"""


def page(
    rows: list[Row],
    notes: list[Note],
    machine: dict[str, str],
    *,
    rounds: int,
    seconds: float,
) -> str:
    """Return the text of docs/performance.md."""
    facts = "\n".join(f"- {name}: {value}" for name, value in machine.items())
    return PAGE.format(
        rounds=rounds,
        seconds=seconds,
        table=_markdown(HEADS, [_cells(row) for row in rows]),
        notes=_markdown(NOTE_HEADS, [_note_cells(note) for note in notes]),
        machine=facts,
    )
