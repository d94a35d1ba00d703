"""Signing in with an OpenID provider: authorisation code with PKCE, state and nonce.

The server asks only hosts that its operator named with `portico provider create`, and those that
such a provider's own metadata names on https. It follows no redirect.
"""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from portico.domain.errors import AccessDenied, Unavailable
from portico.domain.people.providers import LOOPBACK, IdentityProvider, ProvenPerson, proven_person
from portico.web.shared.attempts import ATTEMPT_SECONDS, SignInAttempt

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import AsyncOAuth2Client

METADATA_SECONDS = 60 * 60
TIMEOUT_SECONDS = 10.0
LEEWAY_SECONDS = 60
LARGEST_ANSWER = 1024 * 1024
SCOPE = "openid profile email"
# Signatures of a private key only: "none" or a shared secret would prove nothing.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a provider publishes of itself, and until when we believe it."""

    authorization: str
    token: str
    keys: str
    user_info: str
    token_auth: str
    names_itself: bool
    good_until: float


class OpenIdClients:
    """Speaks with providers; remembers what they publish for an hour."""

    def __init__(self) -> None:
        self._metadata: dict[int, tuple[str, Metadata]] = {}

    async def begin(
        self, provider: IdentityProvider, redirect_uri: str, *, next_: str, portal: str, now: int
    ) -> tuple[str, SignInAttempt]:
        """Return the address at the provider to send the browser to, and the attempt to keep.

        `portal` is empty for the console. Raises Unavailable when the provider cannot be reached
        or its metadata is not usable.
        """
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
        async with self._client(provider, redirect_uri) as client:
            address, _ = client.create_authorization_url(
                metadata.authorization,
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
        return str(address), attempt

    async def finish(
        self,
        provider: IdentityProvider,
        client_secret: str,
        attempt: SignInAttempt,
        answer: Mapping[str, str],
        redirect_uri: str,
    ) -> ProvenPerson:
        """The person whom the provider vouches for with the parameters of its redirect.

        Raises AccessDenied, or Unavailable when the provider does not answer as it should.
        """
        state = answer.get("state", "").encode("utf-8", "surrogatepass")
        if provider.id != attempt.provider_id or not secrets.compare_digest(
            state, attempt.state.encode()
        ):
            raise AccessDenied("The sign-in was begun elsewhere. Begin again.")
        metadata = await self._published(provider)
        # A provider that names itself in every answer must do so: see RFC 9207, section 2.4.
        if answer.get("iss", "" if metadata.names_itself else provider.issuer) != provider.issuer:
            raise AccessDenied("Another provider has answered. Begin again.")
        if "code" not in answer:
            raise AccessDenied("The provider did not sign you in.")
        token_auth = metadata.token_auth if client_secret else "none"
        async with self._client(provider, redirect_uri, token_auth, client_secret) as client:
            token = await self._token(client, metadata, attempt, answer["code"])
            claims = await self._verified(client, provider, metadata, attempt, token)
            claims |= await self._more(client, provider, metadata, claims)
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

    def _client(
        self,
        provider: IdentityProvider,
        redirect_uri: str,
        token_auth: str = "none",
        client_secret: str = "",
    ) -> AsyncOAuth2Client:
        # Imported when somebody signs in this way: every start of the server would pay for it.
        from authlib.integrations.httpx_client import AsyncOAuth2Client

        return AsyncOAuth2Client(
            client_id=provider.client_id,
            client_secret=client_secret or None,
            redirect_uri=redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
            token_endpoint_auth_method=token_auth,
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            verify=self._trust,
        )

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    async def _published(self, provider: IdentityProvider) -> Metadata:
        kept = self._metadata.get(provider.id)
        if (
            kept is not None
            and kept[0] == provider.issuer
            and kept[1].good_until > time.monotonic()
        ):
            return kept[1]
        address = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        async with self._client(provider, "") as client:
            document = await _json(client, address)
        if document.get("issuer") != provider.issuer:
            raise Unavailable(f"The provider at {provider.issuer} calls itself by another name.")
        offered = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        metadata = Metadata(
            authorization=_endpoint(document, "authorization_endpoint"),
            token=_endpoint(document, "token_endpoint"),
            keys=_endpoint(document, "jwks_uri"),
            user_info=_endpoint(document, "userinfo_endpoint", required=False),
            token_auth="client_secret_basic"
            if "client_secret_basic" in offered
            else "client_secret_post",
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
            good_until=time.monotonic() + METADATA_SECONDS,
        )
        self._metadata[provider.id] = (provider.issuer, metadata)
        return metadata

    async def _token(
        self, client: AsyncOAuth2Client, metadata: Metadata, attempt: SignInAttempt, code: str
    ) -> Mapping[str, Any]:
        from authlib.common.errors import AuthlibBaseError
        from httpx2 import HTTPError

        try:
            token: Mapping[str, Any] = await client.fetch_token(
                metadata.token, code=code, code_verifier=attempt.verifier
            )
        except AuthlibBaseError as error:
            raise AccessDenied("The provider did not accept the sign-in. Begin again.") from error
        except (HTTPError, ValueError) as error:
            raise Unavailable(f"The provider cannot be reached: {error}.") from error
        return token

    async def _verified(
        self,
        client: AsyncOAuth2Client,
        provider: IdentityProvider,
        metadata: Metadata,
        attempt: SignInAttempt,
        token: Mapping[str, Any],
    ) -> dict[str, Any]:
        """The claims of the ID token: signed by the provider, for us, now, and for this attempt."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        keys = await _json(client, metadata.keys)
        try:
            decoded = jwt.decode(
                str(token.get("id_token", "")),
                KeySet.import_key_set(keys),  # type: ignore[arg-type]  # checked by the import
                algorithms=ALGORITHMS,
            )
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": provider.issuer},
                    "aud": {"essential": True, "value": provider.client_id},
                },
                {
                    "nonce": attempt.nonce,
                    "client_id": provider.client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(now=int(time.time()), leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise AccessDenied("The provider's answer cannot be trusted.") from error
        return dict(claims)

    async def _more(
        self,
        client: AsyncOAuth2Client,
        provider: IdentityProvider,
        metadata: Metadata,
        claims: Mapping[str, Any],
    ) -> dict[str, Any]:
        """What the provider tells only when asked; some leave name and groups out of the token."""
        wanted = {"email", "name", provider.groups_claim}
        if not metadata.user_info or wanted <= set(claims):
            return {}
        told = await _json(client, metadata.user_info, with_token=True)
        if told.get("sub") != claims["sub"]:
            raise AccessDenied("The provider's answer cannot be trusted.")
        return {name: value for name, value in told.items() if name not in claims}


async def _json(
    client: AsyncOAuth2Client, address: str, *, with_token: bool = False
) -> dict[str, Any]:
    """A JSON object that a provider publishes, or tells the bearer. Raises Unavailable."""
    from httpx2 import HTTPError

    try:
        answer = await client.request("GET", address, withhold_token=not with_token)
        document = answer.json() if len(answer.content) <= LARGEST_ANSWER else None
    except (HTTPError, ValueError) as error:
        raise Unavailable(f"The provider cannot be reached at {address}: {error}.") from error
    if answer.status_code != 200 or not isinstance(document, dict):
        raise Unavailable(f"The provider answers {answer.status_code} at {address}.")
    return document


def _endpoint(document: Mapping[str, Any], name: str, *, required: bool = True) -> str:
    """An address in the metadata: https, or http on this machine. Raises Unavailable."""
    address = document.get(name)
    if address is None and not required:
        return ""
    parts = urlsplit(address) if isinstance(address, str) else urlsplit("")
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return str(address)
    raise Unavailable(f"The provider's metadata has no {name} on https.")
