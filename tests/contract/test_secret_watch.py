"""The watch over the logs of the suite: it finds what it has learned, and what looks secret.

Every other test is watched (`tests/conftest.py`); these show that a secret would be found.
"""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from portico.domain.people.passwords import new_password
from tests.harness import Caller
from tests.secret_watch import SecretWatch, fields_of, secret_watch

pytestmark = pytest.mark.one_database

FORM_TOKEN = "form-token-of-a-visitor-in-43-characters-xy"
LINE = b'{"logger":"portico.access","method":"GET","path":"%s","status":200}\n'


@pytest.mark.parametrize("place", range(9))
@pytest.mark.parametrize(
    ("secret", "written"),
    [
        ("correct horse battery", b"correct horse battery"),
        ("correct horse battery", b"correct%20horse%20battery"),
        ('twelve "and" ü', b'twelve \\"and\\" \\u00fc'),
        ("GEZDGNBVGY3T", b"GEZDGNBVGY3T"),
    ],
)
def test_known_secret_is_found_in_every_form_and_place(
    secret: str, written: bytes, place: int
) -> None:
    watch = SecretWatch()
    watch.learn(secret)
    harmless = LINE % b"/p/staff"
    bad = LINE % (b"/" + b"x" * place + written + b"/y")
    assert watch.found_in(harmless * 50) == []
    assert watch.found_in(harmless * 50 + bad + harmless) == [bad.decode().strip()]


@pytest.mark.parametrize(
    "secret",
    [
        "tM3" + "x" * 40,
        new_password(),
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl",
        "-----BEGIN PRIVATE KEY-----",
        "otpauth://totp/Portico:ada",
        "client_secret=hunter2",
    ],
    ids=["token", "password", "jwt", "key", "factor", "form"],
)
def test_what_looks_secret_is_found_unknown(secret: str) -> None:
    assert SecretWatch().found_in(LINE % secret.encode())


def test_log_of_an_ended_process_is_read_to_its_end(tmp_path: Path) -> None:
    watch = SecretWatch()
    watch.learn("correct horse battery")
    log = tmp_path / "server.log"
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        watch.follow(log, process)
        log.write_bytes(LINE % b"/")
        watch.check()
    log.write_bytes(LINE % b"/" + LINE % b"correct horse battery")
    log.unlink()
    with pytest.raises(AssertionError, match="correct horse battery"):
        watch.check()
    watch.check()
    watch.close()


def test_fields_are_those_of_forms_and_objects() -> None:
    assert fields_of(b"password=a+b&name=ada", "application/x-www-form-urlencoded") == {
        "password": "a b",
        "name": "ada",
    }
    assert fields_of(b'{"access_token":"x"}', "application/json") == {"access_token": "x"}
    assert fields_of(b"[1]", "application/json") == {}
    assert fields_of(b"{", "application/json") == {}


def test_secrets_of_requests_and_clients_are_known(admin: Caller) -> None:
    visitor = httpx.Client(base_url=admin.server.url, cookies={"__Host-portico_form": FORM_TOKEN})
    with visitor:
        visitor.get("/console/sign-in", params={"state": "state-of-a-sign-in"})
    said = (admin.credentials.client_secret, admin.token, FORM_TOKEN, "state-of-a-sign-in")
    for secret in said:
        assert secret_watch().found_in(LINE % secret.encode())


def test_what_this_process_logs_is_watched(admin: Caller) -> None:
    printed = io.StringIO()
    logging.getLogger("portico").addHandler(handler := logging.StreamHandler(printed))
    logging.getLogger("portico.test").warning("A token: %s", admin.token)
    logging.getLogger("portico").removeHandler(handler)
    with pytest.raises(AssertionError, match="A log has a secret"):
        secret_watch().check()
