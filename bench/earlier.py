"""Installs Portico from another commit beside this checkout, so that both can be measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.contestants import ROOT
from bench.portico import ServerMissing

HOME = ROOT / ".venv-bench" / "earlier"


def install_earlier(revision: str) -> Path:
    """Check out and install a commit under `.venv-bench`; return the path of its `portico`.

    Raises ServerMissing if the revision is unknown or cannot be installed.
    """
    commit = _output("git", "-C", str(ROOT), "rev-parse", "--verify", f"{revision}^{{commit}}")
    checkout = HOME / commit / "checkout"
    program = HOME / commit / "venv" / "bin" / "portico"
    if program.exists():
        return program
    if not checkout.exists():
        checkout.parent.mkdir(parents=True, exist_ok=True)
        _output("git", "clone", "--quiet", "--no-checkout", str(ROOT), str(checkout))
    _output("git", "-C", str(checkout), "checkout", "--quiet", "--detach", commit)
    _output(sys.executable, "-m", "venv", str(program.parent.parent))
    requirements = ("--requirement", str(checkout / "bench" / "requirements.txt"))
    pip = str(program.parent / "pip")
    # pip warns, and goes on, when an earlier version has no such extras: they were dependencies.
    package = f"{checkout}[metrics,postgresql,uvloop]"
    _output(pip, "install", "--quiet", *requirements, "--editable", package)
    return program


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerMissing(f"{' '.join(command)} failed: {done.stderr}")
    return done.stdout.strip()
