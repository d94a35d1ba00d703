"""The key file: what it may hold, where it is, and how keys are named."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from portico.storage.secrets.secret_keys import SecretKeyError, SecretKeyFile, secret_key_file

KEY = base64.b64encode(bytes(range(32)))


def openssl() -> bytes:
    """What the documented command prints."""
    return subprocess.run(
        ["openssl", "rand", "-base64", "32"], capture_output=True, check=True
    ).stdout


def test_file_holds_what_openssl_prints(tmp_path: Path) -> None:
    path = tmp_path / "portico.key"
    path.write_bytes(openssl() + openssl())

    first, second = SecretKeyFile(path).read()

    assert len(first.value) == len(second.value) == 32
    assert first.id != second.id


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        KEY,  # without its newline
        KEY + b"\r\n",
        KEY + b"\n\n",
        b" " + KEY + b"\n",
        KEY[:-1] + b"\n",
        KEY[:-2] + b"9=\n",  # other unused bits
        base64.b64encode(bytes(31)) + b"\n",
        base64.b64encode(bytes(33)) + b"\n",
        base64.urlsafe_b64encode(bytes([255] * 32)) + b"\n",
        KEY + b"\n" + KEY[:-4] + b"\n",
        bytes(range(32)) + b"\n",
        b"00" * 32 + b"\n",
        (KEY + b"\n") * 5_000,
    ],
)
def test_anything_else_is_refused_with_the_command(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "portico.key"
    path.write_bytes(content)

    with pytest.raises(SecretKeyError) as refusal:
        SecretKeyFile(path).read()

    assert refusal.value.reason.startswith(f"{path} is not a secret key file")
    assert f"umask 077; openssl rand -base64 32 > {path}" in refusal.value.reason
    assert KEY.decode()[:20] not in refusal.value.reason


def test_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretKeyError, match=r"missing.key cannot be read: No such file"):
        SecretKeyFile(tmp_path / "missing.key").read()


def test_file_that_is_not_named_is_refused_with_the_command() -> None:
    with pytest.raises(SecretKeyError) as refusal:
        secret_key_file("postgresql://db/portico", "").read()

    assert "openssl rand -base64 32" in refusal.value.reason
    assert "--secret-key-file" in refusal.value.reason
    assert "PORTICO_SECRET_KEY_FILE" in refusal.value.reason


def test_key_lies_beside_a_sqlite_database(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "real" / "portico.db")

    assert secret_key_file(f"sqlite:///{tmp_path}/portico.db", "").path == tmp_path / "portico.key"
    assert secret_key_file(f"sqlite:///{tmp_path}/link.db", "").path == (
        tmp_path / "real" / "portico.key"
    )
    assert secret_key_file(f"sqlite:///{tmp_path}/portico.db", "/etc/a").path == Path("/etc/a")


def test_only_the_file_beside_a_database_is_created(tmp_path: Path) -> None:
    beside = secret_key_file(f"sqlite:///{tmp_path}/portico.db", "")
    named = secret_key_file(f"sqlite:///{tmp_path}/portico.db", f"{tmp_path}/named.key")

    created = [beside.create_if_automatic(), beside.create_if_automatic()]

    assert created == [True, False]
    assert not named.create_if_automatic()
    assert [each.name for each in tmp_path.iterdir()] == ["portico.key"]
    assert (tmp_path / "portico.key").stat().st_mode & 0o777 == 0o600
    assert len(beside.read()) == 1


def test_key_shows_its_id_alone(tmp_path: Path) -> None:
    path = tmp_path / "portico.key"
    path.write_bytes(KEY + b"\n")

    (key,) = SecretKeyFile(path).read()

    assert key.id == "1796cf1de570e158"
    assert repr(key) == "SecretKey()"
