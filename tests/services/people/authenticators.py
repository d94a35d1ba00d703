"""A passkey in software: answers registration and sign-in as a browser with a security key does."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256

USER_PRESENT, ATTESTED = 0x01, 0x40


def base64url(content: bytes) -> str:
    """Base64 as WebAuthn writes it."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class SoftwareKey:
    """One credential. `counter` is the number of signatures so far, 0 for one that does not count.

    `origin` and `host` are what the browser says, which a phishing page would change.
    """

    origin: str
    host: str
    counter: int = 0
    counts: bool = True
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, challenge: str) -> str:
        """The answer to a registration."""
        client_data = self._client_data("webauthn.create", challenge)
        public = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]  # fido2 has no types there
        credential = (
            bytes(16)
            + struct.pack(">H", len(self.credential_id))
            + self.credential_id
            + cbor.encode(dict(public))
        )
        data = self._authenticator_data(USER_PRESENT | ATTESTED) + credential
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(clientDataJSON=client_data, attestationObject=attestation)

    def get(self, challenge: str) -> str:
        """The answer to a sign-in."""
        self.counter += self.counts
        client_data = self._client_data("webauthn.get", challenge)
        data = self._authenticator_data(USER_PRESENT)
        signed = data + hashlib.sha256(client_data).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=client_data, authenticatorData=data, signature=signature)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        content = {
            "type": kind,
            "challenge": base64url(challenge.encode()),
            "origin": self.origin,
            "crossOrigin": False,
        }
        return json.dumps(content).encode()

    def _authenticator_data(self, flags: int) -> bytes:
        host = hashlib.sha256(self.host.encode()).digest()
        return host + struct.pack(">BI", flags, self.counter)

    def _answer(self, **response: bytes) -> str:
        credential_id = base64url(self.credential_id)
        return json.dumps(
            {
                "id": credential_id,
                "rawId": credential_id,
                "type": "public-key",
                "response": {name: base64url(each) for name, each in response.items()},
                "clientExtensionResults": {},
            }
        )
