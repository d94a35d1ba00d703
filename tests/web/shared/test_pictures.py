"""Uploaded pictures: each format becomes a small PNG, all else is refused with the reason."""

from __future__ import annotations

import base64
import io
import struct
import zlib

import pytest
from PIL import Image

from portico.domain.errors import InvalidField
from portico.domain.links.icons import read_picture
from portico.web.shared.pictures import read_icon, read_logo


def packed(kind: str, colour: str = "#3366cc", size: tuple[int, int] = (200, 100)) -> bytes:
    """A picture of one colour as a file of a format."""
    content = io.BytesIO()
    mode = "RGB" if kind == "JPEG" else "RGBA"
    Image.new(mode, size, colour).save(content, kind)
    return content.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "ICO"])
def test_every_format_becomes_a_small_png_that_may_be_shown(kind: str) -> None:
    stored = read_icon("icon", packed(kind))
    picture = read_picture(stored.data_uri)
    assert picture is not None
    assert picture.media_type == "image/png"
    assert max(picture.width, picture.height) <= 64


def test_nothing_but_pixels_is_kept() -> None:
    content = io.BytesIO()
    image = Image.new("RGB", (8, 8), "red")
    image.save(content, "JPEG", comment=b"<script>alert(1)</script>")
    stored = read_icon("icon", content.getvalue())
    assert b"script" not in base64.b64decode(stored.data_uri.partition(",")[2])


@pytest.mark.parametrize(
    ("colour", "is_dark"), [("#101820", True), ("#f0f0e8", False), ("#00000000", False)]
)
def test_dark_pictures_are_told(colour: str, is_dark: bool) -> None:
    assert read_icon("icon", packed("PNG", colour)).is_dark is is_dark


def test_a_logo_keeps_its_shape() -> None:
    stored = read_logo("logo", packed("PNG", size=(900, 300)))
    picture = read_picture(stored.data_uri)
    assert picture is not None
    assert (picture.width, picture.height) == (384, 128)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><svg/>", "SVG"),
        (b"hello", "no PNG"),
        (b"", "no PNG"),
        (b"BM" + bytes(60), "no PNG"),
        (packed("PNG", size=(600, 600))[:200], "damaged"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(content: bytes, words: str) -> None:
    with pytest.raises(InvalidField, match=words) as refused:
        read_icon("icon", content)
    assert refused.value.field == "icon"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    with pytest.raises(InvalidField):
        read_icon("icon", bomb + chunk(b"IEND", b""))


def test_a_bomb_in_an_icon_is_refused_before_it_is_unpacked() -> None:
    head = struct.pack(">IIBBBBB", 9_000, 9_000, 1, 0, 0, 0, 0)
    picture = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
    picture += chunk(b"IDAT", zlib.compress(bytes(9_000 * 1_126))) + chunk(b"IEND", b"")
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(picture), 22)
    with pytest.raises(InvalidField, match="no PNG"):
        read_icon("icon", struct.pack("<HHH", 0, 1, 1) + entry + picture)
