"""Reading forms: both encodings, their files, and the limits."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from portico.asgi.bodies import BodyTooLarge
from portico.domain.errors import InvalidInput
from portico.web.shared.received_forms import MULTIPART, URL_ENCODED, ReceivedForm, parse_form

BOUNDARY = "----boundary"


def part(name: str, value: bytes, more: str = "") -> bytes:
    """One part of a multipart form; `more` is what its disposition says beside the name."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def multipart(*parts: bytes, boundary: str = BOUNDARY, most_fields: int = 10) -> ReceivedForm:
    """A multipart form of parts."""
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    return parse_form(body, MULTIPART, {"boundary": boundary}, most_fields)


def test_url_encoded_form_is_read() -> None:
    body = b"name=Caf%C3%A9+1&link=2&link=3&empty=&bad=%FF&alone&=x"

    form = parse_form(body, URL_ENCODED, {}, 10)

    assert form["name"] == "Café 1"
    assert form.values_by_name["link"] == ("2", "3")
    assert (form["link"], form["empty"], form["alone"]) == ("2", "", "")
    assert form["bad"] == "\N{REPLACEMENT CHARACTER}"
    assert form.get("missing", "x") == "x"
    assert list(form) == ["name", "link", "empty", "bad", "alone", ""]


def test_multipart_form_is_read_with_its_files() -> None:
    form = multipart(
        part("name", "Café".encode()),
        part("link", b"2"),
        part("link", b"3"),
        part("bad", b"\xff"),
        part("text", b"a\r\n--b\r\n"),
        part("icon", b"\x89PNG\r\n\x00", '; filename="a.png"'),
        part("unchosen", b"", '; filename=""'),
        part("empty", b"", '; filename="b.png"'),
    )

    assert form["name"] == "Café"
    assert form.values_by_name["link"] == ("2", "3")
    assert form["bad"] == "\N{REPLACEMENT CHARACTER}"
    assert form["text"] == "a\r\n--b\r\n"
    assert form.files == {"icon": b"\x89PNG\r\n\x00", "empty": b""}
    assert "unchosen" not in form


def test_body_of_another_type_is_an_empty_form() -> None:
    assert not parse_form(b'{"csrf": "x"}', "application/json", {}, 10)


def test_fields_are_counted() -> None:
    pairs = [("a", str(number)) for number in range(11)]
    parts = [part(name, value.encode()) for name, value in pairs]

    assert len(parse_form(urlencode(pairs[:10]).encode(), URL_ENCODED, {}, 10)["a"]) == 1
    assert len(multipart(*parts[:10]).values_by_name["a"]) == 10
    with pytest.raises(BodyTooLarge, match="over 10 fields"):
        parse_form(urlencode(pairs).encode(), URL_ENCODED, {}, 10)
    with pytest.raises(BodyTooLarge, match="over 10 fields"):
        multipart(*parts)


@pytest.mark.parametrize(
    ("body", "boundary"),
    [
        (b"", BOUNDARY),
        (b"hello", BOUNDARY),
        (part("name", b"cut short"), BOUNDARY),
        (part("name", b"x") + b"--" + BOUNDARY.encode() + b"--", ""),
        (part("name", b"x") + b"--" + BOUNDARY.encode() + b"--", "b" * 71),
        (
            b"--" + BOUNDARY.encode() + b"\r\n\r\nno name\r\n--" + BOUNDARY.encode() + b"--",
            BOUNDARY,
        ),
    ],
)
def test_broken_multipart_form_is_refused(body: bytes, boundary: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        parse_form(body, MULTIPART, {"boundary": boundary}, 10)


def test_endless_header_of_a_part_is_refused() -> None:
    with pytest.raises(BodyTooLarge):
        multipart(part("name", b"x", f'; x="{"y" * 100_000}"'))
