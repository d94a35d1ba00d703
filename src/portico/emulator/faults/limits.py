"""The vendor's rate limits, as a switch (docs/explanation/vendor-api.md, "Rate limits").

Windows open with the first request of an address, and follow the stand-in's clock.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from msgspec import Struct
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portico.asgi.limits import ADVERTISED_LIMIT, WINDOW_SECONDS, RateUsage
from portico.emulator.faults.answers import send_error
from portico.emulator.faults.documented_errors import TOO_MANY_REQUESTS, envelope
from portico.emulator.operations import Operations
from portico.emulator.vendor_requests import TenantClock, is_vendor_path, vendor_request

RULE = "vendor-limits"
"""The name of the limits where the journal names a fault rule."""

READS = 20
WRITES = 10
SECONDS = 10
MAX_ADDRESSES = 10_000


class LimitsState(Struct, rename="camel", frozen=True):
    """Which tenants have limits, and how many requests they refused."""

    everywhere: bool
    customer_ids: list[str]
    refused: int
    reads: int = READS
    writes: int = WRITES
    seconds: int = SECONDS
    gateway_requests: int = ADVERTISED_LIMIT
    gateway_seconds: int = WINDOW_SECONDS


@dataclass
class _Window:
    limit: int
    seconds: int
    opened: float
    used: int = 0

    def count(self, now: float) -> bool:
        """Count a request, and return whether it is within the limit."""
        if not self.opened <= now < self.opened + self.seconds:
            self.opened, self.used = now, 0
        self.used += 1
        return self.used <= self.limit

    def rest(self, now: float) -> int:
        """Return the seconds until the window ends, at least 1."""
        return max(1, ceil(self.opened + self.seconds - now))


class Usage(NamedTuple):
    """What the limits say of one request. `retry_after` is in seconds, or None if it may pass.

    Answers tell of the gateway's limit alone, as the vendor's do.
    """

    retry_after: int | None
    gateway: RateUsage


class VendorLimits:
    """The windows of each tenant: one for the gateway, and two for each source address.

    Tenants never use up one another's.
    """

    def __init__(self, clock: TenantClock) -> None:
        self._clock = clock
        self._at_start = False
        self._everywhere = False
        self._customer_ids: set[str] = set()
        self._windows: OrderedDict[tuple[str | None, str, str], _Window] = OrderedDict()
        self._refused = 0

    def switch(self, *, on: bool, customer_id: str | None = None) -> None:
        """Switch the limits on or off, for all tenants or for one, with empty windows."""
        if customer_id is None:
            self._everywhere = on
            self._customer_ids.clear()
        elif on:
            self._customer_ids.add(customer_id)
        else:
            self._customer_ids.discard(customer_id)
        self._empty(customer_id)

    def start_with(self, *, on: bool) -> None:
        """Switch the limits on or off for all tenants, now and after each reset."""
        self._at_start = on
        self.reset()

    def reset(self, customer_id: str | None = None) -> None:
        """Return all tenants to the limits of the start, or switch off those of one alone."""
        self.switch(on=customer_id is None and self._at_start, customer_id=customer_id)
        if customer_id is None:
            self._refused = 0

    def _empty(self, customer_id: str | None) -> None:
        for key in [each for each in self._windows if customer_id in (None, each[0])]:
            del self._windows[key]

    def state(self) -> LimitsState:
        """Return which tenants have limits."""
        return LimitsState(self._everywhere, sorted(self._customer_ids), self._refused)

    def apply_to(self, customer_id: str | None) -> bool:
        """Return whether a tenant has limits."""
        return self._everywhere or customer_id in self._customer_ids

    def count(self, customer_id: str | None, address: str, method: str) -> Usage:
        """Count one request of an address."""
        now = self._clock(customer_id)
        gateway = self._window((customer_id, "", "gateway"), now)
        is_read = method in ("GET", "HEAD", "OPTIONS")
        smaller = self._window((customer_id, address, "read" if is_read else "write"), now)
        refusing = [each for each in (gateway, smaller) if not each.count(now)]
        retry_after = max((each.rest(now) for each in refusing), default=None)
        self._refused += retry_after is not None
        return Usage(retry_after, RateUsage(gateway.limit, gateway.used, gateway.rest(now)))

    def _window(self, key: tuple[str | None, str, str], now: float) -> _Window:
        window = self._windows.get(key)
        if window is None:
            kinds = {
                "gateway": (ADVERTISED_LIMIT, WINDOW_SECONDS),
                "read": (READS, SECONDS),
                "write": (WRITES, SECONDS),
            }
            window = self._windows[key] = _Window(*kinds[key[2]], now)
            if len(self._windows) > MAX_ADDRESSES:
                self._windows.popitem(last=False)
        return window


class LimitsMiddleware:
    """Refuses the requests over the limits, and tells the others how many are left.

    Sign-ins do not count: clients sign in before each command.
    """

    def __init__(self, app: ASGIApp, *, limits: VendorLimits, operations: Operations) -> None:
        self._app = app
        self._limits = limits
        self._operations = operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http" or not is_vendor_path(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = vendor_request(scope, self._operations)
        signs_in = request.operation is not None and request.operation.signs_in
        if signs_in or not self._limits.apply_to(request.customer_id):
            await self._app(scope, receive, send)
            return
        usage = self._limits.count(request.customer_id, request.address, request.method)
        rate_headers = dict(usage.gateway.headers())
        if usage.retry_after is not None:
            request.fault, request.effect = RULE, "rate_limit"
            body = envelope(429, TOO_MANY_REQUESTS)
            await send_error(send, 429, body, *rate_headers.items(), retry_after=usage.retry_after)
            return

        async def send_with_usage(message: Message) -> None:
            if message["type"] == "http.response.start":
                others = [each for each in message["headers"] if each[0] not in rate_headers]
                message["headers"] = [*others, *rate_headers.items()]
            await send(message)

        await self._app(scope, receive, send_with_usage)
