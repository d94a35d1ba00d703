"""Pictures: only real ones are shown, and every upload becomes a small PNG or is refused."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from portico.domain.errors import InvalidField
from portico.web.shared.pictures import read_icon, read_logo, read_picture

FORMATS = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "ico": "image/x-icon",
}


def drawn(kind: str, size: tuple[int, int] = (64, 48), **options: Any) -> bytes:  # noqa: ANN401
    stream = io.BytesIO()
    Image.new("RGB", size, "#0b6659").save(stream, kind, **options)
    return stream.getvalue()


def uri(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


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


@pytest.mark.parametrize(("kind", "media_type"), FORMATS.items())
def test_real_picture_is_read_with_its_size(kind: str, media_type: str) -> None:
    options: dict[str, Any] = {"sizes": [(32, 32)]} if kind == "ico" else {}
    picture = read_picture(uri(media_type, drawn(kind, (64, 64), **options)))

    assert picture is not None
    assert picture.media_type == media_type
    assert (picture.width, picture.height) == ((32, 32) if kind == "ico" else (64, 64))


@pytest.mark.parametrize(
    "options", [{"lossless": True}, {"lossless": False}, {"exif": b"Exif\0\0"}]
)
def test_every_form_of_webp_is_read(options: dict[str, Any]) -> None:
    picture = read_picture(uri("image/webp", drawn("webp", **options)))

    assert picture is not None
    assert (picture.width, picture.height) == (64, 48)


@pytest.mark.parametrize("alias", ["image/jpg", "IMAGE/JPEG"])
def test_media_type_may_have_another_name(alias: str) -> None:
    picture = read_picture(uri(alias, drawn("jpeg")))

    assert picture is not None
    assert picture.media_type == "image/jpeg"


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("claimed", FORMATS.values())
def test_bytes_have_to_be_what_they_claim(kind: str, claimed: str) -> None:
    picture = read_picture(uri(claimed, drawn(kind)))

    assert (picture is not None) == (FORMATS[kind] == claimed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wiki",
        "https://example.com/icon.png",
        "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=",
        "data:image/svg+xml,<svg onload=alert(1)>",
        "data:text/html;base64,PHNjcmlwdD4=",
        "data:image/png;base64,PHN2Zz4=",
        "data:image/png;base64,",
        "data:image/png;base64,iVBORw0KGgo=",
        "data:image/png;base64,iVBORw0KGgo",
        "data:image/jpeg;base64,/9j/",
        "data:image/jpeg;base64,/9j//+AAAA==",
        "data:image/webp;base64,UklGRgAAAABXRUJQVlA4IA==",
        "data:image/x-icon;base64,AAABAAEA",
        'data:image/png;base64,AAAA" onerror="alert(1)',
    ],
)
def test_anything_else_is_no_picture(text: str) -> None:
    assert read_picture(text) is None


def test_picture_too_large_to_draw_is_no_picture() -> None:
    assert read_picture(uri("image/png", drawn("png", (4_097, 1)))) is None
    assert read_picture(uri("image/png", drawn("png", (4_096, 1)))) is not None


def test_markup_behind_a_picture_stays_bytes_of_it() -> None:
    picture = read_picture(uri("image/png", drawn("png") + b"<script>alert(1)</script>"))

    assert picture is not None
    assert picture.media_type == "image/png"


@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_picture_is_read_or_is_none(kind: str) -> None:
    content = drawn(kind)
    for length in range(0, min(len(content), 400)):
        picture = read_picture(uri(FORMATS[kind], content[:length]))
        assert picture is None or picture.media_type == FORMATS[kind]
    for place in range(min(len(content), 200)):
        for byte in (0, 1, 127, 255):
            changed = content[:place] + bytes([byte]) + content[place + 1 :]
            picture = read_picture(uri(FORMATS[kind], changed))
            assert picture is None or max(picture.width, picture.height) <= 4_096
