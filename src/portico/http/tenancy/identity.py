"""Sign-in, sign-out and the caller's tenant: docs/explanation/vendor-api.md, "Signing in"."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from msgspec import UNSET
from starlette.requests import Request

from portico.asgi.bodies import read_body
from portico.domain.errors import AccessDenied, InvalidField
from portico.domain.tenancy.identity import ApiClient, secret_matches
from portico.http.kit.answers import Answer, answer_json, encode
from portico.http.kit.api_call import Api, Call
from portico.http.kit.errors import UnsupportedMediaType
from portico.http.kit.operations import (
    CUSTOMER_ID,
    IF_NONE_MATCH,
    MICROTENANT_ID,
    operation,
    public_operation,
)
from portico.http.kit.wire import Digits, MaybeDigits, WireStruct
from portico.services import access
from portico.services.people.failed_sign_ins import FailedSignIn, SignInChannel, Why

TAG = "Authentication"
TOKEN_TYPE = "Bearer"
SIGN_IN = "/signin"
DEV_SIGN_IN = "/authn/v1/oauth/token"
"""Where the vendor's Python SDK signs in to the cloud DEV, with the same form."""

TOKEN = "/oauth2/v1/token"
FORM = "application/x-www-form-urlencoded"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MOST_FIELDS = 100
SIGN_IN_STATUSES = (400, 401, 405, 413, 415, 500, 503)


class SignInForm(WireStruct, frozen=True, kw_only=True, rename=None):
    """The form that legacy clients send."""

    client_id: str
    client_secret: str


class SignInAnswer(WireStruct, frozen=True, kw_only=True, rename=None):
    """A token. Its lifetime in seconds is a string, which the legacy Go client needs."""

    token_type: str
    access_token: str
    expires_in: Digits


class TokenForm(WireStruct, frozen=True, kw_only=True, rename=None):
    """The form that OneAPI clients send, with a secret or an RS256 assertion."""

    grant_type: str = "client_credentials"
    client_id: str | None = None
    client_secret: str | None = None
    client_assertion: str | None = None
    client_assertion_type: str | None = None
    audience: str | None = None


class TokenAnswer(WireStruct, frozen=True, kw_only=True, rename=None):
    """A token. Its lifetime in seconds is a number, which the Python client needs."""

    token_type: str
    access_token: str
    expires_in: int


class OAuthError(WireStruct, frozen=True, kw_only=True, rename=None):
    """An error with the members of RFC 6749 and those of every other error."""

    error: str
    error_description: str
    id: str
    reason: str


class SignOutAnswer(WireStruct, frozen=True, kw_only=True):
    """An empty object: the session has ended."""


class MeAnswer(WireStruct, frozen=True, kw_only=True):
    """The caller's tenant and microtenant."""

    customer_id: Digits
    customer_name: str
    microtenant_id: MaybeDigits = UNSET
    microtenant_name: str


class AuthDomainsAnswer(WireStruct, frozen=True, kw_only=True):
    """The authentication domains of a tenant."""

    auth_domains: tuple[str, ...]


async def _form(request: Request) -> dict[str, str]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != FORM:
        raise UnsupportedMediaType(
            f"The body must be a form, with the header Content-Type: {FORM}."
        )
    return parse_form(await read_body(request))


def parse_form(body: bytes) -> dict[str, str]:
    """Return the fields of a form, the last one of each name. Raises InvalidField."""
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        why = f"It must be a percent-encoded form of at most {MOST_FIELDS} fields."
        raise InvalidField("body", why) from None
    return dict(pairs)


def present_sign_in(token: str, lifetime: int) -> SignInAnswer:
    """Return the answer that gives a token to a legacy client."""
    return SignInAnswer(token_type=TOKEN_TYPE, access_token=token, expires_in=str(lifetime))


def present_token(token: str, lifetime: int) -> TokenAnswer:
    """Return the answer that gives a token to a OneAPI client."""
    return TokenAnswer(token_type=TOKEN_TYPE, access_token=token, expires_in=lifetime)


@public_operation(
    "POST",
    (SIGN_IN, DEV_SIGN_IN),
    tag=TAG,
    summary="Signs an API client in, as the legacy clients do.",
    body=SignInForm,
    form=True,
    answer=SignInAnswer,
    statuses=SIGN_IN_STATUSES,
)
async def sign_in(api: Api, request: Request) -> Answer:
    """Sign an API client in by its secret, as the legacy API does."""
    form = await _form(request)
    secret = form.get("client_secret", "")
    client = await _signed_in(
        api,
        request,
        form.get("client_id", ""),
        lambda client: secret_matches(client.secret_hash, secret),
    )
    answer = present_sign_in(await api.tokens.issue(client), api.tokens.lifetime)
    return answer_json(request, encode(answer))


@public_operation(
    "POST",
    TOKEN,
    tag=TAG,
    summary="Signs an API client in by its secret or by an RS256 assertion (RFC 6749, RFC 7523).",
    body=TokenForm,
    form=True,
    answer=TokenAnswer,
    statuses=tuple(status for status in SIGN_IN_STATUSES if status != 401),
)
async def issue_token(api: Api, request: Request) -> Answer:
    """Issue a token for a secret or an RS256 assertion; every refusal is a 400."""
    form = await _form(request)
    if form.get("grant_type", "client_credentials") != "client_credentials":
        return _refusal(
            request, "unsupported_grant_type", "The grant type must be client_credentials."
        )
    client_id, secret = _basic_credentials(request)
    client_id = form.get("client_id", client_id)
    secret = form.get("client_secret", secret)
    assertion = form.get("client_assertion", "")
    if not client_id or not (secret or assertion):
        sentence = "Send client_id, and client_secret or client_assertion."
        return _refusal(request, "invalid_request", sentence)
    if assertion and form.get("client_assertion_type") != ASSERTION_TYPE:
        return _refusal(
            request, "invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}."
        )

    def accepts(client: ApiClient) -> bool:
        if assertion:
            # joserfc takes long to import, and few clients sign in with an assertion.
            from portico.http.kit.assertions import assertion_convinces

            return assertion_convinces(
                client, assertion, api.assertion_audiences, api.tokens.clock()
            )
        return secret_matches(client.secret_hash, secret)

    try:
        client = await _signed_in(api, request, client_id, accepts)
    except AccessDenied:
        return _refusal(
            request, "invalid_client", "The client is unknown, or its credentials are wrong."
        )
    answer = present_token(await api.tokens.issue(client), api.tokens.lifetime)
    return answer_json(request, encode(answer))


async def _signed_in(
    api: Api, request: Request, client_id: str, accepts: Callable[[ApiClient], bool]
) -> ApiClient:
    """Return the client that signs in. Logs a failure and raises AccessDenied."""
    try:
        return await access.sign_in(api.runtime, client_id, accepts)
    except access.ClientRefused as refused:
        client, why = refused.client, Why.UNKNOWN
        if client is not None:
            why = Why.CREDENTIALS if client.revoked_time is None else Why.REVOKED
        failure = FailedSignIn(
            channel=SignInChannel.API,
            why=why,
            address=api.client_address(request.scope),
            customer_id=None if client is None else client.customer_id,
            client_id=None if client is None else client.id,
        )
        api.failed_sign_ins.note(failure)
        raise


def _basic_credentials(request: Request) -> tuple[str, str]:
    """Return id and secret of an HTTP Basic header (RFC 6749, section 2.3.1), or empty texts."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return name, secret


def _refusal(request: Request, error: str, description: str) -> Answer:
    payload = OAuthError(
        error=error,
        error_description=description,
        id=AccessDenied.code if error == "invalid_client" else InvalidField.code,
        reason=description,
    )
    return answer_json(request, encode(payload), status=400)


@operation(
    "POST",
    "/signout",
    tag=TAG,
    summary="Ends the session of the token, everywhere and at once.",
    answer=SignOutAnswer,
    statuses=(401, 405, 409, 500, 503),
)
async def sign_out(call: Call) -> Answer:
    """End the session of the token."""
    await access.sign_out(call.api.runtime, call.claims)
    return await call.answer(SignOutAnswer())


@operation(
    "GET",
    "/v1/admin/me",
    tag=TAG,
    summary="Gets the caller's tenant and microtenant.",
    parameters=(IF_NONE_MATCH,),
    answer=MeAnswer,
    statuses=(401, 403, 405, 500, 503),
)
async def get_me(call: Call) -> Answer:
    """Return the tenant and microtenant of the caller."""
    async with call.read_own() as work:
        me = MeAnswer(
            customer_id=str(work.tenant.id),
            customer_name=work.tenant.name,
            microtenant_id=str(work.scope.microtenant_id) if work.scope.microtenant_id else UNSET,
            microtenant_name=work.microtenant_name,
        )
    return await call.answer_read(work, me)


@operation(
    "GET",
    "/v1/admin/customers/{customerId}/authDomains",
    tag=TAG,
    summary="Gets the authentication domains of the tenant.",
    parameters=(CUSTOMER_ID, MICROTENANT_ID, IF_NONE_MATCH),
    answer=AuthDomainsAnswer,
)
async def list_auth_domains(call: Call) -> Answer:
    """Return the authentication domains of the tenant."""
    async with call.read() as work:
        answer = AuthDomainsAnswer(auth_domains=work.tenant.auth_domains)
    return await call.answer_read(work, answer)


PRESENT_TOKEN: Mapping[str, Callable[[str, int], SignInAnswer | TokenAnswer]] = {
    SIGN_IN: present_sign_in,
    TOKEN: present_token,
}
"""The function that makes the answer for a token and its lifetime in seconds, by path."""

ROUTES = (get_me, list_auth_domains)
ROOT_ROUTES = (sign_in, issue_token)
SESSION_ROUTES = (sign_out,)
