"""Only real raster pictures are shown; every other link gets its letter and its colour."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from portico.domain.links.icons import read_picture, tile_hue, tile_letter

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


@pytest.mark.parametrize(
    ("name", "letter"),
    [
        ("Wiki", "W"),
        ("  éclair", "É"),
        ("<img src=x>", "I"),
        ("3D printers", "3"),
        ("شبكة المياه", "ش"),
        ("ßharp", "ß"),
        ("…", "·"),
        ("e\u0301clair", "É"),
    ],
)
def test_letter_is_the_first_letter_or_digit(name: str, letter: str) -> None:
    assert tile_letter(name) == letter


@pytest.mark.parametrize(
    ("name", "hue"),
    [("Meeting rooms", 10), ("Translate", 1), ("Expenses", 4), ("Permit to work", 8)],
)
def test_hue_never_changes(name: str, hue: int) -> None:
    assert tile_hue(name) == hue
    assert tile_hue(f" {name.upper()} ") == hue


def test_hue_is_the_same_for_every_form_of_a_letter() -> None:
    assert tile_hue("Café") == tile_hue("Cafe\u0301")
