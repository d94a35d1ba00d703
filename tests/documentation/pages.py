"""Reads pages of the documentation, and does what they show as a reader would.

A comment before a block says what it is for: `file: NAME` to write, `run`, `serve` in another
terminal, `output` of the block before it, or `shown` with the reason why no test runs it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GUIDES = DOCS / "how-to/stand-in"
SECONDS = 300
_BLOCK = re.compile(
    r"^<!-- (file|run|serve|output|shown)(?:: ([^\n]+))? -->\n```[a-z]*\n(.*?)^```$", re.M | re.S
)
_END = "-- end of block --"
_SERVE = """\
(
{script}
) > server.log 2>&1 &
for _ in $(seq 600); do
    curl -sf http://127.0.0.1:$PORTICO_PORT/readyz > ready && break
    sleep 0.1
done
"""


@dataclass
class Command:
    """A block of commands, and lines that they print."""

    script: str
    output: str = ""


@dataclass
class Guide:
    """The parts of pages that a reader copies."""

    files: dict[str, str] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)


def read_blocks(page: Path, language: str) -> list[str]:
    """The blocks of code of a page in a language, marked or not."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.M | re.S)


def read_guide(name: str) -> Guide:
    """The marked blocks of a guide to the stand-in."""
    return read_pages(f"how-to/stand-in/{name}")


def read_pages(*names: str) -> Guide:
    """The marked blocks of pages below docs/, in order."""
    guide = Guide()
    for kind, note, content in _BLOCK.findall("".join((DOCS / each).read_text() for each in names)):
        if kind == "file":
            guide.files[note] = content
        elif kind == "run":
            guide.commands.append(Command(content))
        elif kind == "serve":
            guide.commands.append(Command(_SERVE.format(script=content)))
        elif kind == "output":
            guide.commands[-1].output = content
    return guide


def follow(
    guide: Guide,
    folder: Path,
    environment: dict[str, str],
    replaced: Mapping[str, str] | None = None,
) -> None:
    """Writes the files of a guide, and runs its commands in one shell, as a reader would.

    `replaced` are texts of the page that differ here, such as the number of a port.
    """
    for name, content in guide.files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    script = "".join(f"{each.script}\necho '{_END}'\n" for each in guide.commands)
    for text, value in (replaced or {}).items():
        script = script.replace(text, value)
    printed = run_script(script, folder, environment).split(_END)
    for command, lines in zip(guide.commands, printed, strict=False):
        assert command.output.strip() in lines, lines


def run_script(script: str, folder: Path, environment: dict[str, str]) -> str:
    """What a script of the shell prints, which has to succeed. Ends what it left running."""
    process = subprocess.Popen(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(timeout=SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()
    assert process.returncode == 0, printed
    return printed


def reader_environment(folders: dict[str, str], programs: Sequence[Path] = ()) -> dict[str, str]:
    """The environment of a reader who has installed Portico, and some programs."""
    path = [*programs, Path(sys.executable).parent, os.environ["PATH"]]
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PORTICO_", "PYTEST_", "ZSCALER_", "ZPA_", "GITHUB_", "COV_"))
    }
    return {**kept, **folders, "PATH": os.pathsep.join(map(str, path))}
