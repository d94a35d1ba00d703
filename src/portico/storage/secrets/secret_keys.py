"""The keys that encrypt secrets in the database, and the key file that stores them."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import shlex
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from portico.domain.errors import Unavailable
from portico.storage.engine.database import sqlite_path
from portico.storage.engine.files import create_private_file

KEY_BYTES = 32
LARGEST_FILE = 64 * 1024
_ID_PURPOSE = b"portico secret key id"
_ID_BYTES = 8


class SecretError(Unavailable):
    """Secrets cannot be encrypted or decrypted. The message is for the operator."""


class SecretKeyError(SecretError):
    """The key file is missing or malformed, or does not have the keys that the database needs."""


@dataclass(frozen=True)
class SecretKey:
    """One AES-256 key."""

    value: bytes = field(repr=False)

    @cached_property
    def id(self) -> str:
        """Return 16 hexadecimal digits that identify the key and reveal nothing about it."""
        return hmac.digest(self.value, _ID_PURPOSE, "sha256")[:_ID_BYTES].hex()


@dataclass(frozen=True)
class SecretKeyFile:
    """The key file, oldest key first. Each line is the output of `openssl rand -base64 32`.

    `path` is None if no file is configured. `automatic` is set for the file beside a SQLite
    database, which Portico creates together with the database.
    """

    path: Path | None
    automatic: bool = False

    def read(self) -> list[SecretKey]:
        """Return the keys. Raises SecretKeyError."""
        if self.path is None:
            raise SecretKeyError(
                "No secret key file is configured. Create one with `umask 077; openssl rand "
                "-base64 32 > portico.key`, copy it to every server, and name it with "
                "--secret-key-file or PORTICO_SECRET_KEY_FILE."
            )
        try:
            with self.path.open("rb") as file:
                content = file.read(LARGEST_FILE)
        except OSError as error:
            raise SecretKeyError(
                f"The secret key file {self.path} cannot be read: {error.strerror}."
            ) from None
        if not content.endswith(b"\n"):
            raise self._malformed()
        lines = content[:-1].split(b"\n")
        return [self._key(line) for line in dict.fromkeys(lines)]

    def create_if_automatic(self) -> bool:
        """Create the file beside a SQLite database with a random key, unless it exists.

        Returns whether it was created. The file is synced to disk, so that a power failure cannot
        leave a database without its key. Raises SecretKeyError.
        """
        if not self.automatic or self.path is None or self.path.exists():
            return False
        line = base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n"
        try:
            create_private_file(self.path, line)
        except OSError as error:
            raise SecretKeyError(
                f"The secret key file {self.path} cannot be created: {error.strerror}."
            ) from error
        return True

    def _key(self, line: bytes) -> SecretKey:
        try:
            value = base64.b64decode(line, validate=True)
        except binascii.Error:
            raise self._malformed() from None
        # Base64 ignores the last bits of the final character; this detects a typing error there.
        if len(value) != KEY_BYTES or base64.b64encode(value) != line:
            raise self._malformed()
        return SecretKey(value)

    def _malformed(self) -> SecretKeyError:
        return SecretKeyError(
            f"{self.path} is not a secret key file: each line must be the output of `openssl rand "
            "-base64 32`. Create one with `umask 077; openssl rand -base64 32 > "
            f"{shlex.quote(str(self.path))}`."
        )


def secret_key_file(database_url: str, named: str) -> SecretKeyFile:
    """Return the configured key file, or else the one beside a SQLite database.

    The key file of `portico.db` is `portico.key`. A symbolic link is resolved first.
    """
    if named:
        return SecretKeyFile(Path(named))
    path = sqlite_path(database_url)
    if path is None:
        return SecretKeyFile(None)
    return SecretKeyFile(path.resolve().with_suffix(".key"), automatic=True)
