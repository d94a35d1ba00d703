"""Acceptable use policies that people accept before a user portal opens."""

from __future__ import annotations

from dataclasses import dataclass

from portico.domain.characters import check_visible
from portico.domain.records import DESCRIPTION_LIMIT, NAME_LIMIT, OwnedRecord, check_text
from portico.domain.search import NAME_FIELDS, STAMP_FIELDS, Field, FieldKind, fields

KIND = "userPortalAup"
AUP_LIMIT = 65_536
BLANK_CHARACTERS = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""The characters that `str.isspace` counts. A policy that has no others is not in force."""


@dataclass(frozen=True, kw_only=True)
class AupSpec:
    """The fields of a policy that a client can write, all optional and stored byte for byte."""

    name: str = ""
    description: str = ""
    enabled: bool = False
    aup: str = ""
    email: str = ""
    phone_num: str = ""


@dataclass(frozen=True, kw_only=True)
class Aup(AupSpec, OwnedRecord):
    """A stored acceptable use policy. `text_version` counts the changes of its text, from 1."""

    text_version: int = 1


def next_text_version(before: Aup, text: str) -> int:
    """Return the version of a policy with a new text, or the same version for the same text."""
    return before.text_version + (text != before.aup)


AUP_FIELDS = fields(
    *NAME_FIELDS,
    Field("enabled", FieldKind.FLAG),
    Field("aup", FieldKind.ASCII),
    Field("email", FieldKind.ASCII),
    Field("phoneNum", FieldKind.ASCII),
    *STAMP_FIELDS,
)


def check_aup(spec: AupSpec, *, stored_name: str = "") -> AupSpec:
    """Return the spec unchanged. Raises InvalidField that names the wire field.

    `stored_name` is the current name of a stored policy. It is accepted with any characters.
    """
    check_visible("name", check_text("name", spec.name, NAME_LIMIT), stored=stored_name)
    check_text("description", spec.description, DESCRIPTION_LIMIT, multiline=True)
    check_text("aup", spec.aup, AUP_LIMIT, multiline=True)
    check_text("email", spec.email, NAME_LIMIT)
    check_text("phoneNum", spec.phone_num, NAME_LIMIT)
    return spec
