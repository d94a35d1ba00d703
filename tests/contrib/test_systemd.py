"""The units for systemd in `contrib`, as systemd itself judges them where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_database

UNITS = Path(__file__).parents[2] / "contrib" / "systemd"
EXPOSURE = 2.0
"""systemd calls an exposure up to 2.0 safe; 10 is that of a unit without any restriction."""


def analyze(*arguments: str) -> str:
    """What `systemd-analyze` prints, which must succeed."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run(
        [program, "--no-pager", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_units_are_valid(tmp_path: Path) -> None:
    service = (UNITS / "portico.service").read_text()
    assert "/opt/portico/bin/portico" in service
    here = service.replace("/opt/portico/bin/portico", sys.executable)
    (tmp_path / "portico.service").write_text(here)
    shutil.copy(UNITS / "portico.socket", tmp_path)

    said = analyze("verify", f"{tmp_path}/portico.service", f"{tmp_path}/portico.socket")

    assert "portico" not in said, said


def test_service_is_hardened() -> None:
    said = analyze("security", "--offline=true", str(UNITS / "portico.service"))

    exposure = re.search(r"Overall exposure level for portico.service: ([0-9.]+)", said)
    assert exposure is not None
    assert float(exposure[1]) <= EXPOSURE
