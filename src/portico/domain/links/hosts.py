"""The rules for hosts, the part of a link between the scheme and the path.

They are the rules of browsers (WHATWG URL, host parsing), so that a browser opens the host that
was checked.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata

from portico.domain.characters import ZWJ, ZWNJ, check_visible, is_invisible
from portico.domain.errors import InvalidField, MissingValue

HOST_LIMIT = 255
_PORT = re.compile(r"[0-9]{1,5}\Z")
_SCHEME = re.compile(
    r"(about|blob|data|file|ftp|javascript|ldap|mailto|rdp|sms|ssh|tel|vbscript):(?!\d+\Z)",
    re.IGNORECASE,
)
"""Schemes that people paste, before anything but a port: `file:8080` is a host."""
_NUMBER = re.compile(r"([0-9]+|0[xX][0-9a-fA-F]*)\Z")
JOINERS = frozenset((ZWNJ, ZWJ))
"""The invisible characters that a host can have, where RFC 5892 (appendix A) allows them."""

_FORBIDDEN = {
    "@": "user names and passwords are not part of a host",
    "/": "the path belongs in linkPath",
    "\\": "a host has no path",
    "?": "the query belongs in linkPath",
    "#": "the fragment belongs in linkPath",
    "%": "write the character itself instead of its percent code",
}


def check_host(field: str, value: str) -> str:
    """Return the host unchanged if it is a name or an address, with an optional port.

    IPv6 addresses must be in brackets. Raises InvalidField that says what is wrong.
    """
    if not value:
        raise MissingValue(field, "It is required: a host such as wiki.example.com.")
    if len(value) > HOST_LIMIT:
        raise InvalidField(
            field, f"It has {len(value)} characters; at most {HOST_LIMIT} are allowed."
        )
    scheme = _SCHEME.match(value)
    if scheme:
        raise InvalidField(
            field, f'A link opens with https or http. An address cannot begin with "{scheme[0]}".'
        )
    _check_characters(field, value)
    host, port = _split_port(value)
    if port is not None:
        _check_port(field, port)
    if host.startswith("["):
        _check_ipv6(field, host)
    else:
        _check_name_or_ipv4(field, host)
    return value


def check_domain_name(field: str, value: str) -> str:
    """Return the domain name unchanged. Raises InvalidField for addresses and ports."""
    check_host(field, value)
    if ":" in value or _NUMBER.match(value.removesuffix(".").rpartition(".")[2]):
        raise InvalidField(field, "It must be a domain name without a port, and not an address.")
    return value


def _check_characters(field: str, value: str) -> None:
    if "://" in value:
        raise InvalidField(
            field, "It must be a host without a scheme; the scheme belongs in protocol."
        )
    check_visible(field, value)
    for character in value:
        if character.isspace() or not (character.isprintable() or character in JOINERS):
            raise InvalidField(field, "A host cannot contain white space or control characters.")
        if character in _FORBIDDEN:
            raise InvalidField(
                field, f'A host cannot contain "{character}"; {_FORBIDDEN[character]}.'
            )


def _split_port(value: str) -> tuple[str, str | None]:
    host, colon, port = value.rpartition(":")
    if not colon or (value.startswith("[") and "]" not in host):
        return value, None
    return host, port


def _check_port(field: str, port: str) -> None:
    if not _PORT.match(port) or not 1 <= int(port) <= 65_535:
        raise InvalidField(field, f'"{port}" is not a port; a port is a number from 1 to 65535.')


def _check_ipv6(field: str, host: str) -> None:
    try:
        if not host.endswith("]"):
            raise ValueError
        ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        raise InvalidField(field, f'"{host}" is not an IPv6 address in brackets.') from None


def _check_name_or_ipv4(field: str, host: str) -> None:
    if ":" in host:
        raise InvalidField(field, "An IPv6 address must be in brackets, as in [2001:db8::1].")
    labels = host.removesuffix(".").split(".")
    if _NUMBER.match(labels[-1]):
        # A browser reads any host whose last label is a number as an IPv4 address.
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            raise InvalidField(field, f'"{host}" is not an IPv4 address.') from None
        return
    for label in labels:
        if not _is_label(label):
            raise InvalidField(
                field,
                f'"{label}" cannot be part of a host: 1 to 63 letters, digits, hyphens or '
                "underscores, with no hyphen at either end.",
            )


def _is_label(label: str) -> bool:
    if not 1 <= len(label) <= 63 or label.startswith("-") or label.endswith("-"):
        return False
    if label.isascii():
        return all(character.isalnum() or character in "-_" for character in label)
    # An internationalised label: letters, marks and digits that normalisation leaves alone, so
    # that no look-alike of a slash or dot appears when a browser maps it.
    return unicodedata.normalize("NFKC", label) == label and all(map(_is_of_label, label))


def _is_of_label(character: str) -> bool:
    if character in "-_" or character in JOINERS:
        return True
    is_plain = unicodedata.category(character)[0] in "LM" or character.isdecimal()
    return is_plain and not is_invisible(character)


def host_address(host: str) -> str:
    """Return a host as browsers send it: mapped by UTS 46, in ASCII form, with no dot at the end.

    Return an empty string if it cannot be a host.
    """
    if len(host) > HOST_LIMIT or not _is_printable(host):
        return ""
    mapped = host.lower()
    if not host.isascii():
        from idna import IDNAError, uts46_remap  # its tables are large, and few hosts need them

        try:
            mapped = uts46_remap(host, std3_rules=False)
        except IDNAError:
            return ""
    return ".".join(map(_ascii_label, mapped.removesuffix(".").split(".")))


def _is_printable(host: str) -> bool:
    return all(character.isprintable() or character in JOINERS for character in host)


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label
    return "xn--" + label.encode("punycode").decode()
