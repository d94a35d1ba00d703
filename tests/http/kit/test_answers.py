"""Versions and compression as functions: which header names which tag, and who takes gzip."""

from __future__ import annotations

import gzip as reference

import pytest

from portico.http.kit.answers import entity_tag, gzip, gzip_tag, names_tag, wants_gzip

TAG = '"abc"'


@pytest.mark.parametrize(
    "header",
    [
        '"abc"',
        'W/"abc"',
        '"abc-gzip"',
        'W/"abc-gzip"',
        "*",
        " * ",
        '"x", "abc"',
        '"x","abc","y"',
        '  "abc"  ',
        '"x" , W/"abc"',
    ],
)
def test_header_names_the_tag(header: str) -> None:
    assert names_tag(header, TAG)


@pytest.mark.parametrize(
    "header", ["", '""', '"x"', '"abcd"', '"ab"', '"-gzip"', '"ABC"', '"x", "y"', ",", "W/", '"**"']
)
def test_header_names_another_tag(header: str) -> None:
    assert not names_tag(header, TAG)


def test_tags_tell_bodies_apart() -> None:
    tags = {entity_tag(body) for body in (b"", b"a", b"b", b"a" * 100_000)}

    assert len(tags) == 4
    assert entity_tag(b"a") == entity_tag(b"a")
    for tag in tags:
        assert tag.startswith('"')
        assert tag.endswith('"')
        assert names_tag(tag, tag)
        assert names_tag(gzip_tag(tag), tag)
        assert gzip_tag(tag) != tag


@pytest.mark.parametrize(
    "header", ["gzip", "GZIP", "br, gzip", "gzip;q=0.1", "gzip; q=1", "*", "*;q=0.5", "deflate,*"]
)
def test_gzip_is_wanted(header: str) -> None:
    assert wants_gzip(header)


@pytest.mark.parametrize(
    "header",
    ["", "br", "identity", "gzip;q=0", "gzip; q=0.000", "x-gzipped", "*;q=0", "*, gzip;q=0"],
)
def test_gzip_is_not_wanted(header: str) -> None:
    assert not wants_gzip(header)


def test_gzip_is_the_same_for_the_same_body() -> None:
    body = b'{"name":"wiki"}' * 1_000

    assert reference.decompress(gzip(body)) == body
    assert gzip(body) == gzip(body)
    assert len(gzip(body)) < len(body)
