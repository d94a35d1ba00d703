"""What pages about second factors share: the QR code, the place of passkeys, their options."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request

from portico.domain.people.administrators import Administrator
from portico.domain.people.second_factors import (
    STEP_SECONDS,
    FactorMethod,
    NewFactor,
    check_factor_name,
    check_totp_secret,
    matching_step,
    new_totp_secret,
    otpauth_address,
)
from portico.services.people.passkeys import RelyingParty, verify_registration
from portico.web.shared.site import Site

ISSUER = "Portico"
APP_NAME = "Authenticator app"
PASSKEY_NAME = "Passkey"
_GROUP = 4


class AppSetUp(msgspec.Struct, frozen=True, kw_only=True):
    """A new secret for an authenticator app: as text, in groups, and as a QR code (SVG)."""

    secret: str
    grouped: str
    address: str
    picture: str


class PasskeyPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where passkeys work here. `options` are for the script; `party` is None if they do not."""

    party: RelyingParty | None
    options: str = ""


def app_set_up(administrator: Administrator, secret: str = "") -> AppSetUp:
    """Return the set-up of an authenticator app, with a new secret or the one of a sent form."""
    import segno

    secret = secret or new_totp_secret()
    address = otpauth_address(secret, issuer=ISSUER, account=administrator.name)
    picture = segno.make(address, error="m", micro=False).svg_data_uri(
        scale=4, border=2, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    grouped = " ".join(secret[each : each + _GROUP] for each in range(0, len(secret), _GROUP))
    return AppSetUp(secret=secret, grouped=grouped, address=address, picture=picture)


def proven_app(secret: str, code: str, name: str, now: int) -> NewFactor | None:
    """Return the authenticator app that shows a code, or None for a wrong code.

    Raises InvalidField.
    """
    name = check_factor_name(name, APP_NAME)
    step = matching_step(check_totp_secret(secret), code, now, after=now // STEP_SECONDS - 2)
    if step is None:
        return None
    return NewFactor(method=FactorMethod.APP, name=name, secret=secret, counter=step)


async def proven_passkey(party: RelyingParty, challenge: str, answer: str, name: str) -> NewFactor:
    """Return the passkey that a browser has created. Raises InvalidField or PasskeyRefused."""
    name = check_factor_name(name, PASSKEY_NAME)
    created = await verify_registration(party, challenge, answer)
    return NewFactor(
        method=FactorMethod.PASSKEY,
        name=name,
        secret=created.data,
        counter=created.counter,
        host=party.host,
        credential_id=created.credential_id,
    )


def options_text(options: Mapping[str, Any]) -> str:
    """Return options as the script of the page reads them."""
    return json.dumps(options)


def relying_party(site: Site, request: Request) -> RelyingParty | None:
    """Return where passkeys are used, or None where browsers allow none.

    Browsers allow them on HTTPS and at localhost, and not for an address of numbers. The host is
    that of the public URL, or else of the request. It must be the one that the browser shows, so
    that nobody sets up a passkey that never works.
    """
    try:
        parts = urlsplit(site.origins.origin(request).lower())
        host, port = parts.hostname or "", parts.port
        shown = urlsplit(f"//{request.headers.get('host', '')}".lower()).hostname
    except ValueError:
        return None
    is_local = host == "localhost" or host.endswith(".localhost")
    if host != shown or _is_address(host) or not (parts.scheme == "https" or is_local):
        return None
    is_default = port is None or port == {"https": 443, "http": 80}.get(parts.scheme)
    origin = f"{parts.scheme}://{host}" if is_default else f"{parts.scheme}://{host}:{port}"
    return RelyingParty(host=host, origin=origin)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return not host
    return True
