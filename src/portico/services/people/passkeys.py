"""Passkeys (WebAuthn): the options for a browser, and the verification of its answers.

The package fido2 is imported when somebody uses a passkey. As a second factor a passkey proves
possession, so no PIN or fingerprint is required beside the password.
"""

from __future__ import annotations

import asyncio
import binascii
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm

from portico.domain.base64url import from_base64url, to_base64url
from portico.domain.errors import AccessDenied
from portico.domain.people.administrators import Administrator
from portico.domain.people.second_factors import SecondFactor

if TYPE_CHECKING:
    from fido2.server import Fido2Server
    from fido2.webauthn import AttestedCredentialData

T = TypeVar("T")

NAME = "Portico"
LARGEST_ANSWER = 64 * 1024
LONGEST_CREDENTIAL_ID = 1_023
_STATE = "discouraged"
# What fido2 raises for answers that are malformed or do not verify.
_REFUSALS = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
    AssertionError,
    NotImplementedError,
    binascii.Error,
    struct.error,
    UnsupportedAlgorithm,
)


class PasskeyRefused(AccessDenied):
    """A passkey's answer does not verify."""

    def __init__(self) -> None:
        super().__init__("The passkey was not accepted. Try again.")


@dataclass(frozen=True, kw_only=True)
class RelyingParty:
    """Where passkeys are used: the host that they are bound to, and the origin of the pages."""

    host: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class RegisteredPasskey:
    """A verified new passkey. `data` is its credential data, with the public key, as base64."""

    credential_id: str
    data: str
    counter: int


async def registration_options(
    party: RelyingParty,
    administrator: Administrator,
    existing: Sequence[SecondFactor],
    challenge: str,
) -> Mapping[str, Any]:
    """Return the options with which a browser creates a passkey, as JSON values."""

    def make() -> Mapping[str, Any]:
        from fido2.webauthn import PublicKeyCredentialUserEntity

        options, _ = _server(party).register_begin(
            PublicKeyCredentialUserEntity(
                id=str(administrator.id).encode(),
                name=administrator.name,
                display_name=administrator.display_name or administrator.name,
            ),
            credentials=_descriptors(existing),
            resident_key_requirement=_discouraged_key(),
            user_verification=_discouraged(),
            challenge=challenge.encode(),
        )
        return _json_values(options.public_key)

    return await asyncio.to_thread(make)


async def verify_registration(
    party: RelyingParty, challenge: str, answer: str
) -> RegisteredPasskey:
    """Return the passkey that a browser has created. Raises PasskeyRefused."""

    def verify() -> RegisteredPasskey:
        created = _server(party).register_complete(_state(challenge), _parsed(answer))
        data = created.credential_data
        if data is None or len(data.credential_id) > LONGEST_CREDENTIAL_ID:
            raise ValueError("The passkey has no usable id.")
        return RegisteredPasskey(
            credential_id=to_base64url(data.credential_id),
            data=to_base64url(bytes(data)),
            counter=created.counter,
        )

    return await _verified(verify)


async def request_options(
    party: RelyingParty, passkeys: Sequence[SecondFactor], challenge: str
) -> Mapping[str, Any]:
    """Return the options with which a browser uses one of the passkeys, as JSON values."""

    def make() -> Mapping[str, Any]:
        options, _ = _server(party).authenticate_begin(
            _descriptors(passkeys), user_verification=_discouraged(), challenge=challenge.encode()
        )
        return _json_values(options.public_key)

    return await asyncio.to_thread(make)


async def verify_use(
    party: RelyingParty, challenge: str, answer: str, passkeys: Sequence[tuple[SecondFactor, str]]
) -> tuple[SecondFactor, int]:
    """Return the passkey that signed a challenge, and its count of signatures.

    `passkeys` are pairs with the credential data. Raises PasskeyRefused, also when the count went
    back, as that of a copied security key.
    """

    def verify() -> tuple[SecondFactor, int]:
        from fido2.webauthn import AuthenticationResponse

        response = AuthenticationResponse.from_dict(_parsed(answer))
        known = {factor.credential_id: (factor, data) for factor, data in passkeys}
        factor, data = known[to_base64url(response.raw_id)]
        _server(party).authenticate_complete(_state(challenge), [_credential(data)], response)
        counter = response.response.authenticator_data.counter
        if (counter or factor.counter) and counter <= factor.counter:
            raise ValueError("The count of signatures did not grow.")
        return factor, counter

    return await _verified(verify)


async def _verified(verify: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(verify)
    except _REFUSALS as error:
        raise PasskeyRefused from error


def _server(party: RelyingParty) -> Fido2Server:
    from fido2.server import Fido2Server
    from fido2.webauthn import AttestationConveyancePreference, PublicKeyCredentialRpEntity

    return Fido2Server(
        PublicKeyCredentialRpEntity(id=party.host, name=NAME),
        attestation=AttestationConveyancePreference.NONE,
        verify_origin=lambda origin: origin == party.origin,
    )


def _discouraged() -> Any:  # noqa: ANN401  # an enumeration of a package that is imported late
    from fido2.webauthn import UserVerificationRequirement

    return UserVerificationRequirement.DISCOURAGED


def _discouraged_key() -> Any:  # noqa: ANN401  # an enumeration of a package that is imported late
    from fido2.webauthn import ResidentKeyRequirement

    return ResidentKeyRequirement.DISCOURAGED


def _descriptors(passkeys: Sequence[SecondFactor]) -> list[Any]:
    from fido2.webauthn import PublicKeyCredentialDescriptor, PublicKeyCredentialType

    return [
        PublicKeyCredentialDescriptor(
            type=PublicKeyCredentialType.PUBLIC_KEY, id=from_base64url(each.credential_id)
        )
        for each in passkeys
    ]


def _credential(data: str) -> AttestedCredentialData:
    from fido2.webauthn import AttestedCredentialData

    return AttestedCredentialData(from_base64url(data))


def _state(challenge: str) -> Mapping[str, str]:
    """Return what fido2 remembers of the options that it made."""
    return {"challenge": to_base64url(challenge.encode()), "user_verification": _STATE}


def _json_values(options: Mapping[str, Any]) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = json.loads(json.dumps(dict(options), default=dict))
    return plain


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > LARGEST_ANSWER:
        raise ValueError("The answer is too large.")
    parsed = json.loads(answer)
    if not isinstance(parsed, dict):
        raise TypeError("The answer is not an object.")
    return parsed
