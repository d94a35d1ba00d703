"""Named sets of fault rules, for tests that only want a bad day of the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portico.emulator.faults.rules import InvalidRule

_API = "/mgmtconfig/*"

PROFILES: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "flaky": (
        {"effect": "status", "status": 503, "path": _API, "probability": 0.1},
        {"effect": "status", "status": 429, "path": _API, "probability": 0.1},
        {"effect": "connection_reset", "path": _API, "method": "GET", "probability": 0.05},
    ),
    "slow": (
        {
            "effect": "latency",
            "latency": 2_000,
            "jitter": 1_000,
            "path": _API,
            "probability": 0.05,
        },
        {"effect": "latency", "latency": 200, "jitter": 150},
    ),
    "hostile": (
        {"effect": "connection_reset", "phase": "after", "path": _API, "probability": 0.05},
        {"effect": "empty_response", "path": _API, "probability": 0.03},
        {"effect": "truncated_body", "path": _API, "probability": 0.03},
        {"effect": "malformed_body", "path": _API, "probability": 0.03},
        {"effect": "expired_token", "path": _API, "probability": 0.02},
        {
            "effect": "status",
            "status": 409,
            "path": _API,
            "method": "PUT",
            "probability": 0.1,
        },
        {"effect": "status", "status": 500, "path": _API, "probability": 0.05},
        {
            "effect": "status",
            "status": 429,
            "retryAfter": 1,
            "path": _API,
            "probability": 0.1,
        },
    ),
}
"""Rules by the name of their profile.

`flaky` has only what clients can repeat without harm, `slow` only delays. `hostile` also loses
answers of committed writes.
"""


def profile(name: str, customer_id: str | None = None) -> list[dict[str, Any]]:
    """Return the rules of a profile, as they would be written. Raises InvalidRule.

    Several tenants can have the same profile, so the ids of one tenant's rules name the tenant.
    """
    if name not in PROFILES:
        raise InvalidRule(
            f"There is no profile {name}. The profiles are: {', '.join(PROFILES)}.", "profile"
        )
    end = "" if customer_id is None else f"-{customer_id}"
    return [
        {**rule, "id": f"{name}-{number}{end}"}
        for number, rule in enumerate(PROFILES[name], start=1)
    ]
