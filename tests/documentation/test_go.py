"""The Go file in `contrib/go` and its guide, where a Go toolchain is installed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.documentation.pages import ROOT, follow, read_guide, run_script

SOURCES = ROOT / "contrib/go"
pytestmark = pytest.mark.skipif(
    shutil.which("go") is None, reason="No Go toolchain is installed, so no Go test ran."
)


@pytest.fixture
def gopher(reader: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A reader whose Go tools use no network and leave nothing behind."""
    caches = {"GOCACHE": str(tmp_path / "go-cache"), "GOPATH": str(tmp_path / "go")}
    return {**reader, **caches, "GOFLAGS": "-mod=mod -count=1", "GOPROXY": "off"}


def test_file_is_formatted_and_passes_its_own_tests(gopher: dict[str, str]) -> None:
    assert run_script("gofmt -l .", SOURCES, gopher) == ""
    run_script("go vet ./... && go test ./...", SOURCES, gopher)


def test_guide_works_as_printed(tmp_path: Path, gopher: dict[str, str]) -> None:
    module = tmp_path / "portal"
    (module / "portico").mkdir(parents=True)
    shutil.copy(SOURCES / "portico.go", module / "portico")
    (module / "go.mod").write_text("module example.com/portal\n\ngo 1.18\n")

    follow(read_guide("go.md"), tmp_path, gopher)
