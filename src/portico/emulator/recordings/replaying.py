"""Replays a recording against a fresh Portico and compares each answer with the recorded one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl, urlencode

from portico.emulator.operations import MatchedOperation, Operation, Operations, vendor_path
from portico.emulator.recordings.acceptance import Acceptance
from portico.emulator.recordings.bindings import Bindings, unbound_ids
from portico.emulator.recordings.comparing import Answer, Difference, compare_answers
from portico.emulator.recordings.declared_values import DeclaredValues
from portico.emulator.recordings.exchanges import NO_JSON, Exchange, json_of
from portico.emulator.recordings.known_objects import bind_known_objects

API = "/mgmtconfig/"
SIGN_OUT = "sign_out"
SENT_HEADERS = ("content-type", "if-match", "if-none-match", "idempotency-key")
_OK = 300


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """An API client of the fresh Portico."""

    customer_id: str
    client_id: str
    client_secret: str


class Target(Protocol):
    """The Portico that a recording is replayed against."""

    @property
    def credentials(self) -> Credentials:
        """Return the client that requests are sent as."""

    async def send(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """Send a request to a path with its query, and return the answer."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A difference, and the exchange that has it."""

    exchange: Exchange
    operation: str
    difference: Difference


@dataclass(frozen=True, kw_only=True)
class Unsupported:
    """An exchange that is not compared, and why."""

    exchange: Exchange
    reason: str


@dataclass
class Replay:
    """The result of one recording or several."""

    compared: int = 0
    accepted: int = 0
    findings: list[Finding] = field(default_factory=list)
    unsupported: list[Unsupported] = field(default_factory=list)


async def replay(
    exchanges: Sequence[Exchange],
    target: Target,
    operations: Operations,
    acceptance: Acceptance,
    result: Replay,
) -> None:
    """Replay the exchanges of one recording in their order, and add to a result.

    The target has no objects but those that existed before the recording.
    """
    player = _Player(target, operations, acceptance, result)
    await player.sign_in()
    await bind_known_objects(exchanges, player.fetch, player.bindings)
    for exchange in exchanges:
        await player.play(exchange)


class _Player:
    def __init__(
        self, target: Target, operations: Operations, acceptance: Acceptance, result: Replay
    ) -> None:
        self._target = target
        self._operations = operations
        self._acceptance = acceptance
        self._result = result
        self._declared = DeclaredValues()
        self._token = ""
        self.bindings = Bindings(target.credentials.customer_id)

    async def sign_in(self) -> None:
        """Get the token of all requests. The recorded ones are worth nothing here."""
        own = self._target.credentials
        form = urlencode({"client_id": own.client_id, "client_secret": own.client_secret})
        answer = await self._target.send(
            "POST",
            "/signin",
            {"content-type": "application/x-www-form-urlencoded"},
            form.encode(),
        )
        self._token = json_of(answer.body)["access_token"]

    async def fetch(self, path: str) -> Answer:
        """Return the answer to a GET of a path of the tenant."""
        target = f"/mgmtconfig/v1/admin/customers/{self._target.credentials.customer_id}/{path}"
        return await self._target.send("GET", target, self._authorization(), b"")

    async def play(self, exchange: Exchange) -> None:
        """Send one request, and compare its answer."""
        called = self._operations.match(exchange.method, exchange.path)
        reason = self._unsupported(exchange, called)
        if called is None or reason:
            self._skip(exchange, reason)
            return
        unknown = list(unbound_ids(exchange.path, self.bindings))
        answer = await self._sent(exchange, called.operation)
        if unknown and exchange.status < _OK <= answer.status:
            self._skip(
                exchange,
                f"The recording does not create the object {unknown[0]}. Record it too, or give "
                "a seed that has it.",
            )
            return
        if called.operation.id == SIGN_OUT:
            await self.sign_in()
        self._declared.note(_sent_json(exchange))
        self._result.compared += 1
        for each in compare_answers(exchange, answer, self.bindings, self._declared):
            if self._acceptance.accepts(called.operation.id, each):
                self._result.accepted += 1
            else:
                self._result.findings.append(
                    Finding(exchange=exchange, operation=called.operation.id, difference=each)
                )

    def _unsupported(self, exchange: Exchange, called: MatchedOperation | None) -> str:
        """Return why an exchange cannot be compared, or ""."""
        if called is None:
            if not vendor_path(exchange.path).startswith(API):
                return "It is not a request to the vendor's API."
            return "Portico does not have this operation: docs/reference/coverage.md."
        if exchange.status == 429 or exchange.status >= 500:
            return f"The vendor answered {exchange.status}, which has no cause in the request."
        if called.operation.signs_in and exchange.status >= _OK:
            return "The recorded credentials were refused, and they are not in the recording."
        return ""

    async def _sent(self, exchange: Exchange, operation: Operation) -> Answer:
        path, query = self.bindings.path(exchange.path), self.bindings.query(exchange.query)
        headers = _only(exchange.request_headers, *SENT_HEADERS)
        if isinstance(json_of(exchange.answer_body), list):
            # Portico answers a bulk with an array to the vendor's Python SDK alone.
            headers |= _only(exchange.request_headers, "user-agent")
        if operation.signs_in:
            body = self._sign_in_form(exchange.request_body)
            headers["content-type"] = "application/x-www-form-urlencoded"
        else:
            body = self._body(exchange.request_body)
            if exchange.status != 401:
                headers |= self._authorization()
        return await self._target.send(
            exchange.method, f"{path}?{query}" if query else path, headers, body
        )

    def _authorization(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token}"}

    def _body(self, body: bytes) -> bytes:
        value = json_of(body)
        return body if value is NO_JSON else json.dumps(self.bindings.body(value)).encode()

    def _sign_in_form(self, body: bytes) -> bytes:
        """Return the recorded form with the credentials of a client that exists here."""
        own = self._target.credentials
        fields = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        for name in ("client_assertion", "client_assertion_type"):
            fields.pop(name, None)
        return urlencode(
            fields | {"client_id": own.client_id, "client_secret": own.client_secret}
        ).encode()

    def _skip(self, exchange: Exchange, reason: str) -> None:
        self._result.unsupported.append(Unsupported(exchange=exchange, reason=reason))


def _only(headers: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: headers[name] for name in names if name in headers}


def _sent_json(exchange: Exchange) -> object:
    value = json_of(exchange.request_body)
    return None if value is NO_JSON else value
