"""Hosts of one script are shown as they are, hosts that mix scripts in their ASCII form."""

from __future__ import annotations

import pytest

from portico.domain.links.display_hosts import display_host


@pytest.mark.parametrize(
    "host",
    [
        "wiki.example.com",
        "WIKI:8443",
        "[2001:db8::1]:443",
        "bücher.example",
        "пример.example",
        "παράδειγμα.example",
        "例え-テスト.example",
        "日本語ー9.jp",
        "東京タワーabc.example",
        "한국어abc韓.example",
        "ㄅㄆ注音.tw",
        "نامه\u200c\u0627ی.example",
        "क्\u200dष१.example",
        "مثال٢.example",
        "xn--bcher-kva.example",
    ],
)
def test_hosts_of_one_script_stay(host: str) -> None:
    assert display_host(host) == host


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("p\u0430ypal.example", "xn--pypal-4ve.example"),  # a Cyrillic letter
        ("wiki.p\u0430ypal.example:8443", "wiki.xn--pypal-4ve.example:8443"),
        ("G\u03bf\u03bfgle.example", "xn--ggle-0nda.example"),  # Greek omicrons
        ("ひらがな한국.example", "xn--v8j0cwa6g5527erc0b.example"),
        ("abc१.example", "xn--abc-tph.example"),
    ],
)
def test_hosts_of_mixed_scripts_are_shown_in_ascii(host: str, shown: str) -> None:
    assert display_host(host) == shown
