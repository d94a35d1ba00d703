"""Writes the report of a run in the form that the name of its file asks for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from portico.domain.errors import InvalidInput
from portico.emulator.journal.entries import Entry
from portico.emulator.journal.har import to_har
from portico.emulator.operations import Operations
from portico.emulator.report.junit import to_junit
from portico.emulator.report.summary import summarise
from portico.emulator.report.texts import to_markdown, to_text

FORMS = {".txt": "text", ".md": "markdown", ".xml": "junit", ".har": "har"}
"""The form of a report by the suffix of its file."""


class UnknownReport(InvalidInput):
    """A report was asked for in a form that does not exist."""

    code = "portico.report.unknown"


def form_of(name: str) -> str:
    """Return the form of a report by the name of its file. Raises UnknownReport."""
    suffix = Path(name).suffix.lower()
    if suffix not in FORMS:
        raise UnknownReport(
            f"{name} does not say which kind of report it is. End the name with .txt (text), .md "
            "(Markdown), .xml (JUnit) or .har (HTTP Archive).",
            name,
        )
    return FORMS[suffix]


def make_report(
    form: str, entries: Sequence[Entry], operations: Operations, *, dropped: int = 0
) -> bytes:
    """Return a report. `dropped` older requests are missing. Raises UnknownReport."""
    if form == "har":
        return to_har(entries)
    if form not in FORMS.values():
        raise UnknownReport(f"There is no report {form}. Use {', '.join(FORMS.values())}.", form)
    summary = summarise(entries, operations, dropped=dropped)
    if form == "junit":
        return to_junit(summary)
    return (to_text if form == "text" else to_markdown)(summary).encode()
