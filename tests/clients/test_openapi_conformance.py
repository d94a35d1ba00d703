"""Schemathesis against a served Portico: what the OpenAPI document promises is what is answered."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.certificates import certificate_pem
from tests.harness import (
    AUPS,
    CERTIFICATES,
    LINKS,
    MICROTENANTS,
    PORTALS,
    Caller,
    Server,
    create_applications,
)

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "allow_header_conformance",
    "unsupported_method",
    "ignored_auth",
)
COLLECTIONS = {
    "link": LINKS,
    "portal": PORTALS,
    "aup": AUPS,
    "certificate": CERTIFICATES,
    "microtenant": MICROTENANTS,
}
REQUIRED = {"link": {"link": "x.example.com"}, "certificate": {"certBlob": certificate_pem()}}
RUN_SECONDS = 600
SIGN_OUT = "/signout"  # it would end the session that the other requests need
ROOT = Path(__file__).parents[2]


def settings_file(admin: Caller, portal_id: str) -> str:
    """Paths of the caller's own tenant, and a stored object for each operation on one object."""
    common = {
        "path.customerId": admin.customer_id,
        "path.portalId": portal_id,
        "query.microtenantId": "0",
        "header.If-Match": '"*"',
    }
    lines = ["[parameters]", *(f'"{name}" = {value}' for name, value in common.items())]
    (application_id,) = create_applications(admin, "To get")
    objects = {"get_application": application_id}
    for noun, path in COLLECTIONS.items():
        for verb in ("get", "update", "delete"):
            body = {"name": f"To {verb}"} | REQUIRED.get(noun, {})
            objects[f"{verb}_{noun}"] = admin.create(path, body)["id"]
    for operation_id, object_id in objects.items():
        lines += ["[[operations]]", f'include-operation-id = "{operation_id}"']
        lines += ["[operations.parameters]", f'"path.id" = {object_id}']
        lines += [f'"{name}" = {value}' for name, value in common.items()]
    return "\n".join(lines) + "\n"


def examine(server: Server, admin: Caller, folder: Path, *options: str) -> Path:
    """Runs Schemathesis, which has to be content; the requests and answers as a HAR file."""
    report = folder / "exchanges.har"
    fixed = ("--generation-deterministic", "--report-har-path", str(report))
    finished = run_schemathesis(server, admin, folder, *fixed, *options)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return report


def run_schemathesis(
    server: Server, admin: Caller, folder: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    """Runs Schemathesis with the checks and with the values that lead to successes."""
    portal_id = admin.create_portal("Shown")
    (folder / "schemathesis.toml").write_text(settings_file(admin, portal_id))
    credentials = {
        "client_id": admin.credentials.client_id,
        "client_secret": admin.credentials.client_secret,
    }
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"]
    command += ["--header", f"Authorization: Bearer {admin.token}", "--exclude-path", SIGN_OUT]
    command += ["--checks", ",".join(CHECKS), "--no-color"]
    return subprocess.run(
        [*command, *options],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
            "SCHEMATHESIS_HOOKS": "tests.clients.steering",
            "STEERING": json.dumps(
                {
                    "portal_id": portal_id,
                    "credentials": credentials,
                    "certificate": certificate_pem(),
                }
            ),
        },
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )


def reached(document: Mapping[str, Any], report: Path) -> set[tuple[str, int]]:
    """The operations that were called, by id, with the statuses that they answered."""
    # A path with fewer parameters is the more exact one.
    patterns = sorted(document["paths"].items(), key=lambda entry: entry[0].count("{"))
    found = set()
    for entry in json.loads(report.read_text())["log"]["entries"]:
        path = urlsplit(entry["request"]["url"]).path
        for pattern, operations in patterns:
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
                method = entry["request"]["method"].lower()
                name = operations.get(method, {}).get("operationId", "")
                found.add((name, entry["response"]["status"]))
                break
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_random_requests_meet_the_document(server: Server, admin: Caller, tmp_path: Path) -> None:
    document = server.http.get("/openapi.json").json()

    report = examine(server, admin, tmp_path, "--phases", "examples,fuzzing", "-n", "10")

    successes = {
        (operation["operationId"], int(next(iter(operation["responses"]))))
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if path != SIGN_OUT
    }
    assert successes - reached(document, report) == set()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_boundary_requests_meet_the_document(server: Server, admin: Caller, tmp_path: Path) -> None:
    document = server.http.get("/openapi.json").json()

    report = examine(server, admin, tmp_path, "--phases", "coverage")

    statuses = {status for _, status in reached(document, report)}
    assert statuses >= {200, 201, 204, 400, 401, 404, 405, 415}
