"""Running the `portico` command: in this process where that is all the same, else as users do."""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portico.cli import main
from tests.forked import forker
from tests.harness import key_environment
from tests.secret_watch import secret_watch

COMMAND = (sys.executable, "-m", "portico")
"""How to start a new interpreter, which costs a second of CPU time: `run_process` forks one."""

PROCESS_SECONDS = 60


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    status: int
    output: str
    errors: str


def run(
    *arguments: str, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Finished:
    """Runs `portico` with arguments to its end, in this process."""
    output, errors = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        chdir(folder or Path.cwd()),
        redirect_stdout(output),
        redirect_stderr(errors),
    ):
        patch.setattr(sys, "argv", ["portico", *arguments])
        for name in [each for each in os.environ if each.startswith("PORTICO_")]:
            patch.delenv(name)
        for name, value in (_key_environment(arguments) | dict(environment or {})).items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main()
    secret_watch().add_lines(errors.getvalue())
    code = ended.value.code
    if isinstance(code, str):  # the interpreter prints it, and ends with status 1
        return Finished(1, output.getvalue(), f"{errors.getvalue()}{code}\n")
    return Finished(code or 0, output.getvalue(), errors.getvalue())


def _key_environment(arguments: tuple[str, ...]) -> dict[str, str]:
    """The key file of the PostgreSQL database that a command names, if it names one."""
    urls = [each for each in arguments if "?host=/" in each]
    return key_environment(urls[0]) if urls else {}


def run_process(*arguments: str, environment: Mapping[str, str] | None = None) -> Finished:
    """Runs `portico` with arguments to its end, in a process of its own, which is forked."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PORTICO_")}
    whole = kept | _key_environment(arguments) | dict(environment or {})
    with tempfile.TemporaryDirectory(prefix="command-") as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        status = forker().start(arguments, output, whole, errors).wait(PROCESS_SECONDS)
        return Finished(status, output.read_text(), errors.read_text())


def succeed(*arguments: str) -> str:
    """Runs a command that has to succeed; what it printed."""
    ended = run(*arguments)
    assert ended.status == 0, ended.errors
    assert ended.errors == ""
    return ended.output


def succeed_json(*arguments: str) -> Any:  # noqa: ANN401  # any JSON value
    """Runs a command with `--json` that has to succeed; what it told."""
    return json.loads(succeed(*arguments, "--json"))


def refused(ended: Finished) -> str:
    """The one sentence of a command that had to refuse, which follows `portico: `."""
    assert ended.status == 1, ended
    assert ended.output == ""
    lines = ended.errors.splitlines()
    assert len(lines) == 1, ended.errors
    prefix, _, sentence = lines[0].partition(": ")
    assert prefix == "portico"
    assert sentence.endswith(".")
    return sentence


def refuse(
    *arguments: str, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> str:
    """Runs a command that has to refuse; its sentence."""
    return refused(run(*arguments, environment=environment, folder=folder))


def misuse(*arguments: str) -> str:
    """Runs a command that is used wrongly: status 2 and how it is used; what it said."""
    ended = run(*arguments)
    assert ended.status == 2, ended
    assert ended.errors.startswith("Usage: ")
    return ended.errors
