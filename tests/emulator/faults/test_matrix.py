"""docs/reference/fault-matrix.md says what the vendor's Python SDK does about each effect."""

from __future__ import annotations

from pathlib import Path

from portico.emulator.faults.rules import Effect
from tests.emulator.faults.matrix import CASES, PAGE, measure, render


def test_page_is_current(tmp_path: Path) -> None:
    assert render(measure(tmp_path)) == PAGE.read_text(), "Run scripts/fault-matrix."


def test_page_has_every_effect() -> None:
    assert {rule["effect"] for rule in CASES.values()} == set(Effect)
