"""The summary of a run as plain text and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from portico.emulator.report.summary import OperationCount, Refusals, Summary, UnknownPath

Rows = Sequence[tuple[str, ...]]
"""The cells of a table; the first row is its heading."""

_NO_ANSWER = "no answer"


def to_text(summary: Summary) -> str:
    """Return the summary as plain text with aligned columns."""
    return "\n".join([_heading(summary), *_sections(summary, _aligned, "{}")]) + "\n"


def to_markdown(summary: Summary) -> str:
    """Return the summary as Markdown with tables."""
    lines = ["# Requests to Portico", "", _heading(summary)]
    return "\n".join([*lines, *_sections(summary, _table, "## {}")]) + "\n"


def _heading(summary: Summary) -> str:
    calls = "1 request" if summary.requests == 1 else f"{summary.requests} requests"
    if not summary.dropped:
        return f"{calls}."
    return f"{calls}, after {summary.dropped} older ones that the journal could not hold."


def _sections(summary: Summary, table: Callable[[Rows], list[str]], heading: str) -> list[str]:
    rows: dict[str, list[tuple[str, ...]]] = {
        "Operations": [
            ("operation", "calls", "answers", "faults"),
            *map(_operation, summary.operations),
        ],
        "Unknown operations": [
            ("method", "path", "calls", "closest operation"),
            *map(_unknown, summary.unknown),
        ],
        "Fields that no handler read": [
            ("operation", "field", "requests"),
            *(
                (operation, name, str(count))
                for operation, names in summary.unread_fields.items()
                for name, count in names.items()
            ),
        ],
        "Rate limits": [
            ("client", "429s", "told to wait", "waited", "too early"),
            *map(_refusals, summary.refusals),
        ],
    }
    lines: list[str] = []
    for title, cells in rows.items():
        shown = [tuple(map(_printable, row)) for row in cells]
        lines += ["", heading.format(title), "", *(table(shown) if shown[1:] else ["None."])]
    return lines


def _printable(text: str) -> str:
    """Return a text in which no client's path can move the cursor or end a line."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _operation(each: OperationCount) -> tuple[str, ...]:
    answers = ", ".join(
        f"{count} x {status or _NO_ANSWER}" for status, count in sorted(each.statuses.items())
    )
    return each.operation, str(each.calls), answers, str(each.faults)


def _unknown(each: UnknownPath) -> tuple[str, ...]:
    closest = ""
    if each.closest:
        best = each.closest[0]
        closest = f"{best.operation}: {'; '.join(best.differences)}"
    return each.method, each.path, str(each.calls), closest


def _refusals(each: Refusals) -> tuple[str, ...]:
    told, waited = f"{each.told:g} s", f"{each.waited:.1f} s"
    return each.client, str(len(each.waits)), told, waited, str(each.early)


def _aligned(rows: Rows) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _table(rows: Rows) -> list[str]:
    first, *others = rows
    rule = tuple("---" for _ in first)
    return [f"| {' | '.join(map(_cell, row))} |" for row in (first, rule, *others)]


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "\\<")
