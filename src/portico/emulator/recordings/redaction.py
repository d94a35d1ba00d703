"""Removes secrets from recorded exchanges, and replaces the ids that identify a customer.

Known secrets are removed wherever they occur, not only where they were found. Headers are written
only if they are known to be harmless.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from portico.emulator.recordings.exchanges import NO_JSON, Exchange, Json, RecordingError, json_of

REDACTED = "REDACTED"
VANITY_DOMAIN = "vanity"
FIRST_ID = 700_000_000_000_000_000
REQUEST_HEADERS = frozenset(
    ("accept", "content-type", "user-agent", "if-match", "if-none-match", "idempotency-key")
)
ANSWER_HEADERS = frozenset(
    (
        "allow",
        "cache-control",
        "content-type",
        "etag",
        "retry-after",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    )
)
_SECRET_NAME = re.compile(
    r"password|passwd|secret|token(?!_?type)|assertion(?!_?type)|private_?key|api_?key|cookie|"
    r"authorization|credential|one_?time",
    re.IGNORECASE,
)
_IDENTITY_NAME = re.compile(r"client_?id|customer_?name", re.IGNORECASE)
_LONG_ID = re.compile(r"(?<![0-9A-Za-z])[0-9]{15,19}(?![0-9A-Za-z])")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*")
_CUSTOMER = re.compile(r"/customers/([^/?]+)")
_FORM = "application/x-www-form-urlencoded"
_SHORTEST_SECRET = 6
_SHORTEST_CHECKED = 12


def redact(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Return exchanges without secrets, with other ids in place of the recorded ones."""
    redactor = _Redactor({each for exchange in exchanges for each in _secrets(exchange)})
    for exchange in exchanges:
        for customer_id in _CUSTOMER.findall(exchange.path):
            redactor.other_id(unquote(customer_id))
    return [redactor.exchange(each) for each in exchanges]


def require_no_secrets(text: str, exchanges: Sequence[Exchange]) -> None:
    """Raise RecordingError if a text contains a secret of the exchanges, as it is or encoded."""
    for secret in {each for exchange in exchanges for each in _secrets(exchange)}:
        if len(secret) < _SHORTEST_CHECKED:  # it can be a word of every answer
            continue
        if any(form in text for form in _forms(secret)):
            raise RecordingError(
                "A secret would be in the recording, so nothing was written. Please report the "
                "operation that returns it."
            )


class _Redactor:
    """Replaces secrets and ids. The same id always gets the same replacement."""

    def __init__(self, secrets: set[str]) -> None:
        forms = {form for each in secrets for form in _forms(each)}
        longest_first = sorted(map(re.escape, forms), key=len, reverse=True)
        self._known = re.compile("|".join(longest_first)) if longest_first else None
        self._ids: dict[str, str] = {}

    def other_id(self, recorded: str) -> str:
        """Return the replacement of an id."""
        return self._ids.setdefault(recorded, str(FIRST_ID + len(self._ids)))

    def exchange(self, exchange: Exchange) -> Exchange:
        """Return an exchange without secrets."""
        return replace(
            exchange,
            url=self._url(exchange.url),
            request_headers=self._headers(exchange.request_headers, REQUEST_HEADERS),
            request_body=self._body(exchange.request_body, exchange.request_headers),
            answer_headers=self._headers(exchange.answer_headers, ANSWER_HEADERS),
            answer_body=self._body(exchange.answer_body, exchange.answer_headers),
        )

    def _url(self, url: str) -> str:
        parts = urlsplit(self._without_known(url))
        vanity, _, domain = parts.netloc.partition(".")
        is_sign_in = re.match(r"zslogin|zidentity", domain)
        path = "/".join(map(self._segment, parts.path.split("/")))
        query = urlencode([self._field(*each) for each in parse_qsl(parts.query, True)])
        host = f"{VANITY_DOMAIN}.{domain}" if is_sign_in and vanity else parts.netloc
        return urlunsplit((parts.scheme, host, path, query, ""))

    def _segment(self, segment: str) -> str:
        return self._ids.get(unquote(segment)) or self._text(segment)

    def _headers(self, headers: Mapping[str, str], kept: frozenset[str]) -> dict[str, str]:
        written = {name: self._text(value) for name, value in headers.items() if name in kept}
        if "user-agent" in written:  # after the product, it describes the machine
            written["user-agent"] = written["user-agent"].partition(" ")[0]
        return written

    def _body(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Return a body without secrets. One that is no text is left out."""
        value = json_of(body)
        if value is not NO_JSON:
            return json.dumps(self._json(value), ensure_ascii=False).encode()
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return b""
        if headers.get("content-type", "").startswith(_FORM):
            return urlencode([self._field(*each) for each in parse_qsl(text, True)]).encode()
        return self._text(text).encode()

    def _json(self, value: Json, name: str = "") -> Json:
        if isinstance(value, dict):
            outer = name if _is_private(name) else ""
            return {key: self._json(each, outer or key) for key, each in value.items()}
        if isinstance(value, list):
            return [self._json(each, name) for each in value]
        if isinstance(value, bool) or value is None:
            return value
        if _is_private(name) or isinstance(value, str):
            return self._field(name, str(value))[1]
        if isinstance(value, int) and _LONG_ID.fullmatch(str(value)):
            return int(self.other_id(str(value)))
        return value

    def _field(self, name: str, value: str) -> tuple[str, str]:
        if value and _is_private(name):
            return name, REDACTED
        known_id = self._ids.get(value) if len(value) >= _SHORTEST_SECRET else None
        return name, known_id or self._text(value)

    def _without_known(self, text: str) -> str:
        return text if self._known is None else self._known.sub(REDACTED, text)

    def _text(self, text: str) -> str:
        text = _JWT.sub(REDACTED, _PRIVATE_KEY.sub(REDACTED, text))
        text = self._without_known(text)
        return _LONG_ID.sub(lambda match: self.other_id(match[0]), text)


def _forms(secret: str) -> tuple[str, ...]:
    """Return a secret as texts, URLs, JSON and HTTP Basic can contain it."""
    return (
        secret,
        quote(secret, safe=""),
        quote(secret),
        json.dumps(secret)[1:-1],
        base64.b64encode(secret.encode()).decode(),
    )


def _is_private(name: str) -> bool:
    return bool(_SECRET_NAME.search(name) or _IDENTITY_NAME.search(name))


def _secrets(exchange: Exchange) -> Iterator[str]:
    """Yield every secret of an exchange that is long enough to be searched for."""
    found = [*_header_secrets(exchange)]
    for body, headers in (
        (exchange.request_body, exchange.request_headers),
        (exchange.answer_body, exchange.answer_headers),
    ):
        value = json_of(body)
        if value is not NO_JSON:
            found += _json_secrets(value)
        elif headers.get("content-type", "").startswith(_FORM):
            found += _pair_secrets(parse_qsl(body.decode(errors="replace"), True))
    found += _pair_secrets(parse_qsl(exchange.query, True))
    yield from (each for each in found if len(each) >= _SHORTEST_SECRET and each != REDACTED)


def _header_secrets(exchange: Exchange) -> Iterator[str]:
    scheme, _, credentials = exchange.request_headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(credentials).decode()
        except (binascii.Error, UnicodeDecodeError):
            decoded = ""
        yield from (each for each in decoded.partition(":")[::2] if each)
    yield credentials


def _pair_secrets(pairs: list[tuple[str, str]]) -> Iterator[str]:
    yield from (value for name, value in pairs if _SECRET_NAME.search(name))


def _json_secrets(value: Json, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        outer = name if _SECRET_NAME.search(name) else ""
        for key, each in value.items():
            yield from _json_secrets(each, outer or key)
    elif isinstance(value, list):
        for each in value:
            yield from _json_secrets(each, name)
    elif isinstance(value, str) and _SECRET_NAME.search(name):
        yield value
