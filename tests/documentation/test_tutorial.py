"""The tutorial, from the first lesson to the last, in one folder as a reader follows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documentation.pages import DOCS, follow, read_pages
from tests.harness import free_port

pytestmark = pytest.mark.one_database
LESSONS = ("first-portal.md", "through-the-api.md")


def test_lessons_build_on_one_another(tmp_path: Path, reader: dict[str, str]) -> None:
    pages = [f"tutorial/{name}" for name in LESSONS]
    port = str(free_port())

    follow(read_pages(*pages), tmp_path, {**reader, "PORTICO_PORT": port}, {"8080": port})


def test_lesson_about_tests(tmp_path: Path, reader: dict[str, str]) -> None:
    follow(read_pages("tutorial/in-tests.md"), tmp_path, reader)


def test_index_lists_every_lesson() -> None:
    listed = (DOCS / "tutorial/index.md").read_text()

    for name in (*LESSONS, "in-tests.md"):
        assert f"({name})" in listed
