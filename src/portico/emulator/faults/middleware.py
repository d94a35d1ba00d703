"""Applies the fault rules, between the journal and the application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import UNSET, UnsetType
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portico.emulator.faults.answers import CapturedAnswer, connection_of, send_error
from portico.emulator.faults.documented_errors import ACCESS_DENIED, envelope
from portico.emulator.faults.fault_set import Faults, Strike
from portico.emulator.faults.rules import NEEDS_ANSWER, SPOILS_TOKEN, Effect, Phase, Rule
from portico.emulator.operations import Operations
from portico.emulator.vendor_requests import (
    FORM_BYTES,
    TenantOfClient,
    VendorRequest,
    client_of_sign_in,
    is_vendor_path,
    read_body,
    vendor_request,
)

BODY_BYTES = 5 * 1024 * 1024
"""How much of a request is read before it is refused, so that the journal shows it."""

Sleep = Callable[[float], Awaitable[None]]

_TOKEN_REASONS = {
    Effect.EXPIRED_TOKEN: "Access denied. SESSION_NOT_VALID: the token has expired.",
    Effect.REVOKED_TOKEN: "Access denied. SESSION_NOT_VALID: the session was signed out.",
}


class FaultsMiddleware:
    """Strikes the requests that a rule matches, and passes all others to the application.

    `tenant_of_client` finds the tenant of a sign-in, and `sleep` delays an answer by seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        faults: Faults,
        operations: Operations,
        tenant_of_client: TenantOfClient,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._app = app
        self._faults = faults
        self._operations = operations
        self._tenant_of_client = tenant_of_client
        self._sleep = sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not self._faults or not is_vendor_path(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = vendor_request(scope, self._operations)
        receive = await self._find_caller(scope, request, receive)
        strike = self._faults.strike(request)
        if strike is None:
            await self._app(scope, receive, send)
            return
        request.fault, request.effect = strike.rule.id, strike.rule.effect
        if strike.rule.phase is Phase.BEFORE:
            await self._strike_before(strike, scope, receive, send)
        else:
            await self._strike_after(strike, scope, receive, send)

    async def _find_caller(self, scope: Scope, request: VendorRequest, receive: Receive) -> Receive:
        """Read the client of a sign-in from its form, if a rule depends on it."""
        operation = request.operation
        if operation is None or not operation.signs_in or not self._faults.names_callers:
            return receive
        body, receive = await read_body(receive, FORM_BYTES)
        request.client_id = client_of_sign_in(scope, body)
        if request.client_id is not None:
            request.customer_id = await self._tenant_of_client(request.client_id)
        return receive

    async def _strike_before(
        self, strike: Strike, scope: Scope, receive: Receive, send: Send
    ) -> None:
        _, receive = await read_body(receive, BODY_BYTES)
        await self._delay(strike)
        if strike.rule.effect is Effect.LATENCY:
            await self._app(scope, receive, send)
        else:
            await _answer(strike.rule, scope, send)

    async def _strike_after(
        self, strike: Strike, scope: Scope, receive: Receive, send: Send
    ) -> None:
        rule = strike.rule
        if rule.effect is Effect.LATENCY:
            await self._app(scope, receive, self._delayed(strike, send))
            return
        needs_answer = rule.effect in NEEDS_ANSWER or rule.at == "body"
        captured = CapturedAnswer(keep=needs_answer)
        await self._app(_without_coding(scope) if needs_answer else scope, receive, captured)
        await self._delay(strike)
        if not needs_answer:
            await _answer(rule, scope, send)
        elif rule.effect is Effect.MALFORMED_BODY:
            await captured.send_malformed(send)
        else:
            await captured.send_beginning(send)
            _end_connection(rule, scope)

    async def _delay(self, strike: Strike) -> None:
        if strike.delay:
            await self._sleep(strike.delay)

    def _delayed(self, strike: Strike, send: Send) -> Send:
        async def send_later(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._delay(strike)
            await send(message)

        return send_later


def _without_coding(scope: Scope) -> Scope:
    """Return a scope whose answer is not compressed, so that half of it is half of the JSON."""
    headers = [each for each in scope["headers"] if each[0] != b"accept-encoding"]
    return {**scope, "headers": headers}


async def _answer(rule: Rule, scope: Scope, send: Send) -> None:
    """Answer in place of the application, or end the connection."""
    if rule.effect in SPOILS_TOKEN:
        body = envelope(401, ACCESS_DENIED, _TOKEN_REASONS[rule.effect])
        await send_error(send, 401, body, retry_after=None)
    elif rule.status is UNSET:
        _end_connection(rule, scope)
    else:
        error_id, reason = _given(rule.error_id, ACCESS_DENIED), _given(rule.reason, "")
        body = envelope(rule.status, error_id, reason)
        wait = None if rule.retry_after is UNSET else rule.retry_after
        await send_error(send, rule.status, body, retry_after=wait)


def _given(value: str | UnsetType, default: str) -> str:
    return default if value is UNSET else value


def _end_connection(rule: Rule, scope: Scope) -> None:
    connection = connection_of(scope)
    if rule.effect is Effect.CONNECTION_RESET:
        connection.reset()
    else:
        connection.close()
