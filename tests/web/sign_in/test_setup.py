"""The console's sign-in page of a fresh installation: readable at every width, in both themes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import Server, served, upgrade
from tests.web.accessibility import violations
from tests.web.conftest import OpenTab


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose database has no tenant."""
    folder: Path = tmp_path_factory.mktemp("a folder with a long name that a command has to hold")
    url = f"sqlite:///{folder / 'portico.db'}"
    upgrade(url)
    with served(url, folder / "server.log") as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1440])
def test_next_command_is_accessible_and_fits(
    fresh: Server, tab: OpenTab, width: int, scheme: str
) -> None:
    page = tab(viewport={"width": width, "height": 900}, color_scheme=scheme).page
    page.goto(f"{fresh.url}/console/sign-in")

    assert "portico tenant create" in page.locator(".setup code").inner_text()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
