"""docs/reference/asvs.md: a line for each requirement, with tests and files that exist."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_database

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference/asvs.md"
REQUIREMENTS = Path(__file__).with_name("asvs_5.0.0.txt")
"""The ids of ASVS 5.0.0 with their levels, without those of level 3."""

STATUSES = ("Test", "Review", "Document", "Operator", "Does not apply", "Not met")
SHORTEST_REASON = 20
_LINE = re.compile(r"\| ([\d.]+) \| (\d) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_LINK = re.compile(r"\]\(([^)#]+)(?:#([\w-]+))?\)")
_SAME = re.compile(r"As \d+\.\d+\.\d+\.")
_FILE = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|md|html)|scripts/\w+|contrib/\w+)`")


@dataclass(frozen=True)
class Line:
    """One requirement on the page."""

    id: str
    level: str
    requirement: str
    status: str
    evidence: str


def read_lines() -> list[Line]:
    """Return the lines of the page."""
    return [
        Line(*found.groups())
        for found in map(_LINE.fullmatch, PAGE.read_text().split("\n"))
        if found
    ]


LINES = read_lines()


@cache
def functions_of(path: Path) -> frozenset[str]:
    """Return the names of the functions of a file."""
    return frozenset(
        each.name
        for each in ast.walk(ast.parse(path.read_text()))
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def anchors_of(path: Path) -> set[str]:
    """Return the anchors of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_every_requirement_of_both_levels_has_one_line() -> None:
    wanted = dict(line.split() for line in REQUIREMENTS.read_text().splitlines())
    assert Counter(wanted.values()) == {"1": 70, "2": 183}
    assert Counter(each.id for each in LINES) == Counter(list(wanted))
    assert {each.id: each.level for each in LINES} == wanted


def test_statuses_are_counted() -> None:
    counted = Counter(each.status for each in LINES)
    assert set(counted) == set(STATUSES)
    table = dict(
        re.findall(r"^\| ([A-Z][\w ]+) \| [^|]+ \| (\d+) \|$", PAGE.read_text(), re.MULTILINE)
    )
    assert table == {status: str(count) for status, count in counted.items()}


def test_every_line_has_its_evidence() -> None:
    for line in LINES:
        tests, links = _TEST.findall(line.evidence), _LINK.findall(line.evidence)
        if line.status == "Test":
            assert tests, line
        elif line.status == "Document":
            assert links or _FILE.findall(line.evidence), line
        else:
            assert len(line.evidence) >= SHORTEST_REASON or _SAME.match(line.evidence), line


def test_named_tests_exist() -> None:
    named = {found for line in LINES for found in _TEST.findall(line.evidence)}
    missing = [
        f"{path}::{name}"
        for path, name in sorted(named)
        if not (ROOT / path).exists() or name not in functions_of(ROOT / path)
    ]
    assert len(named) > len(STATUSES)
    assert missing == []
    assert all("test_" in name for _, name in named)


def test_named_files_and_pages_exist() -> None:
    for line in LINES:
        for target, anchor in _LINK.findall(line.evidence):
            page = PAGE.parent / target
            assert page.exists(), line
            assert not anchor or anchor in anchors_of(page), line
        for name in _FILE.findall(line.evidence):
            assert (ROOT / name).exists() or (ROOT / "src/portico" / name).exists(), line
