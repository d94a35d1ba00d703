"""Durations as people write them."""

from __future__ import annotations

import pytest

from portico.domain.durations import duration_milliseconds, duration_seconds, is_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("24h", 86_400), (" 14d ", 1_209_600), ("2y", 63_072_000)],
)
def test_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert duration_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "24", "h", "-1h", "1.5h", "1 h", "1h30m", "24H"])
def test_other_text_is_no_duration(text: str) -> None:
    assert duration_seconds(text) is None


def test_duration_has_bounds() -> None:
    allowed = is_duration("1m", "1y")

    assert [allowed(text) for text in ("59s", "1m", "365d", "366d", "")] == [
        False,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("500ms", 500), ("0ms", 0), ("2s", 2_000), ("1m", 60_000), ("500", None), ("", None)],
)
def test_short_duration_can_be_in_milliseconds(text: str, milliseconds: int | None) -> None:
    assert duration_milliseconds(text) == milliseconds
