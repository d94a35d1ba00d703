"""Fault rules as they are written: what they match, how often they strike, and with which effect.

A rule is checked when it is written, so that a misspelt one is refused at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from portico.domain.errors import InvalidInput, NotFound, PorticoError
from portico.emulator.faults.documented_errors import (
    CONCURRENT_CHANGE,
    REASONS,
    usual_error,
)
from portico.emulator.operations import Operations

MAX_RULES = 500
MAX_LATENCY_MILLISECONDS = 300_000
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


class InvalidRule(InvalidInput):
    """A fault rule cannot be written as it is."""

    code = "portico.fault.invalid"


class NoSuchRule(NotFound):
    """There is no fault rule with the id."""

    code = "portico.fault.not.found"

    def __init__(self, rule_id: str, known: Sequence[str]) -> None:
        rules = ", ".join(known) or "none"
        PorticoError.__init__(
            self, f"There is no fault rule {rule_id}. The rules are: {rules}.", rule_id
        )


class Effect(StrEnum):
    """What a rule does to the answer."""

    STATUS = "status"
    LATENCY = "latency"
    CONNECTION_RESET = "connection_reset"
    EMPTY_RESPONSE = "empty_response"
    TRUNCATED_BODY = "truncated_body"
    MALFORMED_BODY = "malformed_body"
    EXPIRED_TOKEN = "expired_token"
    REVOKED_TOKEN = "revoked_token"
    CONCURRENT_CHANGE = "concurrent_change"


class Phase(StrEnum):
    """Whether the application serves the request first, and commits its changes."""

    BEFORE = "before"
    AFTER = "after"


NEEDS_ANSWER = (Effect.TRUNCATED_BODY, Effect.MALFORMED_BODY)
SPOILS_TOKEN = (Effect.EXPIRED_TOKEN, Effect.REVOKED_TOKEN)
HAS_STATUS = (Effect.STATUS, Effect.CONCURRENT_CHANGE)


class Rule(Struct, rename="camel", kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A rule. Absent conditions match everything.

    `skip` and `times` count matching requests. `probability` is from 0 to 1, and 0 never strikes.
    `ttl` is in seconds of the stand-in's clock; `latency` and `jitter` are in milliseconds, and
    `retry_after` in seconds. `at` says where a reset ends the connection.
    """

    effect: Effect
    id: str = ""
    customer_id: str | None = None
    client_id: str | None = None
    operation: str | None = None
    method: str | None = None
    path: str | None = None
    skip: int = 0
    times: int | None = None
    probability: float = 1.0
    ttl: float | None = None
    phase: Phase | UnsetType = UNSET
    status: int | UnsetType = UNSET
    error_id: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    retry_after: int | UnsetType = UNSET
    latency: float = 0
    jitter: float = 0
    at: Literal["start", "body"] | UnsetType = UNSET


def read_rules(content: Any, operations: Operations) -> list[Rule]:  # noqa: ANN401  # any JSON value
    """Return rules as they apply, with the defaults of their effects. Raises InvalidRule."""
    if not isinstance(content, list):
        raise InvalidRule("rules must be a list of rules.", "rules")
    if len(content) > MAX_RULES:
        raise InvalidRule(f"There can be at most {MAX_RULES} rules.", "rules")
    return [_read(each, f"rules[{number}]", operations) for number, each in enumerate(content)]


def _read(content: Any, name: str, operations: Operations) -> Rule:  # noqa: ANN401  # any JSON value
    if isinstance(content, dict):
        _refuse_unknown_effect(content, name)
    try:
        rule = msgspec.convert(content, Rule)
    except msgspec.ValidationError as error:
        raise InvalidRule(f"{name}: {error}.", name) from None
    checked = _with_defaults(rule)
    problem = (
        _problem_of_conditions(checked, operations)
        or _problem_of_counts(checked)
        or _problem_of_effect(checked)
    )
    if problem:
        raise InvalidRule(f"{name}: {problem}", name)
    return checked


def _refuse_unknown_effect(content: dict[str, Any], name: str) -> None:
    effects = ", ".join(Effect)
    if "effect" not in content:
        raise InvalidRule(f"{name}: effect is required. It is one of {effects}.", name)
    if content["effect"] not in list(Effect):
        raise InvalidRule(
            f"{name}: there is no effect {content['effect']}. Use one of {effects}.", name
        )


def _with_defaults(rule: Rule) -> Rule:
    """Return a rule with the defaults that depend on its effect."""
    changes: dict[str, Any] = {}
    if rule.effect is Effect.CONCURRENT_CHANGE:
        changes |= {"status": 409, "error_id": CONCURRENT_CHANGE}
        changes["times"] = 1 if rule.times is None else rule.times
    elif rule.effect is Effect.STATUS and rule.status and rule.error_id is UNSET:
        changes["error_id"] = usual_error(rule.status)
    # A client without this header waits for the rate window, or gives up.
    if rule.status in (429, 503) and rule.retry_after is UNSET:
        changes["retry_after"] = 0
    if rule.effect is Effect.CONNECTION_RESET and rule.at is UNSET:
        changes["at"] = "start"
    if rule.phase is UNSET:
        late = rule.effect in NEEDS_ANSWER or rule.at == "body"
        changes["phase"] = Phase.AFTER if late else Phase.BEFORE
    if rule.method is not None:
        changes["method"] = rule.method.upper()
    return msgspec.structs.replace(rule, **changes)


def _problem_of_conditions(rule: Rule, operations: Operations) -> str:
    if rule.operation is not None and (unknown := operations.problem_of(rule.operation)):
        return unknown
    if rule.method is not None and rule.method not in METHODS:
        return f"method must be one of {', '.join(METHODS)}."
    if rule.path is not None and not rule.path.startswith(("/", "*")):
        return "path must start with / or *, for example /mgmtconfig/*/userPortalLink/*."
    if not re.fullmatch(r"[A-Za-z0-9._-]{0,100}", rule.id):
        return "id must have at most 100 letters, digits, dots, hyphens and underscores."
    return ""


def _problem_of_counts(rule: Rule) -> str:
    if rule.skip < 0:
        return "skip must be 0 or more."
    if rule.times is not None and rule.times < 1:
        return "times must be 1 or more. Leave it out to strike without a limit."
    if not 0 <= rule.probability <= 1:
        return "probability must be from 0 to 1. 0 never strikes."
    if rule.ttl is not None and rule.ttl <= 0:
        return "ttl must be more than 0 seconds."
    return ""


def _problem_of_effect(rule: Rule) -> str:
    if not 0 <= rule.jitter <= rule.latency <= MAX_LATENCY_MILLISECONDS:
        return (
            "latency must be from 0 to "
            f"{MAX_LATENCY_MILLISECONDS} milliseconds, and jitter at most as large."
        )
    if rule.effect is Effect.LATENCY and not rule.latency:
        return "the effect latency needs latency, in milliseconds."
    if rule.at is not UNSET and rule.effect is not Effect.CONNECTION_RESET:
        return "at belongs to the effect connection_reset."
    late = rule.effect in NEEDS_ANSWER or rule.at == "body"
    if late and rule.phase is Phase.BEFORE:
        return (
            f"the effect {rule.effect} spoils the answer of the application, so its phase is after."
        )
    return _problem_of_status(rule)


def _problem_of_status(rule: Rule) -> str:
    given = (rule.status, rule.error_id, rule.reason, rule.retry_after)
    if rule.effect not in HAS_STATUS:
        if any(each is not UNSET for each in given):
            return "status, errorId, reason and retryAfter belong to the effect status."
        return ""
    if rule.status is UNSET or not 400 <= rule.status <= 599:
        return "the effect status needs status, from 400 to 599."
    if rule.error_id not in REASONS:
        return f"there is no error {rule.error_id}. The errors are: {', '.join(REASONS)}."
    if rule.retry_after is not UNSET and not 0 <= rule.retry_after <= 86_400:
        return "retryAfter must be from 0 to 86400 seconds."
    return ""
