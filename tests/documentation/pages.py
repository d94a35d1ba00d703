"""Reads a guide: the files that it shows, the commands, and what these print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs/how-to/stand-in"
SECONDS = 300
_BLOCK = re.compile(
    r"^<!-- (file|run|output|shown)(?:: ([^ ]+))? -->\n```[a-z]*\n(.*?)^```$", re.M | re.S
)


@dataclass
class Command:
    """Commands of a guide, and the lines that they print."""

    script: str
    output: str = ""


@dataclass
class Guide:
    """The parts of a guide that a reader copies."""

    files: dict[str, str] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)


def read_guide(name: str) -> Guide:
    """The marked blocks of a guide."""
    guide = Guide()
    for kind, file, content in _BLOCK.findall((GUIDES / name).read_text()):
        if kind == "file":
            guide.files[file] = content
        elif kind == "run":
            guide.commands.append(Command(content))
        elif kind == "output":
            guide.commands[-1].output = content
    return guide


def follow(guide: Guide, folder: Path, environment: dict[str, str]) -> None:
    """Writes the files of a guide, and runs its commands as a reader would."""
    for name, content in guide.files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    for command in guide.commands:
        printed = run_script(command.script, folder, environment)
        assert command.output in printed, printed


def run_script(script: str, folder: Path, environment: dict[str, str]) -> str:
    """What a script of the shell prints, which has to succeed."""
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def reader_environment(folders: dict[str, str], programs: Sequence[Path] = ()) -> dict[str, str]:
    """The environment of a reader who has installed Portico, and some programs."""
    path = [*programs, Path(sys.executable).parent, os.environ["PATH"]]
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PORTICO_", "PYTEST_", "ZSCALER_", "ZPA_", "GITHUB_", "COV_"))
    }
    return {**kept, **folders, "PATH": os.pathsep.join(map(str, path))}
