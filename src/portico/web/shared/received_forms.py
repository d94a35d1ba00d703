"""Parsing of the forms that browsers send, within limits.

It can run on a thread. A form of many tiny fields would block the event loop for seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser

from portico.asgi.bodies import KIBIBYTE, MEBIBYTE, BodyTooLarge
from portico.domain.errors import InvalidInput
from portico.web.shared.texts import gettext as _

FORM_BYTES = 64 * KIBIBYTE
UPLOAD_BYTES = MEBIBYTE
"""The limit of forms with a file, a paste or a long text."""

FORM_FIELDS = 1_000
URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_LONGEST_BOUNDARY = 70  # RFC 2046, section 5.1.1


@dataclass(frozen=True)
class ReceivedForm(Mapping[str, str]):
    """The fields of a form. As a mapping it has the first value of each. `files` has uploads."""

    values_by_name: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.values_by_name[name][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)


def parse_form(
    body: bytes, content_type: str, options: Mapping[str, str], most_fields: int
) -> ReceivedForm:
    """Return the form in a body; a body of another type is an empty form.

    Raises BodyTooLarge for more than `most_fields` fields, InvalidInput for a broken form.
    """
    if content_type == URL_ENCODED:
        if body.count(b"&") >= most_fields:
            raise _too_many(most_fields)
        return _url_encoded(body)
    if content_type == MULTIPART:
        try:
            return _multipart(body, options.get("boundary", ""), most_fields)
        except ParserLimitReached:
            raise _too_many(most_fields) from None
        except MultipartError:
            raise InvalidInput(_("The form cannot be read: its parts are broken.")) from None
    return ReceivedForm()


def _too_many(most_fields: int) -> BodyTooLarge:
    return BodyTooLarge(
        _("The form has over %(limit)s fields, or a header that is too long.", limit=most_fields)
    )


def _url_encoded(body: bytes) -> ReceivedForm:
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.decode("latin-1"), keep_blank_values=True, errors="replace"):
        values.setdefault(name, []).append(value)
    return ReceivedForm({name: tuple(each) for name, each in values.items()})


def _multipart(body: bytes, boundary: str, most_fields: int) -> ReceivedForm:
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise InvalidInput(_("The form cannot be read: its type names no boundary of its parts."))
    values: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    segment: MultipartSegment | None = None
    content = bytearray()
    with PushMultipartParser(
        boundary, content_length=len(body), max_segment_count=most_fields
    ) as parser:
        for event in parser.parse(body):
            if isinstance(event, MultipartSegment):
                segment, content = event, bytearray()
            elif event:
                content += event
            elif segment is not None and segment.filename is None:
                values.setdefault(segment.name, []).append(content.decode(errors="replace"))
            elif segment is not None and segment.filename:
                files[segment.name] = bytes(content)
    return ReceivedForm({name: tuple(each) for name, each in values.items()}, files)
