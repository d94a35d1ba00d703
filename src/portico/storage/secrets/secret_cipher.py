"""Encrypts single values with AES-256-GCM (NIST SP 800-38D), each bound to its row and column."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column

from portico.storage.secrets.secret_keys import (
    SecretError,
    SecretKey,
    SecretKeyError,
    SecretKeyFile,
)

_VERSION = "v1"
_NONCE_BYTES = 12


class SecretUnreadable(SecretError):
    """An encrypted value was altered or copied from another row, or is not an encrypted value."""


@dataclass(frozen=True)
class SecretColumn:
    """A column of encrypted values. `row` has the columns that identify a row and its tenant."""

    column: Column[str]
    row: tuple[Column[int], ...]

    def location(self, values: Mapping[str, Any]) -> str:
        """Return the location of the value in a row, given the row's values by column name."""
        row = {each.name: values[each.name] for each in self.row}
        return secret_location(self.column.table.name, self.column.name, row)


def secret_location(table: str, column: str, row: Mapping[str, int | str]) -> str:
    """Return the name of the only location in the database where an encrypted value decrypts."""
    return json.dumps([table, column, row], sort_keys=True)


def value_prefix(key_id: str) -> str:
    """Return the prefix of every value that is encrypted with a key."""
    return f"{_VERSION}.{key_id}."


class SecretCipher:
    """Encrypts and decrypts with the keys of one file.

    The file is read when a key is first needed, and again when a value names an unknown key, so
    that a running server finds an appended key.
    """

    def __init__(self, file: SecretKeyFile) -> None:
        self.file = file
        self._keys: dict[str, SecretKey] = {}

    def read_keys(self) -> list[SecretKey]:
        """Read the file and return its keys, oldest first. Raises SecretKeyError."""
        keys = self.file.read()
        self._keys = {key.id: key for key in keys}
        return keys

    def encrypt(self, key_id: str, location: str, text: str) -> str:
        """Return a value that decrypts only in its location. Raises SecretKeyError."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._aead(key_id).encrypt(nonce, text.encode(), _bound_to(key_id, location))
        return value_prefix(key_id) + base64.urlsafe_b64encode(nonce + sealed).decode()

    def decrypt(self, location: str, stored: str) -> str:
        """Return the text of a stored value. Raises SecretUnreadable or SecretKeyError."""
        version, key_id, encoded = [*stored.split(".", 2), "", ""][:3]
        if version != _VERSION:
            raise SecretUnreadable(f"The secret at {location} is not an encrypted value.")
        aead = self._aead(key_id)
        try:
            content = base64.b64decode(encoded, altchars=b"-_", validate=True)
            nonce, sealed = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
            return aead.decrypt(nonce, sealed, _bound_to(key_id, location)).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise SecretUnreadable(
                f"The secret at {location} does not decrypt with key {key_id}: it was altered, or "
                "copied from another row."
            ) from None

    def can_decrypt(self, location: str, stored: str) -> bool:
        """Return whether a stored value decrypts in its location."""
        try:
            self.decrypt(location, stored)
        except SecretError:
            return False
        return True

    def _aead(self, key_id: str) -> AESGCM:
        if key_id not in self._keys:
            self.read_keys()
        if key_id not in self._keys:
            available = " and ".join(self._keys)
            raise SecretKeyError(
                f"A secret is encrypted with key {key_id}, but {self.file.path} has key "
                f"{available}."
            )
        return AESGCM(self._keys[key_id].value)


def _bound_to(key_id: str, location: str) -> bytes:
    return f"portico {_VERSION} {key_id} {location}".encode()
