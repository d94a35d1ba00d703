"""A tenant of one test: its credentials, faults, clock and journal, which no other test shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from portico.testing.control import Control


class FaultNeverStruck(AssertionError):
    """A test set a fault that struck no request, so it tests nothing."""


@dataclass(frozen=True)
class Request:
    """A request in the journal. `operation` is None for a path that met no route.

    `status` is None if the connection ended without an answer, and `fault` is the id of the rule
    that struck the request. `content` is everything that the journal has about it.
    """

    operation: str | None
    method: str
    path: str
    status: int | None
    fault: str | None
    content: Mapping[str, Any]


class Journal:
    """The requests of one tenant."""

    def __init__(self, control: Control, customer_id: str) -> None:
        self._control = control
        self._customer_id = customer_id

    def requests(self, **filters: str | int | None) -> list[Request]:
        """Return the requests that filters select, oldest first.

        The filters are operation, method, path, status, clientId and since.
        """
        answer = self._control.call(
            "GET", "requests", customerId=self._customer_id, limit=10_000, **filters
        )
        return [_request(each) for each in answer["requests"]]

    def count(self, **filters: str | int | None) -> int:
        """Return how many requests filters select."""
        answer = self._control.call(
            "GET", "requests/count", customerId=self._customer_id, **filters
        )
        return int(answer["count"])

    def wait_for(self, count: int = 1, *, seconds: float = 10, **filters: str | int | None) -> int:
        """Wait until filters select that many requests, and return how many they select.

        Raises AssertionError after some seconds.
        """
        answer = self._control.call(
            "GET",
            "requests/wait",
            customerId=self._customer_id,
            count=count,
            seconds=seconds,
            **filters,
        )
        found = int(answer["count"])
        if not answer["reached"]:
            raise AssertionError(f"{found} of {count} requests came within {seconds:g} seconds.")
        return found

    def clear(self) -> None:
        """Remove all requests of the tenant."""
        self._control.call("DELETE", "requests", customerId=self._customer_id)


class Clock:
    """The clock of one tenant. It decides about times, tokens, rate windows and faults."""

    def __init__(self, control: Control, customer_id: str) -> None:
        self._control = control
        self._customer_id = customer_id

    def now(self) -> datetime:
        """Return the time in the tenant."""
        answer = self._control.call("GET", "clock", customerId=self._customer_id)
        return datetime.fromtimestamp(answer["epochSeconds"], UTC)

    def set(self, moment: datetime) -> None:
        """Set the time. Raises ValueError for a time without a zone."""
        if moment.tzinfo is None:
            raise ValueError("Give the time a zone, for example datetime(2030, 1, 31, tzinfo=UTC).")
        self._change(now=moment.isoformat())

    def advance(self, time: timedelta | float) -> None:
        """Move the clock by a duration, or by seconds."""
        self._change(
            advanceSeconds=time.total_seconds() if isinstance(time, timedelta) else float(time)
        )

    def freeze(self, moment: datetime | None = None) -> None:
        """Stop the clock, at a moment if one is given."""
        self._change(frozen=True)
        if moment is not None:
            self.set(moment)

    def unfreeze(self) -> None:
        """Let the clock run on."""
        self._change(frozen=False)

    def reset(self) -> None:
        """Return to the time with which the stand-in started."""
        self._change(reset=True)

    def _change(self, **change: object) -> None:
        self._control.call("PUT", "clock", change, customerId=self._customer_id)


@dataclass(frozen=True)
class Tenant:
    """A tenant with its API client. `url` is the plain HTTP address of the stand-in."""

    customer_id: str
    name: str
    client_id: str
    client_secret: str
    url: str
    control: Control

    @property
    def clock(self) -> Clock:
        """Return the tenant's clock."""
        return Clock(self.control, self.customer_id)

    @property
    def journal(self) -> Journal:
        """Return the tenant's journal."""
        return Journal(self.control, self.customer_id)

    def reset(self) -> None:
        """Return the tenant to the state in which it was created."""
        self.control.call("POST", "reset", customerId=self.customer_id)

    @contextmanager
    def faults(self, *rules: Mapping[str, Any], seed: int = 0) -> Iterator[Sequence[str]]:
        """Put fault rules in force for the length of a block, which gets their ids.

        Raises FaultNeverStruck after the block if one of them struck no request, and ControlError
        for a rule that cannot be.
        """
        written = self.control.call(
            "POST", "faults", {"rules": list(rules), "seed": seed}, customerId=self.customer_id
        )
        ids = [each["id"] for each in written["faults"]]
        try:
            yield ids
            self._require_struck(ids)
        finally:
            for each in ids:
                self.control.call("DELETE", f"faults/{each}")

    def _require_struck(self, ids: Sequence[str]) -> None:
        for each in ids:
            rule = self.control.call("GET", f"faults/{each}")
            if not rule["hits"]:
                where = rule.get("operation") or rule.get("path") or "any operation"
                raise FaultNeverStruck(
                    f"The fault {each} ({rule['effect']} on {where}) struck no request: "
                    f"{rule['matched']} requests matched it."
                )


def new_tenant(control: Control, url: str, name: str | None = None) -> Tenant:
    """Create a tenant. Raises ControlError."""
    made = control.call("POST", "tenants", {} if name is None else {"name": name})
    return Tenant(
        customer_id=made["customerId"],
        name=made["name"],
        client_id=made["clientId"],
        client_secret=made["clientSecret"],
        url=url,
        control=control,
    )


def _request(entry: Mapping[str, Any]) -> Request:
    answer, fault = entry.get("answer"), entry.get("fault")
    return Request(
        operation=entry.get("operation"),
        method=entry["method"],
        path=entry["path"],
        status=None if answer is None else answer["status"],
        fault=None if fault is None else fault["rule"],
        content=entry,
    )
