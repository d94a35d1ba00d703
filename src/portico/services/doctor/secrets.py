"""Checks of the keys: the secret key opens the secrets, and no key is too old."""

from __future__ import annotations

import shlex

from portico.services.doctor.checks import Examined, Result, fail, good, listed, warn
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.secrets.secret_keys import SecretError
from portico.storage.secrets.secrets import SECRET_COLUMNS, SecretKeyRepository, StoredSecrets
from portico.storage.tenancy.signing_keys import SigningKeyRepository

DAY = 24 * 60 * 60
SECRET_KEY_DAYS = 2 * 365
"""NIST SP 800-57 part 1, table 1: at most two years for a key that encrypts data."""

SIGNING_KEY_DAYS = 365


async def check_secret_key(examined: Examined) -> Result:
    """Check that the key file opens the check values, and one value of each secret column."""
    decrypted = 0
    try:
        async with examined.database.read() as connection:
            await SecretKeyRepository(connection, examined.cipher).require_readable()
            for column in SECRET_COLUMNS:
                secrets = StoredSecrets(connection, examined.cipher, column)
                decrypted += await secrets.require_sample_readable()
    except SecretError as error:
        return fail(
            error.reason,
            "Tokens, second factors and sign-in through providers fail. `serve` may not start.",
            f"ls -l {_key_path(examined.cipher)}",
        )
    return good(f"The secret key is right. Values of {decrypted} secret columns decrypt.")


async def check_secret_key_age(examined: Examined) -> Result:
    """Look for an old secret key, and for a replacement that was not finished."""
    async with examined.database.read() as connection:
        keys = await SecretKeyRepository(connection, examined.cipher).in_use()
    replaced = [each.id for each in keys[:-1]]
    if replaced:
        return warn(
            f"Secrets can still be encrypted with {listed(replaced)}, which was replaced.",
            "The replacement of the key was interrupted, so the old key cannot be removed.",
            examined.line.write("keys", "rotate-secret"),
        )
    days = (examined.now - keys[-1].creation_time) // DAY
    if days > SECRET_KEY_DAYS:
        return warn(
            f"The secret key is {days} days old.",
            "Everybody who has ever seen it can read the secrets of the database.",
            f"openssl rand -base64 32 >> {_key_path(examined.cipher)} && "
            f"{examined.line.write('keys', 'rotate-secret')}",
        )
    return good(f"The secret key is {days} days old.")


async def check_signing_key_age(examined: Examined) -> Result:
    """Look for an old signing key."""
    async with examined.database.read() as connection:
        since = await SigningKeyRepository(connection, examined.cipher).signing_since()
    if since is None:
        return good("There is no signing key yet. `serve` creates it.")
    days = (examined.now - since) // DAY
    if days > SIGNING_KEY_DAYS:
        return warn(
            f"The key that signs tokens is {days} days old.",
            "Everybody who has ever seen it can make tokens of any client.",
            examined.line.write("keys", "rotate"),
        )
    return good(f"The key that signs tokens is {days} days old.")


def _key_path(cipher: SecretCipher) -> str:
    return shlex.quote(str(cipher.file.path or "portico.key"))
