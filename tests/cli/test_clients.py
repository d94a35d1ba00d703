"""`portico client`: create, list and revoke API clients."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.cli.commands import misuse, refuse, run, succeed, succeed_json
from tests.harness import LINKS, MICROTENANTS, Caller, Credentials, served
from tests.http.clients import assertion_of

TOO_LARGE = "99999999999999999999999"


def public_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    """The public half of a key, in PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_create_tells_what_is_needed_to_sign_in(
    database: str, customer_id: str, tmp_path: Path
) -> None:
    made = succeed_json("client", "create", "--customer", customer_id, "--database", database)

    assert set(made) == {"customerId", "clientId", "clientSecret"}
    assert made["customerId"] == customer_id
    with served(database, tmp_path / "server.log") as server:
        caller = Caller(server, customer_id, Credentials(made["clientId"], made["clientSecret"]))
        assert caller.create_link("Wiki")


def test_create_prints_the_secret_once(database: str, customer_id: str) -> None:
    where = ("--customer", customer_id, "--database", database)

    printed = succeed("client", "create", "--name", "terraform", *where)
    told = dict(line.split() for line in printed.splitlines()[:3])
    listed = succeed("client", "list", *where)
    listed_json = succeed("client", "list", "--json", *where)

    assert told["customerId"] == customer_id
    assert len(told["clientSecret"]) >= 43  # 256 bits
    assert told["clientId"] in listed
    assert "terraform" in listed
    assert told["clientSecret"] not in listed + listed_json


@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_role_is_written_as_documented(
    database: str, customer_id: str, tmp_path: Path, role: str
) -> None:
    where = ("--customer", customer_id, "--database", database)

    made = succeed_json("client", "create", "--role", role, *where)
    (listed,) = succeed_json("client", "list", *where)

    assert listed["role"] == role
    with served(database, tmp_path / "server.log") as server:
        caller = Caller(server, customer_id, Credentials(made["clientId"], made["clientSecret"]))
        written = caller.post(LINKS, {"name": "Wiki", "link": "wiki.example.com"})
        assert written.status_code == {"admin": 201, "viewer": 403}[role]


def test_default_role_is_admin(database: str, customer_id: str) -> None:
    where = ("--customer", customer_id, "--database", database)
    succeed("client", "create", *where)

    (listed,) = succeed_json("client", "list", *where)

    assert (listed["role"], listed["signsInBy"]) == ("admin", "secret")
    assert (listed["microtenantId"], listed["revokedTime"]) == (None, None)


def test_client_confined_to_a_microtenant(database: str, customer_id: str, tmp_path: Path) -> None:
    where = ("--customer", customer_id, "--database", database)
    made = succeed_json("client", "create", *where)
    with served(database, tmp_path / "server.log") as server:
        admin = Caller(server, customer_id, Credentials(made["clientId"], made["clientSecret"]))
        inside = admin.create(MICROTENANTS, {"name": "Laboratory", "enabled": True})["id"]

        confined = succeed_json("client", "create", "--microtenant", inside, *where)
        caller = Caller(
            server, customer_id, Credentials(confined["clientId"], confined["clientSecret"])
        )

        assert caller.get(LINKS).status_code == 403
        assert caller.get(LINKS, microtenantId=inside).status_code == 200
        assert caller.get(LINKS, microtenantId="0").status_code == 403


@pytest.mark.parametrize(
    "arguments",
    [
        ("client", "create", "--customer", "43"),
        ("client", "create", "--customer", TOO_LARGE),
        ("client", "list", "--customer", "43"),
        ("client", "list", "--customer", TOO_LARGE),
        ("client", "create", "--customer", "CUSTOMER", "--microtenant", "43"),
        ("client", "create", "--customer", "CUSTOMER", "--microtenant", TOO_LARGE),
        ("client", "revoke", "43"),
        ("client", "revoke", TOO_LARGE),
    ],
)
def test_unknown_number_is_refused_by_it(
    database: str, customer_id: str, arguments: tuple[str, ...]
) -> None:
    given = [customer_id if each == "CUSTOMER" else each for each in arguments]

    ended = run(*given, "--database", database)

    assert ended.status in {1, 2}
    assert arguments[-1] in ended.errors


def test_misuse_is_told_apart(database: str) -> None:
    where = ("--database", database)

    assert "'--customer'" in misuse("client", "create", *where)
    assert "'--role'" in misuse("client", "create", "--customer", "1", "--role", "boss", *where)
    assert "'CLIENT_ID'" in misuse("client", "revoke", *where)


def test_name_is_checked(database: str, customer_id: str) -> None:
    where = ("--customer", customer_id, "--database", database)

    assert "name" in refuse("client", "create", "--name", "", *where)
    assert "name" in refuse("client", "create", "--name", "a" * 256, *where)


def test_public_key_signs_in_by_assertion(database: str, customer_id: str, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65_537, 2_048)
    file = tmp_path / "key.pub.pem"
    file.write_bytes(public_pem(key))
    where = ("--customer", customer_id, "--database", database)

    made = succeed_json("client", "create", "--public-key", str(file), *where)
    printed = succeed("client", "create", "--public-key", str(file), *where)
    listed = succeed_json("client", "list", *where)

    assert made == {"customerId": customer_id, "clientId": made["clientId"]}  # and no secret
    assert "ecret" not in printed
    assert {each["signsInBy"] for each in listed} == {"assertion"}
    claims = {
        "iss": made["clientId"],
        "sub": made["clientId"],
        "aud": "https://api.zscaler.com",
        "exp": int(time.time()) + 600,
    }
    form = {
        "client_id": made["clientId"],
        "client_assertion": assertion_of(key, claims),
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    with served(database, tmp_path / "server.log") as server:
        assert server.http.post("/oauth2/v1/token", data=form).status_code == 200
    used = {
        each["clientId"]: each["lastUsedTime"] for each in succeed_json("client", "list", *where)
    }
    assert time.time() - 60 < used.pop(made["clientId"]) <= time.time()
    assert list(used.values()) == [None]


WRONG_KEYS: dict[str, Callable[[], bytes]] = {
    "text": lambda: b"hello",
    "bytes": lambda: bytes(range(256)),
    "empty": lambda: b"",
    "private": lambda: rsa.generate_private_key(65_537, 2_048).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    ),
    "small": lambda: public_pem(rsa.generate_private_key(65_537, 1_024)),
    "elliptic": lambda: public_pem(ec.generate_private_key(ec.SECP256R1())),
    "damaged": lambda: public_pem(rsa.generate_private_key(65_537, 2_048)).replace(b"A", b"?"),
}
"""What is no RSA public key of a good size, by what is wrong with it."""


@pytest.mark.parametrize("kind", list(WRONG_KEYS))
def test_wrong_public_key_is_refused(
    database: str, customer_id: str, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(WRONG_KEYS[kind]())
    where = ("--customer", customer_id, "--database", database)

    sentence = refuse("client", "create", "--public-key", str(file), *where)

    assert "--public-key" in sentence
    assert ("2048 bits" if kind in {"small", "elliptic"} else str(file)) in sentence
    assert succeed_json("client", "list", *where) == []


def test_public_key_that_is_not_there_is_misuse(database: str, customer_id: str) -> None:
    where = ("--customer", customer_id, "--database", database)

    assert "'--public-key'" in misuse("client", "create", "--public-key", "nosuch.pem", *where)


def test_revoke_ends_a_client_at_once(database: str, customer_id: str, tmp_path: Path) -> None:
    where = ("--customer", customer_id, "--database", database)
    made = succeed_json("client", "create", "--name", "terraform", *where)
    other = succeed_json("client", "create", "--name", "other", *where)
    with served(database, tmp_path / "server.log") as server:
        callers = [
            Caller(server, customer_id, Credentials(each["clientId"], each["clientSecret"]))
            for each in (made, other)
        ]
        assert [each.get(LINKS).status_code for each in callers] == [200, 200]

        printed = succeed("client", "revoke", made["clientId"], "--database", database)
        statuses = [each.get(LINKS).status_code for each in callers]

    again = succeed("client", "revoke", made["clientId"], "--database", database)
    listed = {each["name"]: each["revokedTime"] for each in succeed_json("client", "list", *where)}

    assert printed == again == f"Revoked API client terraform ({made['clientId']}).\n"
    assert statuses == [401, 200]
    assert listed["terraform"] is not None
    assert listed["other"] is None
