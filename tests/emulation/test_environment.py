"""The environment of clients in the syntax of each shell, read back by the shells that are here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from portico.emulation.access import StandInAccess, TenantAccess
from portico.emulation.ca_bundle import write_ca_bundle
from portico.emulation.environment import (
    InvalidEnvironmentFile,
    client_environment,
    environment_file,
    read_environment_file,
    shell_text,
    stray_variables,
)

DUMP = "import json, os; print(json.dumps(dict(os.environ)))"
AWKWARD = {
    "PLAIN": "http://127.0.0.1:9",
    "QUOTES": """it's "so" \u2019""",
    "BACKSLASH": "a\\b\\",
    "DOLLAR": "$HOME `id` !x",
    "SPACES": "  two  ",
}
ACCESS = StandInAccess(
    url="http://127.0.0.1:1",
    proxy_url="http://127.0.0.1:3",
    ca_file="/ca.pem",
    no_proxy=("localhost", "pypi.org"),
    tenants=(
        TenantAccess(customer_id="7", name="One", client_id="8", client_secret="s3cret"),
        TenantAccess(customer_id="9", name="Two", client_id="10", client_secret="other"),
    ),
)


def test_clients_of_both_kinds_find_the_first_tenant() -> None:
    variables = client_environment(ACCESS)

    assert variables["HTTPS_PROXY"] == variables["https_proxy"] == "http://127.0.0.1:3"
    assert variables["NO_PROXY"] == variables["no_proxy"] == "localhost,pypi.org"
    assert variables["REQUESTS_CA_BUNDLE"] == variables["SSL_CERT_FILE"] == "/ca.pem"
    assert variables["CHECKPOINT_DISABLE"] == "1"
    assert variables["ZPA_CLIENT_SECRET"] == variables["ZSCALER_CLIENT_SECRET"] == "s3cret"
    assert variables["ZPA_CUSTOMER_ID"] == variables["ZSCALER_CUSTOMER_ID"] == "7"
    assert variables["ZPA_CLOUD"] == "PRODUCTION"
    assert "ZSCALER_CLOUD" not in variables


def test_legacy_clients_see_no_credentials_of_oneapi() -> None:
    variables = client_environment(ACCESS, legacy=True)

    assert variables["ZSCALER_USE_LEGACY_CLIENT"] == "true"
    assert variables["ZPA_CLIENT_ID"] == "8"
    present = {"ZSCALER_CLIENT_ID": "real", "ZSCALER_PRIVATE_KEY": "real", "PATH": "/bin"}
    assert stray_variables(present, variables) == ["ZSCALER_CLIENT_ID", "ZSCALER_PRIVATE_KEY"]


def test_hosts_that_need_no_proxy_are_added_once() -> None:
    variables = client_environment(ACCESS, no_proxy="git.example.com,pypi.org")

    assert variables["NO_PROXY"] == "localhost,pypi.org,git.example.com"


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh", "fish", "pwsh"])
def test_shells_read_what_was_written(shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    syntax = {"fish": "fish", "pwsh": "powershell"}.get(shell, "sh")
    text = shell_text(syntax, AWKWARD, ["OLD"]) + f"{sys.executable} -c '{DUMP}'\n"

    done = subprocess.run(
        [program, "-c", text],
        env={**os.environ, "OLD": "x"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    seen = json.loads(done.stdout)
    assert AWKWARD.items() <= seen.items()
    assert "OLD" not in seen


def test_fish_and_powershell_quote_as_their_manuals_say() -> None:
    awkward = {"A": "it's \\ $x \u2019"}

    assert shell_text("fish", awkward, ["B"]) == "set -e B\nset -gx A 'it\\'s \\\\ $x \u2019'\n"
    assert shell_text("powershell", awkward, ["B"]) == (
        "Remove-Item Env:B -ErrorAction SilentlyContinue\n$env:A = 'it''s \\ $x \u2019\u2019'\n"
    )


def test_github_gets_lines_and_here_documents() -> None:
    variables = {"A": "it's plain", "B": "two\nPORTICO lines"}

    assert shell_text("github", variables, ["C"]) == (
        "C=\nA=it's plain\nB<<PORTICO_\ntwo\nPORTICO lines\nPORTICO_\n"
    )


def test_environment_file_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "clients.env"
    file.write_text(environment_file(AWKWARD))

    assert read_environment_file(file) == AWKWARD


def test_another_file_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("A=1\nsome notes\n")

    with pytest.raises(InvalidEnvironmentFile, match=r"notes\.txt line 2 is not NAME=value"):
        read_environment_file(file)


def test_bundle_has_what_the_environment_trusts_and_the_ca(tmp_path: Path) -> None:
    own, ca = tmp_path / "own.pem", tmp_path / "ca.pem"
    own.write_text("OWN")
    ca.write_text("CA\n")

    bundle = write_ca_bundle(tmp_path, ca, {"SSL_CERT_FILE": str(own)})

    assert bundle.read_text() == "OWN\nCA\n"


def test_bundle_has_public_authorities_by_default(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("CA\n")

    bundle = write_ca_bundle(tmp_path, ca, {})

    assert bundle.read_text().count("BEGIN CERTIFICATE") > 20
    assert bundle.read_text().endswith("CA\n")
