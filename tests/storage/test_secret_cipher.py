"""Encrypted values: they decrypt in their own place, with their own key, unaltered."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from portico.storage.secrets.secret_cipher import SecretCipher, SecretUnreadable, secret_location
from portico.storage.secrets.secret_keys import SecretKeyError, SecretKeyFile

PLACE = secret_location("identity_provider", "client_secret", {"customer_id": 7, "id": 9})
OTHER_SLOTS = [
    secret_location("identity_provider", "client_secret", {"customer_id": 7, "id": 8}),
    secret_location("identity_provider", "client_secret", {"customer_id": 8, "id": 9}),
    secret_location("identity_provider", "client_secret", {"customer_id": 9, "id": 7}),
    secret_location("identity_provider", "issuer", {"customer_id": 7, "id": 9}),
    secret_location("signing_key", "client_secret", {"customer_id": 7, "id": 9}),
    secret_location("identity_provider", "client_secret", {"id": 9}),
]


def key_file(path: Path) -> SecretKeyFile:
    """A new file of one key."""
    file = SecretKeyFile(path, automatic=True)
    file.create_if_automatic()
    return file


@pytest.fixture
def cipher(tmp_path: Path) -> SecretCipher:
    """A cipher with one key."""
    return SecretCipher(key_file(tmp_path / "portico.key"))


def key_id(cipher: SecretCipher) -> str:
    """The id of the newest key."""
    return cipher.read_keys()[-1].id


@pytest.mark.parametrize("text", ["", "secret", "dänisch 🗝 \0", "x" * 100_000])
def test_value_decrypts_in_its_place(cipher: SecretCipher, text: str) -> None:
    stored = cipher.encrypt(key_id(cipher), PLACE, text)

    assert cipher.decrypt(PLACE, stored) == text
    assert stored.startswith(f"v1.{key_id(cipher)}.")
    assert not text or text not in stored


@pytest.mark.parametrize("other", OTHER_SLOTS)
def test_value_decrypts_in_no_other_place(cipher: SecretCipher, other: str) -> None:
    stored = cipher.encrypt(key_id(cipher), PLACE, "secret")

    with pytest.raises(SecretUnreadable, match="does not decrypt"):
        cipher.decrypt(other, stored)


def test_equal_texts_are_stored_differently(cipher: SecretCipher) -> None:
    stored = {cipher.encrypt(key_id(cipher), PLACE, "secret") for _ in range(100)}
    nonces = {base64.urlsafe_b64decode(each.split(".")[2])[:12] for each in stored}

    assert len(stored) == len(nonces) == 100


def test_every_altered_byte_is_noticed(cipher: SecretCipher) -> None:
    prefix, _, encoded = cipher.encrypt(key_id(cipher), PLACE, "secret").rpartition(".")
    content = base64.urlsafe_b64decode(encoded)
    for number in range(len(content)):
        altered = bytearray(content)
        altered[number] ^= 1
        value = f"{prefix}.{base64.urlsafe_b64encode(altered).decode()}"

        assert not cipher.can_decrypt(PLACE, value)


@pytest.mark.parametrize(
    "stored", ["", "secret", "v1", "v1.", "v2.{id}.AAAA", "v1.{id}.", "v1.{id}.!"]
)
def test_what_is_no_value_is_unreadable(cipher: SecretCipher, stored: str) -> None:
    value = stored.format(id=key_id(cipher))

    assert not cipher.can_decrypt(PLACE, value)


def test_wrong_key_is_refused_by_both_ids(cipher: SecretCipher, tmp_path: Path) -> None:
    stored = cipher.encrypt(key_id(cipher), PLACE, "secret")
    other = SecretCipher(key_file(tmp_path / "other.key"))

    with pytest.raises(SecretKeyError) as refusal:
        other.decrypt(PLACE, stored)

    assert key_id(cipher) in refusal.value.reason
    assert key_id(other) in refusal.value.reason


def test_value_of_another_key_with_the_same_id_is_unreadable(
    cipher: SecretCipher, tmp_path: Path
) -> None:
    other = SecretCipher(key_file(tmp_path / "other.key"))
    stored = other.encrypt(key_id(other), PLACE, "secret")

    relabelled = stored.replace(key_id(other), key_id(cipher))

    with pytest.raises(SecretUnreadable):
        cipher.decrypt(PLACE, relabelled)


def test_key_that_is_appended_is_found_while_running(cipher: SecretCipher, tmp_path: Path) -> None:
    old = cipher.encrypt(key_id(cipher), PLACE, "old")
    other = SecretCipher(key_file(tmp_path / "other.key"))
    new = other.encrypt(key_id(other), PLACE, "new")

    path = tmp_path / "portico.key"
    path.write_bytes(path.read_bytes() + (tmp_path / "other.key").read_bytes())

    assert cipher.decrypt(PLACE, new) == "new"
    assert cipher.decrypt(PLACE, old) == "old"
