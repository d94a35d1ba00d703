"""The tests' OpenID provider: oidc-provider-mock, with the checks added that it leaves out.

It checks the PKCE verifier (RFC 7636, section 4.6), and names itself in its answers (RFC 9207) if
asked to. Run it as `python -m tests.web.openid_provider PORT OPTIONS`, with options as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from portico.domain.people.providers import IdentityProvider, IdentityProviderSpec
from portico.services.people import providers
from tests.harness import READY_SECONDS, Tenant, as_operator, free_port
from tests.web.visits import Visit

PEOPLE: list[dict[str, Any]] = [
    {"sub": "list", "preferred_username": "lis", "name": "Lis", "groups": ["Staff", "Crew"]},
    {"sub": "text", "preferred_username": "tex", "name": "Tex", "groups": "Staff"},
    {"sub": "ada", "name": "Ada", "email": "ada@a.example", "email_verified": True},
    {"sub": "eve", "name": "Eve", "email": "ada@a.example", "email_verified": False},
]


@contextmanager
def running_provider(*, require_nonce: bool = True, names_itself: bool = False) -> Iterator[str]:
    """A provider with a few people, for the length of a block; its issuer."""
    port = free_port()
    options = {"require_nonce": require_nonce, "names_itself": names_itself}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.web.openid_provider", str(port), json.dumps(options)],
        env={**os.environ, "NO_COLOR": "1"},
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            httpx.get(f"{url}/jwks", timeout=1)
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline, "The provider did not start."
            time.sleep(0.05)
    try:
        yield url
    finally:
        process.terminate()
        process.wait(timeout=READY_SECONDS)


def add_provider(tenant: Tenant, issuer: str, **changed: object) -> IdentityProvider:
    """A provider of the tenant."""
    values: dict[str, object] = {
        "name": "Acme",
        "issuer": issuer,
        "client_id": "portico",
        "client_secret": "shared",
        "for_console": True,
    }
    values |= changed
    secret = str(values.pop("client_secret"))
    spec = IdentityProviderSpec(**values)  # type: ignore[arg-type]  # made by name
    return as_operator(
        tenant.server.database,
        lambda runtime: providers.create_provider(
            runtime, int(tenant.customer_id), spec, client_secret=secret
        ),
    )


def leave(visit: Visit, door: str, provider: IdentityProvider, next_: str = "") -> str:
    """Goes to the provider from a door; its address."""
    query = f"?next={next_}" if next_ else ""
    answer = visit.get(f"{door}/oidc/{provider.id}{query}")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def agree(address: str, subject: str) -> str:
    """Signs in at the provider; the address that it sends the browser back to."""
    answer = httpx.post(address, data={"sub": subject} if subject else {"action": "deny"})
    assert answer.status_code in {302, 303}, answer.text
    return answer.headers["location"]


def path_of(address: str) -> str:
    """Path and query of an address."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def with_query(address: str, **changed: str | None) -> str:
    """The address with parameters of its query changed, or left out for None."""
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    kept = {name: value for name, value in (query | changed).items() if value is not None}
    return parts._replace(query=urlencode(kept)).geturl()


def make_app(*, require_nonce: bool, names_itself: bool) -> Any:  # noqa: ANN401  # a Flask app
    """The provider as a WSGI application."""
    import flask
    import oidc_provider_mock

    people = [
        oidc_provider_mock.User(
            sub=str(each["sub"]), claims={k: v for k, v in each.items() if k != "sub"}
        )
        for each in PEOPLE
    ]
    app = oidc_provider_mock.app(require_nonce=require_nonce, user_claims=people)
    challenges: dict[str, str] = {}

    def check_verifier() -> tuple[dict[str, str], int] | None:
        if flask.request.path != "/oauth2/token":
            return None
        verifier = flask.request.form.get("code_verifier", "").encode()
        digest = urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        fits = challenges.get(flask.request.form.get("code", "")) == digest
        return None if fits else ({"error": "invalid_grant"}, 400)

    def amend(response: flask.Response) -> flask.Response:
        code = parse_qs(urlsplit(response.headers.get("Location", "")).query).get("code")
        if code:
            challenges[code[0]] = flask.request.args.get("code_challenge", "")
        issuer = flask.request.host_url.rstrip("/")
        if names_itself and code:
            response.headers["Location"] += "&" + urlencode({"iss": issuer})
        if names_itself and flask.request.path.startswith("/.well-known/"):
            metadata = {"authorization_response_iss_parameter_supported": True}
            response.set_data(json.dumps(json.loads(response.get_data()) | metadata))
        return response

    app.before_request(check_verifier)
    app.after_request(amend)
    return app


def main() -> None:
    """Serves until it is stopped."""
    from werkzeug.serving import make_server

    make_server(
        "127.0.0.1", int(sys.argv[1]), make_app(**json.loads(sys.argv[2])), threaded=True
    ).serve_forever()


if __name__ == "__main__":
    main()
