"""`portico keys rotate`: new tokens from a new key, and old tokens for as long as was said."""

from __future__ import annotations

import time
from pathlib import Path

from tests.cli.commands import misuse, run, succeed, succeed_json
from tests.harness import LINKS, Caller, Credentials, Server, assert_error, served
from tests.http.clients import key_id_of


def sign_in(server: Server, customer_id: str, client: dict[str, str]) -> Caller:
    """A caller with a new token."""
    return Caller(server, customer_id, Credentials(client["clientId"], client["clientSecret"]))


def key_of(caller: Caller) -> str:
    """The id of the key that signed the caller's token."""
    return key_id_of(caller.token)


def test_rotation_keeps_old_tokens_good(database: str, customer_id: str, tmp_path: Path) -> None:
    client = succeed_json("client", "create", "--customer", customer_id, "--database", database)
    with served(database, tmp_path / "first.log") as first:
        old = sign_in(first, customer_id, client)
        printed = succeed("keys", "rotate", "--database", database)
        with served(database, tmp_path / "second.log") as second:
            new = sign_in(second, customer_id, client)
            old_elsewhere = Caller(second, customer_id, old.credentials)
            old_elsewhere.token = old.token

            statuses = [each.get(LINKS).status_code for each in (old, new, old_elsewhere)]

    assert printed == f"Signing with key {key_of(new)}. Older keys expire in 3660 seconds.\n"
    assert key_of(old) != key_of(new)
    assert statuses == [200, 200, 200]


def test_rotation_without_overlap_ends_old_tokens(
    database: str, customer_id: str, tmp_path: Path
) -> None:
    client = succeed_json("client", "create", "--customer", customer_id, "--database", database)
    with served(database, tmp_path / "first.log") as first:
        old = sign_in(first, customer_id, client)
        printed = succeed("keys", "rotate", "--overlap", "0", "--database", database)
        with served(database, tmp_path / "second.log") as second:
            new = sign_in(second, customer_id, client)
            stale = Caller(second, customer_id, old.credentials)
            stale.token = old.token
            refused = stale.get(LINKS)
        # The first server asks for keys at once when it meets one that it does not know.
        time.sleep(1.1)
        old_token, old.token = old.token, new.token
        renewed = old.get(LINKS)
        old.token = old_token
        ended = old.get(LINKS)

    assert "expire in 0 seconds" in printed
    assert_error(refused, 401, "access.denied")
    assert renewed.status_code == 200
    assert "SESSION_NOT_VALID" in assert_error(ended, 401, "access.denied")


def test_overlap_follows_the_lifetime_of_tokens(database: str, customer_id: str) -> None:
    where = ("--database", database)

    short = succeed("keys", "rotate", "--token-lifetime", "60", *where)
    chosen = succeed("keys", "rotate", "--overlap", "7", *where)

    assert "expire in 120 seconds" in short
    assert "expire in 7 seconds" in chosen


def test_wrong_overlap_is_refused(database: str) -> None:
    where = ("--database", database)

    assert "'--overlap'" in misuse("keys", "rotate", "--overlap", "-1", *where)
    assert "'--overlap'" in misuse("keys", "rotate", "--overlap", "soon", *where)
    assert run("keys", "rotate", "--overlap", "99999999999999999999999", *where).status in {1, 2}
