"""Base64 without padding: the example of RFC 7515, every length, and texts that are none."""

from __future__ import annotations

import pytest

from portico.domain.base64url import from_base64url, to_base64url


def test_example_of_the_standard() -> None:
    content = bytes([3, 236, 255, 224, 193])

    assert to_base64url(content) == "A-z_4ME"
    assert from_base64url("A-z_4ME") == content


@pytest.mark.parametrize("length", range(7))
def test_padding_is_left_out_and_not_needed(length: int) -> None:
    content = b"\xff" * length
    text = to_base64url(content)

    assert "=" not in text
    assert from_base64url(text) == content
    assert from_base64url(text + "=" * (-len(text) % 4)) == content


@pytest.mark.parametrize("text", ["A", "AAAAA", "\u00e9", "\udcff"])
def test_text_that_is_none_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_base64url(text)
