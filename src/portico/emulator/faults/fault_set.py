"""The rules in force, with how often each matched and struck. The first that strikes decides."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import translate
from hashlib import sha256

import msgspec
from msgspec import Struct

from portico.emulator.faults.rules import (
    MAX_RULES,
    SPOILS_TOKEN,
    InvalidRule,
    NoSuchRule,
    Rule,
)
from portico.emulator.operations import vendor_path
from portico.emulator.vendor_requests import TenantClock, VendorRequest

SPOILT_TOKENS = 1_000
"""How many tokens a rule remembers as expired or revoked."""


class RuleState(Struct, rename="camel", frozen=True):
    """A rule with its counts. `active` is False once it can never strike again."""

    rule: Rule
    matched: int
    hits: int
    active: bool


@dataclass(frozen=True)
class Strike:
    """A rule that strikes a request, and the delay before its effect in seconds."""

    rule: Rule
    delay: float


@dataclass(eq=False)
class _Armed:
    """A rule in force. `until` is when it ends, by the stand-in's clock.

    A spoilt token stays spoilt, so it can have more hits than strikes.
    """

    rule: Rule
    chance: random.Random
    until: float | None
    pattern: re.Pattern[str] | None
    matched: int = 0
    strikes: int = 0
    hits: int = 0
    spoilt: dict[bytes, None] = field(default_factory=dict)

    def is_active(self, now: float) -> bool:
        rule = self.rule
        spent = rule.times is not None and self.strikes >= rule.times and not self.spoilt
        return not spent and rule.probability > 0 and (self.until is None or now < self.until)

    def strike(self, request: VendorRequest, now: float) -> bool:
        """Count a request, and return whether the rule strikes it."""
        if (self.until is not None and now >= self.until) or not self._matches(request):
            return False
        digest = sha256(request.token.encode()).digest()
        if digest in self.spoilt:
            self.hits += 1
            return True
        if self.rule.times is not None and self.strikes >= self.rule.times:
            return False
        self.matched += 1
        if self.matched <= self.rule.skip or not self._happens():
            return False
        self.strikes += 1
        self.hits += 1
        if self.rule.effect in SPOILS_TOKEN:
            self.spoilt[digest] = None
            if len(self.spoilt) > SPOILT_TOKENS:
                self.spoilt.pop(next(iter(self.spoilt)))
        return True

    def _happens(self) -> bool:
        probability = self.rule.probability
        return probability >= 1 or self.chance.random() < probability

    def _matches(self, request: VendorRequest) -> bool:
        rule = self.rule
        if rule.effect in SPOILS_TOKEN and not request.token:
            return False
        return (
            rule.operation in (None, request.operation_id)
            and rule.method in (None, request.method)
            and rule.customer_id in (None, request.customer_id)
            and rule.client_id in (None, request.client_id)
            and (self.pattern is None or self.pattern.match(request.path) is not None)
        )

    def delay(self) -> float:
        rule = self.rule
        if not rule.latency:
            return 0
        return (rule.latency + self.chance.uniform(-rule.jitter, rule.jitter)) / 1000


class Faults:
    """The rules of all tenants, in the order in which they were written."""

    def __init__(self, clock: TenantClock) -> None:
        self._clock = clock
        self._armed: list[_Armed] = []
        self._at_start: tuple[list[Rule], int] = ([], 0)
        self._last_number = 0

    def __bool__(self) -> bool:
        return bool(self._armed)

    @property
    def names_callers(self) -> bool:
        """Whether a rule depends on the client or the tenant, which a sign-in has in its body."""
        return any(each.rule.client_id or each.rule.customer_id for each in self._armed)

    def replace(
        self, rules: Iterable[Rule], *, seed: int = 0, customer_id: str | None = None
    ) -> list[RuleState]:
        """Replace all rules, or those of one tenant. Return them. Raises InvalidRule."""
        before = self._armed
        self._armed = self._without(customer_id)
        try:
            return self.append(rules, seed=seed, customer_id=customer_id)
        except InvalidRule:
            self._armed = before
            raise

    def append(
        self, rules: Iterable[Rule], *, seed: int = 0, customer_id: str | None = None
    ) -> list[RuleState]:
        """Add rules after the others, for one tenant if its id is given. Return the new ones.

        Equal rules and seeds strike the same requests. Raises InvalidRule.
        """
        armed: list[_Armed] = []
        taken = {each.rule.id for each in self._armed}
        for number, rule in enumerate(rules):
            owned = _owned(rule, customer_id)
            if not owned.id:
                owned = msgspec.structs.replace(owned, id=self._next_id(taken))
            if owned.id in taken:
                raise InvalidRule(f"There already is a fault rule {owned.id}.", owned.id)
            taken.add(owned.id)
            armed.append(self._arm(owned, f"{seed}:{number}"))
        if len(taken) > MAX_RULES:
            raise InvalidRule(f"There can be at most {MAX_RULES} rules in force.", "rules")
        self._armed = [*self._armed, *armed]
        return [self._state(each) for each in armed]

    def states(self, customer_id: str | None = None) -> list[RuleState]:
        """Return all rules, or those of one tenant, with their counts."""
        return [
            self._state(each)
            for each in self._armed
            if customer_id in (None, each.rule.customer_id)
        ]

    def state(self, rule_id: str) -> RuleState:
        """Return one rule with its counts. Raises NoSuchRule."""
        return self._state(self._find(rule_id))

    def remove(self, rule_id: str) -> None:
        """Remove one rule. Raises NoSuchRule."""
        self._armed.remove(self._find(rule_id))

    def clear(self, customer_id: str | None = None) -> int:
        """Remove all rules, or those of one tenant. Return how many."""
        before = len(self._armed)
        self._armed = self._without(customer_id)
        return before - len(self._armed)

    def start_with(self, rules: Iterable[Rule], *, seed: int = 0) -> None:
        """Put rules in force now and after each reset. Raises InvalidRule."""
        self._at_start = (list(rules), seed)
        self.reset()

    def reset(self, customer_id: str | None = None) -> None:
        """Return to the rules of the start, or remove those of one tenant."""
        self.clear(customer_id)
        if customer_id is None:
            self._last_number = 0
            rules, seed = self._at_start
            self.append(rules, seed=seed)

    def strike(self, request: VendorRequest) -> Strike | None:
        """Return the first rule that strikes a request, or None, and count it."""
        for each in self._armed:
            if each.strike(request, self._clock(each.rule.customer_id)):
                return Strike(each.rule, each.delay())
        return None

    def _arm(self, rule: Rule, seed: str) -> _Armed:
        return _Armed(
            rule=rule,
            chance=random.Random(seed),
            until=None if rule.ttl is None else self._clock(rule.customer_id) + rule.ttl,
            pattern=None if rule.path is None else re.compile(translate(vendor_path(rule.path))),
        )

    def _state(self, armed: _Armed) -> RuleState:
        is_active = armed.is_active(self._clock(armed.rule.customer_id))
        return RuleState(armed.rule, armed.matched, armed.hits, is_active)

    def _next_id(self, taken: set[str]) -> str:
        while True:
            self._last_number += 1
            if (name := f"fault-{self._last_number}") not in taken:
                return name

    def _find(self, rule_id: str) -> _Armed:
        for each in self._armed:
            if each.rule.id == rule_id:
                return each
        raise NoSuchRule(rule_id, [each.rule.id for each in self._armed])

    def _without(self, customer_id: str | None) -> list[_Armed]:
        if customer_id is None:
            return []
        return [each for each in self._armed if each.rule.customer_id != customer_id]


def _owned(rule: Rule, customer_id: str | None) -> Rule:
    if customer_id is None or rule.customer_id == customer_id:
        return rule
    if rule.customer_id is not None:
        raise InvalidRule(
            f"The rule is for the tenant {rule.customer_id}, but the request for {customer_id}. "
            "Leave one of them out.",
            "customerId",
        )
    return msgspec.structs.replace(rule, customer_id=customer_id)
