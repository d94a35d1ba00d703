"""The text of a verification: each difference on a line, then a summary."""

from __future__ import annotations

from collections.abc import Iterator

from portico.emulator.recordings.acceptance import Acceptance
from portico.emulator.recordings.replaying import Finding, Replay, Unsupported


def report_lines(result: Replay, acceptance: Acceptance) -> Iterator[str]:
    """Yield the lines of a report."""
    yield from (_difference(each) for each in result.findings)
    yield _summary(result)
    if result.unsupported:
        yield f"{_counted(len(result.unsupported), 'exchange is', 'exchanges are')} not compared:"
        yield from (f"  {_skipped(each)}" for each in result.unsupported)
    for each in acceptance.unused:
        yield (
            f"The accepted difference {each.operation} {each.path} did not occur. Remove the entry."
        )


def _difference(finding: Finding) -> str:
    exchange, difference = finding.exchange, finding.difference
    call = f"{exchange.method} {exchange.path} ({finding.operation})"
    return f"{exchange.where}: {call}: {difference.path}: {difference.what}"


def _skipped(skipped: Unsupported) -> str:
    exchange = skipped.exchange
    address = exchange.url.partition("?")[0]
    return f"{exchange.where}: {exchange.method} {address}: {skipped.reason}"


def _summary(result: Replay) -> str:
    differences = _counted(len(result.findings), "difference", "differences")
    accepted = f", {result.accepted} accepted" if result.accepted else ""
    return (
        f"Compared {_counted(result.compared, 'exchange', 'exchanges')}: {differences}{accepted}."
    )


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
