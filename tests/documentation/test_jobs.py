"""The guides for CI: their files are parsed, and the commands in them run as a runner does."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.documentation.pages import read_guide, run_script

INSTALLS = "pip install "


def job_of(guide: str, file: str) -> dict[str, Any]:
    """The only job in the file of a guide."""
    content = yaml.safe_load(read_guide(guide).files[file])
    jobs: dict[str, dict[str, Any]] = content.get("jobs", content)
    (job,) = jobs.values()
    return job


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the script that the jobs run."""
    (tmp_path / "publish_links.py").write_text(
        read_guide("python-sdk.md").files["publish_links.py"]
    )
    return tmp_path


@pytest.fixture
def runner(tmp_path_factory: pytest.TempPathFactory, reader: dict[str, str]) -> dict[str, str]:
    """The environment that GitHub gives a step."""
    folder = tmp_path_factory.mktemp("runner")
    files = {"GITHUB_ENV": folder / "env", "GITHUB_STEP_SUMMARY": folder / "summary.md"}
    for file in files.values():
        file.touch()
    return {**reader, **{name: str(file) for name, file in files.items()}}


def exported(runner: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The variables that earlier steps exported."""
    for line in Path(runner["GITHUB_ENV"]).read_text().splitlines():
        name, _, value = line.partition("=")
        yield name, value


def test_github_workflow_runs(checkout: Path, runner: dict[str, str]) -> None:
    steps = job_of("github-actions.md", ".github/workflows/links.yml")["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert all("uses" in step or "run" in step for step in steps)
    assert any(script.startswith(INSTALLS) for script in scripts)

    try:
        printed = [
            run_script(script, checkout, {**runner, **dict(exported(runner))})
            for script in scripts
            if not script.startswith(INSTALLS)
        ]
    finally:
        if (Path(runner["XDG_STATE_HOME"]) / "portico/emulate/pid").exists():
            run_script("portico emulate stop", checkout, runner)

    assert sum("['Payroll', 'Wiki']" in each for each in printed) == 2
    assert "create_link" in Path(runner["GITHUB_STEP_SUMMARY"]).read_text()
    assert printed[-1] == "The stand-in has stopped.\n"


def test_gitlab_job_runs(checkout: Path, reader: dict[str, str]) -> None:
    job = job_of("gitlab-ci.md", ".gitlab-ci.yml")
    install, *scripts = job["script"]
    assert shlex.split(install)[:2] == ["pip", "install"]

    for script in scripts:
        run_script(script, checkout, reader)

    report = checkout / job["artifacts"]["reports"]["junit"]
    assert ElementTree.parse(report).getroot().tag == "testsuites"
