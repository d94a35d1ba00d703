"""What the vendor's Python SDK does about each effect. Writes docs/reference/fault-matrix.md."""

from __future__ import annotations

import logging
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portico.emulator.journal.entries import EntryFilter
from tests.clients.sdk import MODES, connect, lead_to, succeeded
from tests.emulator.faults.served_stand_in import ServedStandIn, served_stand_in
from tests.harness import Credentials

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "fault-matrix.md"
NAME = "Wiki"
SUCCESS = "succeeds"
CREATE, LIST = "create_link", "list_links"

CASES: Mapping[str, Mapping[str, Any]] = {
    "`status` 400": {"effect": "status", "status": 400},
    "`status` 403": {"effect": "status", "status": 403},
    "`status` 404": {"effect": "status", "status": 404},
    "`concurrent_change`": {"effect": "concurrent_change"},
    "`status` 429, `retryAfter` 0": {"effect": "status", "status": 429},
    "`status` 429, `retryAfter` 13": {"effect": "status", "status": 429, "retryAfter": 13},
    "`status` 429, after the commit": {"effect": "status", "status": 429, "phase": "after"},
    "`status` 500": {"effect": "status", "status": 500},
    "`status` 502": {"effect": "status", "status": 502},
    "`status` 503, `retryAfter` 0": {"effect": "status", "status": 503},
    "`status` 503, after the commit": {"effect": "status", "status": 503, "phase": "after"},
    "`status` 504": {"effect": "status", "status": 504},
    "`latency` 20": {"effect": "latency", "latency": 20},
    "`connection_reset`": {"effect": "connection_reset"},
    "`connection_reset`, after the commit": {"effect": "connection_reset", "phase": "after"},
    "`connection_reset`, in the body": {"effect": "connection_reset", "at": "body"},
    "`empty_response`": {"effect": "empty_response"},
    "`empty_response`, after the commit": {"effect": "empty_response", "phase": "after"},
    "`truncated_body`": {"effect": "truncated_body"},
    "`malformed_body`": {"effect": "malformed_body"},
    "`expired_token`": {"effect": "expired_token"},
    "`revoked_token`": {"effect": "revoked_token"},
}
"""Rules by their heading in the table. Each strikes the first request alone."""

INTRODUCTION = """\
# What the Python SDK does about faults

`scripts/fault-matrix` writes this page. It points the unmodified `zscaler-sdk-python` at a
stand-in, in both of its modes, and strikes one request with each effect. A test measures it
again and compares. [The stand-in for tests](stand-in.md#faults) explains the effects.

- **Requests** is how often the SDK sent the call, and what it waited in between.
- **Result** is what the caller of the SDK gets: the answer, or an error with its id or type.
- **Links** is how many links exist afterwards.

An error beside a link means that the write was done and the caller does not know it. If the SDK
repeats such a create, it meets its own link: names are unique in Portico, so the second create
fails with `resource.already.exist`. Nothing documents such a rule at the vendor, so expect two
links there.
"""


@dataclass(frozen=True)
class Observed:
    """What the SDK did in one case: requests sent, seconds slept, and what came of it."""

    requests: int
    waits: tuple[float, ...]
    result: str
    links: int

    def sent(self) -> str:
        """The requests and the waits between them, for people."""
        if self.requests == 1:
            return "1"
        counts = Counter(self.waits)
        slept = [f"{seconds:g} s" + (f" x {n}" if n > 1 else "") for seconds, n in counts.items()]
        return f"{self.requests}, waited {', '.join(slept) or 'not at all'}"

    def verdict(self) -> str:
        """What the SDK did, in a few words."""
        if self.result == SUCCESS:
            return "retries" if self.requests > 1 else "notices nothing"
        if self.requests > 1:
            return "repeats a create that was done" if self.links else "retries, then gives up"
        return "gives up, although the link exists" if self.links else "gives up"


@contextmanager
def noted_sleeps() -> Iterator[list[float]]:
    """Lets the SDK's pauses pass at once; their lengths in seconds."""
    slept: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", slept.append)
        yield slept


def observe(
    stand_in: ServedStandIn, rule: Mapping[str, Any], operation: str, mode: str
) -> Observed:
    """What the SDK does when the first request of an operation is struck."""
    account = stand_in.tenant()
    customer_id = account.customer_id
    credentials = Credentials(account.client_id, account.client_secret)
    zpa = connect(mode, customer_id, credentials)
    stand_in.arm({**rule, "operation": operation, "times": 1}, customer_id=customer_id)
    with noted_sleeps() as slept:
        result = _call(zpa, operation)
    sent = stand_in.requests(EntryFilter(operation=operation, customer_id=customer_id))
    stand_in.arm(customer_id=customer_id)
    links = 0
    if operation == CREATE:
        again = connect(mode, customer_id, credentials)
        links = len(succeeded(again.user_portal_link.list_portal_link()))
    return Observed(len(sent), tuple(slept), result, links)


def _call(zpa: Any, operation: str) -> str:  # noqa: ANN401  # untyped SDK
    try:
        if operation == CREATE:
            result, _, error = zpa.user_portal_link.add_portal_link(
                name=NAME, link="wiki.example.com", protocol="https://", enabled=True
            )
        else:
            result, _, error = zpa.user_portal_link.list_portal_link()
    except Exception as raised:  # the SDK's own bugs are a result, too
        return f"raises `{type(raised).__name__}`"
    if error is not None:
        return f"error `{getattr(error, 'error_code', None) or _named(error)}`"
    return SUCCESS if result is not None else "neither result nor error"


def _named(error: Exception) -> str:
    """The type of an error, or the words of one that has no type of its own."""
    return str(error) if type(error) is Exception else type(error).__name__


def measure(folder: Path) -> Iterator[tuple[str, str, str, Observed]]:
    """Every case: its heading, operation and mode, and what was observed."""
    with served_stand_in(folder) as stand_in, pytest.MonkeyPatch.context() as patch:
        lead_to(stand_in.url, patch)
        for heading, rule in CASES.items():
            for operation in (CREATE, LIST):
                for mode in MODES:
                    yield heading, operation, mode, observe(stand_in, rule, operation, mode)


def render(cases: Iterable[tuple[str, str, str, Observed]]) -> str:
    """The page."""
    tables: dict[tuple[str, str], list[str]] = {}
    for heading, operation, mode, seen in cases:
        cells = [heading, seen.verdict(), seen.sent(), seen.result]
        if operation == CREATE:
            cells.append(str(seen.links))
        tables.setdefault((operation, mode), []).append(f"| {' | '.join(cells)} |")
    lines = [INTRODUCTION]
    for (operation, mode), rows in tables.items():
        name = {"legacy": "legacy client", "oneapi": "OneAPI client"}[mode]
        columns = [
            "effect",
            "what it does",
            "requests",
            "result",
            *(["links"] if operation == CREATE else []),
        ]
        lines += [
            f"## `{operation}`, {name}",
            "",
            f"| {' | '.join(columns)} |",
            f"|{'---|' * len(columns)}",
            *rows,
            "",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    logging.disable()
    with tempfile.TemporaryDirectory() as temporary:
        PAGE.write_text(render(measure(Path(temporary))))
