"""Sign-in through an OpenID provider: authorisation code with PKCE, state and nonce.

The server requests only hosts that its operator named with `portico provider create`, and those
that such a provider's metadata names on https. It follows no redirect.
"""

from __future__ import annotations

import hashlib
import secrets
import ssl
import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from cachetools import TTLCache

from portico.domain.base64url import to_base64url
from portico.domain.errors import AccessDenied, Unavailable
from portico.domain.people.providers import LOOPBACK, IdentityProvider, ProvenPerson, proven_person
from portico.web.sign_in.attempts import ATTEMPT_SECONDS, SignInAttempt

# httpx and joserfc are imported when somebody signs in this way. Most servers have no provider.
if TYPE_CHECKING:
    from httpx import AsyncClient, Response

METADATA_SECONDS = 60 * 60
CACHED_PROVIDERS = 1_000
TIMEOUT_SECONDS = 10.0
LARGEST_ANSWER = 1024 * 1024
SCOPE = "openid profile email"


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider publishes about itself."""

    authorization: str
    token: str
    keys: str
    user_info: str
    basic_auth: bool
    names_itself: bool


class OpenIdClients:
    """Signs people in through providers. Caches their metadata for an hour."""

    def __init__(self) -> None:
        self._metadata: TTLCache[tuple[int, str], Metadata] = TTLCache(
            CACHED_PROVIDERS, ttl=METADATA_SECONDS
        )

    async def begin(
        self, provider: IdentityProvider, redirect_uri: str, *, next_: str, portal: str, now: int
    ) -> tuple[str, SignInAttempt]:
        """Return the provider's address to redirect the browser to, and the attempt to store.

        `portal` is empty for the console. Raises Unavailable when the provider cannot be reached
        or its metadata cannot be used.
        """
        from httpx import URL

        metadata = await self._published(provider)
        attempt = SignInAttempt(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            provider_id=provider.id,
            customer_id=provider.customer_id,
            portal=portal,
            next=next_,
            expires=now + ATTEMPT_SECONDS,
        )
        challenge = hashlib.sha256(attempt.verifier.encode()).digest()
        address = URL(metadata.authorization).copy_merge_params(
            {
                "response_type": "code",
                "client_id": provider.client_id,
                "redirect_uri": redirect_uri,
                "scope": SCOPE,
                "state": attempt.state,
                "nonce": attempt.nonce,
                "code_challenge": to_base64url(challenge),
                "code_challenge_method": "S256",
            }
        )
        return str(address), attempt

    async def require_usable(self, provider: IdentityProvider) -> None:
        """Raise Unavailable unless the provider publishes metadata that can be used."""
        await self._published(provider)

    async def finish(
        self,
        provider: IdentityProvider,
        client_secret: str,
        attempt: SignInAttempt,
        answer: Mapping[str, str],
        redirect_uri: str,
    ) -> ProvenPerson:
        """Return the person that the provider signed in. `answer` is the query of its redirect.

        Raises AccessDenied, or Unavailable when the provider does not answer as it should.
        """
        from portico.web.sign_in.id_tokens import verify_id_token

        state = answer.get("state", "").encode("utf-8", "surrogatepass")
        if provider.id != attempt.provider_id or not secrets.compare_digest(
            state, attempt.state.encode()
        ):
            raise AccessDenied("The sign-in was begun elsewhere. Begin again.")
        metadata = await self._published(provider)
        # RFC 9207, section 2.4: a provider that announces `iss` must send it.
        if answer.get("iss", "" if metadata.names_itself else provider.issuer) != provider.issuer:
            raise AccessDenied("Another provider has answered. Begin again.")
        if "code" not in answer:
            raise AccessDenied("The provider did not sign you in.")
        async with self._client() as client:
            form = {
                "grant_type": "authorization_code",
                "code": answer["code"],
                "redirect_uri": redirect_uri,
                "code_verifier": attempt.verifier,
            }
            token = await _token(client, provider, client_secret, metadata, form)
            claims = verify_id_token(
                token,
                await _json(client, metadata.keys),
                issuer=provider.issuer,
                client_id=provider.client_id,
                nonce=attempt.nonce,
                now=int(time.time()),
            )
            claims |= await _user_info(client, provider, metadata, claims, token)
        return proven_person(
            provider.id,
            str(claims["sub"]),
            {
                "username": claims.get("preferred_username"),
                "name": claims.get("name"),
                "email": claims.get("email"),
                "email_verified": claims.get("email_verified"),
                "groups": claims.get(provider.groups_claim),
            },
        )

    def _client(self) -> AsyncClient:
        from httpx import AsyncClient

        return AsyncClient(
            headers={"Accept": "application/json"},
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            verify=self._tls_context,
        )

    @cached_property
    def _tls_context(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    async def _published(self, provider: IdentityProvider) -> Metadata:
        key = (provider.id, provider.issuer)
        cached = self._metadata.get(key)
        if cached is not None:
            return cached
        address = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        async with self._client() as client:
            document = await _json(client, address)
        if document.get("issuer") != provider.issuer:
            raise Unavailable(f"The provider at {provider.issuer} calls itself by another name.")
        offered = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        metadata = Metadata(
            authorization=_endpoint(document, "authorization_endpoint"),
            token=_endpoint(document, "token_endpoint"),
            keys=_endpoint(document, "jwks_uri"),
            user_info=_endpoint(document, "userinfo_endpoint", required=False),
            basic_auth="client_secret_basic" in offered,
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        )
        self._metadata[key] = metadata
        return metadata


async def _token(
    client: AsyncClient,
    provider: IdentityProvider,
    client_secret: str,
    metadata: Metadata,
    form: dict[str, str],
) -> dict[str, Any]:
    """Return the token endpoint's answer to a code. Raises AccessDenied or Unavailable."""
    auth = None
    if client_secret and metadata.basic_auth:
        auth = provider.client_id, client_secret
    else:
        form |= {"client_id": provider.client_id}
        form |= {"client_secret": client_secret} if client_secret else {}
    answer = await _request(client, "POST", metadata.token, data=form, auth=auth)
    token = _content(answer)
    if token is None or answer.status_code >= 500:
        raise Unavailable(f"The provider answers {answer.status_code} at {metadata.token}.")
    if "error" in token:
        raise AccessDenied("The provider did not accept the sign-in. Begin again.")
    return token


async def _user_info(
    client: AsyncClient,
    provider: IdentityProvider,
    metadata: Metadata,
    claims: Mapping[str, Any],
    token: Mapping[str, Any],
) -> dict[str, Any]:
    """Return claims that the ID token lacks: some providers leave out the name or the groups."""
    needed = {"email", "name", provider.groups_claim}
    if not metadata.user_info or needed <= set(claims):
        return {}
    bearer = {"Authorization": f"Bearer {token.get('access_token')}"}
    document = await _json(client, metadata.user_info, bearer)
    if document.get("sub") != claims["sub"]:
        raise AccessDenied("The provider's answer cannot be trusted.")
    return {name: value for name, value in document.items() if name not in claims}


async def _json(
    client: AsyncClient, address: str, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the JSON object at an address of the provider. Raises Unavailable."""
    answer = await _request(client, "GET", address, headers=headers)
    document = _content(answer)
    if answer.status_code != 200 or document is None:
        raise Unavailable(f"The provider answers {answer.status_code} at {address}.")
    return document


async def _request(client: AsyncClient, method: str, address: str, **options: Any) -> Response:  # noqa: ANN401  # httpx's own
    from httpx import HTTPError, InvalidURL

    try:
        return await client.request(method, address, **options)
    except (HTTPError, InvalidURL, ValueError) as error:
        raise Unavailable(f"The provider cannot be reached at {address}: {error}.") from error


def _content(answer: Response) -> dict[str, Any] | None:
    """Return the JSON object of an answer, or None if it is too large or is something else."""
    try:
        document = answer.json() if len(answer.content) <= LARGEST_ANSWER else None
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _endpoint(document: Mapping[str, Any], name: str, *, required: bool = True) -> str:
    """Return an endpoint of the metadata: https, or http on this machine. Raises Unavailable."""
    address = document.get(name)
    if address is None and not required:
        return ""
    parts = urlsplit(address) if isinstance(address, str) else urlsplit("")
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return str(address)
    raise Unavailable(f"The provider's metadata has no {name} on https.")
