"""The README's shell blocks and its Python example, run as a reader pastes them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.test_first_steps import DOOR, printed_command
from tests.documentation.pages import ROOT, read_blocks
from tests.harness import READY_SECONDS, free_port
from tests.web.visits import Visit

README = ROOT / "README.md"
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")},
    "NO_PROXY": "*",
    "no_proxy": "*",
}


SERVE, CURL, OWN = read_blocks(README, "bash")
(PYTHON,) = read_blocks(README, "python")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder like a fresh checkout, with the dependencies that are installed already."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    venv = tmp_path / ".venv"
    venv.mkdir()
    (venv / "bin").symlink_to(Path(sys.prefix) / "bin")
    # So `scripts/setup` finds nothing to install.
    run_shell("cat pyproject.toml constraints.txt | cksum > .venv/stamp-serve", tmp_path)
    return tmp_path


@contextmanager
def serving(block: str, checkout: Path, port: int) -> Iterator[Path]:
    """Runs a block that ends with a server until the server answers; its log."""
    log = checkout / "server.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            ["bash", "-c", block],
            cwd=checkout,
            env=ENVIRONMENT,
            stdout=sink,
            stderr=sink,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            try:
                if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.05)
        yield log
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=READY_SECONDS)


@pytest.fixture
def variables(checkout: Path) -> Iterator[str]:
    """The line of variables that the served demo prints."""
    port = free_port()
    with serving(f"{SERVE.strip()} --port {port}", checkout, port) as log:
        assert (checkout / "data" / "portico.db").exists()
        (line,) = [each for each in log.read_text().splitlines() if each.startswith("URL=")]
        yield line


def run_shell(text: str, folder: Path) -> str:
    """What a shell prints."""
    ended = subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_curl_session_can_be_pasted_twice(variables: str, tmp_path: Path) -> None:
    printed = run_shell(f"RANDOM=1\n{variables}\n{CURL}\n{CURL}", tmp_path)

    lines = [json.loads(line) for line in printed.splitlines()]
    assert len(lines) == 4
    for made, found in (lines[:2], lines[2:]):
        assert made["name"].startswith("Status page ")
        assert [each["id"] for each in found["list"]] == [made["id"]]


def test_python_example_creates_its_link(variables: str, tmp_path: Path) -> None:
    values = dict(part.split("=", 1) for part in variables.split())
    wanted = ", ".join(json.dumps(values[name]) for name in ("URL", "CUSTOMER", "ID", "SECRET"))
    example, replaced = re.subn(
        r"(?m)^(URL, CUSTOMER, ID, SECRET) = .*$", rf"\1 = {wanted}", PYTHON
    )
    (tmp_path / "example.py").write_text(example)

    printed = run_shell(f"{sys.executable} example.py", tmp_path)

    assert replaced == 1
    assert "'name': 'Release notes'" in printed


def test_database_of_ones_own_leads_to_the_console(checkout: Path) -> None:
    port = free_port()
    assert f"--port {8081}" in OWN
    with serving(OWN.replace("8081", str(port)), checkout, port) as log:
        text = log.read_text()
        # Printed by `tenant create` and by `serve`, the same both times.
        (command,) = {printed_command(part) for part in text.split("has no administrator yet")}
        password = re.search(r"^Password: (\S+)$", run_shell(command, Path("/")), re.MULTILINE)
        assert password
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
            entered = Visit(http).sign_in(DOOR, "ada", password[1])

    assert entered.status_code == 303
