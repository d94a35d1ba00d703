"""An accent can be read wherever the page shows it, or it is refused with one that can."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.errors import InvalidField
from portico.domain.portals.accent import (
    DARK_SURFACES,
    LIGHT_SURFACES,
    check_accent,
    contrast,
    derive_accent,
    nearest_accent,
)

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#777777") == pytest.approx(4.48, abs=0.01)
    assert contrast("#0b6659", "#ffffff") == pytest.approx(6.9, abs=0.1)


@pytest.mark.parametrize("value", ["", "#0b6659", " #0B6659 "])
def test_accent_that_can_be_read_is_kept(value: str) -> None:
    assert check_accent(value) == value.strip().lower()


@pytest.mark.parametrize("value", ["red", "#fff", "0b6659", "#0b66590", "#0b665g", "#0b6659;x"])
def test_accent_is_six_hexadecimal_digits(value: str) -> None:
    with pytest.raises(InvalidField, match="such as"):
        check_accent(value)


def test_faint_accent_is_refused_with_the_nearest_that_passes() -> None:
    with pytest.raises(InvalidField) as refused:
        check_accent("#ff8800", field="portico.accent")

    assert refused.value.field == "portico.accent"
    offered = re.search(r"passes is (#[0-9a-f]{6})", refused.value.why)
    assert offered is not None
    assert check_accent(offered[1]) == offered[1]


@given(COLOURS)
def test_nearest_accent_always_passes(colour: str) -> None:
    assert check_accent(nearest_accent(colour))


@given(COLOURS)
def test_every_shade_of_an_accent_can_be_read(colour: str) -> None:
    accent = derive_accent(nearest_accent(colour))

    for shade in (accent.light.accent, accent.light.hover):
        assert min(contrast(shade, surface) for surface in LIGHT_SURFACES) >= 4.5
        assert contrast(shade, accent.light.ink) >= 4.5
    for shade in (accent.dark.accent, accent.dark.hover):
        assert min(contrast(shade, surface) for surface in DARK_SURFACES) >= 4.5
        assert contrast(shade, accent.dark.ink) >= 4.5
