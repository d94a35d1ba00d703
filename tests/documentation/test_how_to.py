"""The guides for operators: each block runs as an operator pastes it, or the list says why not."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from tests.documentation.operators import Operator
from tests.documentation.pages import DOCS

pytestmark = pytest.mark.one_database

NOT_RUN = {
    ("back-up.md", "systemctl restart"): "needs systemd",
    (
        "databases.md",
        "owner-url",
    ): "needs PostgreSQL; test_roles.py pastes the statements and upgrades",
    ("install.md", "pip install"): "installing needs packages from the network",
    ("monitor.md", "OTEL_EXPORTER"): "needs a collector; tests/observability sends to one",
    ("run-in-production.md", "useradd"): "needs root; test_systemd.py judges the units",
    ("run-in-production.md", "runuser"): "needs root; the same command runs in install.md",
    ("run-in-production.md", "set -a"): "belongs to the files of a service, which the list has",
    ("run-in-production.md", "systemctl restart"): "needs systemd",
    ("run-in-production.md", "podman"): "needs podman; scripts/try-container runs the steps",
}
"""Why no test runs a block: the page, and a text that only this block of the page has."""

_BLOCK = re.compile(
    r"^(?P<marker> *<!-- [a-z]+(?:: [^\n]+)? -->\n)?"
    r"(?P<indent> *)```(?P<language>bash|sh|console|python)\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_PROMPT = re.compile(r"^[#$] (?=\S)", re.MULTILINE)
HOW_TO = DOCS / "how-to"
MARKED = (*sorted((HOW_TO / "stand-in").glob("*.md")), *sorted((DOCS / "tutorial").glob("*.md")))


def unmarked(page: Path) -> list[str]:
    """The blocks of a page without a comment that says what they are for, and without prompts."""
    return [
        _PROMPT.sub("", code) if found["language"] == "console" else code
        for found in _BLOCK.finditer(page.read_text())
        if found["marker"] is None and (code := dedent(found["code"]))
    ]


def reasons_of(page: Path, block: str) -> list[str]:
    """Why no test runs a block."""
    return [why for (name, part), why in NOT_RUN.items() if name == page.name and part in block]


PAGES = {
    page.name: blocks
    for page in sorted(HOW_TO.glob("*.md"))
    if (blocks := [each for each in unmarked(page) if not reasons_of(page, each)])
}


@pytest.mark.parametrize("page", PAGES)
def test_guide_works_as_printed(page: str, tmp_path: Path, reader: dict[str, str]) -> None:
    operator = Operator(tmp_path, reader)

    for block in PAGES[page]:
        operator.do(block)


def test_each_reason_belongs_to_one_block() -> None:
    for name, part in NOT_RUN:
        assert sum(part in each for each in unmarked(HOW_TO / name)) == 1, (name, part)


@pytest.mark.parametrize("page", MARKED, ids=lambda page: page.name)
def test_lessons_and_guides_to_the_stand_in_mark_every_block(page: Path) -> None:
    assert unmarked(page) == []
