"""Values, forms and requests that a careful client would never send, made at random."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import quote_from_bytes, urljoin, urlsplit

Pairs = list[tuple[str, bytes]]
URLENCODED = "application/x-www-form-urlencoded"
LONGEST_BODY = 16 * 1024 * 1024
"""Of a refused body Portico reads 64 MiB, so that the client gets the answer; then it closes."""

BOUNDARY = "fuzzed"

VALUES: tuple[bytes, ...] = (
    *(b"", b" ", b"\0", b"%", b"%zz", b"\xff\xfe", b"\xed\xa0\x80", b"\r\nSet-Cookie: a=b"),
    *(b"-1", b"0", b"1", b"2", b"9223372036854775807", b"9223372036854775808", b"1e309", b"NaN"),
    *(b"1" * 5_000, b"a" * 255, b"a" * 300, b"a" * 70_000, b"null", b"true", b"on", b"[]", b"{}"),
    *(b"<script>alert(1)</script>", b"' OR 1=1 --", b"{{7*7}}", b"%s%n", b"../../etc/passwd"),
    *(b"javascript:alert(1)", b"http://[::1", b"https://wiki.example.com/start", b"xn--a", b"."),
    *(b"2026-02-30", b"2026-11-29T10:00", b"2026-11-29T25:61", b"0000-00-00", b"9999-12-31T23:59"),
    *("مرحبا".encode(), "😀".encode() * 60, "\u202ename".encode(), "e\u0301".encode(), b"A, b; c"),
    *(b"data:image/png;base64,iVBORw0KGgo=", b"#ff0000", b"wiki.example.com", b"a@example.com"),
    *(b"Name,Link\nWiki,wiki.example.com", b"=1+1", b"\t\n", b"correct horse battery"),
)
HEADERS: tuple[tuple[str, str], ...] = (
    *(("HX-Request", "true"), ("HX-Target", "main"), ("HX-Boosted", "true"), ("Accept", "*/*;q=x")),
    *(
        ("Accept", "application/json"),
        ("Accept-Language", "de, es;q=0.5"),
        ("Accept-Language", ";;"),
    ),
    *(("If-None-Match", '"x", W/"'), ("If-Match", "*"), ("If-Modified-Since", "yesterday")),
    *(("Range", "bytes=0-1"), ("Range", "bytes=9-1"), ("Accept-Encoding", "gzip;q=0")),
    *(("Sec-Fetch-Site", "cross-site"), ("Origin", "null"), ("X-Forwarded-For", "::::, 1.2")),
    *(("Cookie", "a=b; =; ;;"), ("Idempotency-Key", "x" * 300), ("Prefer", "return=")),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")


@dataclass(frozen=True)
class Target:
    """A form, or a link if it has no fields."""

    method: str
    path: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Request:
    """A request as it is sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class _Page(HTMLParser):
    """Collects the forms, links and htmx requests of a page."""

    where: str
    targets: list[Target] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._form: tuple[str, str] | None = None
        self._fields: list[tuple[str, str]] = []
        self._more: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name in ("href", "src", "hx-get"):
            if given.get(name):
                self._add("GET", given[name])
        if given.get("hx-post"):
            self._add("POST", given["hx-post"])
        if tag == "form":
            self._form = (given.get("method", "get").upper(), given.get("action", ""))
            self._fields, self._more = [], []
        elif self._form and given.get("name"):
            self._fields.append((given["name"], given.get("value", "on")))
        if given.get("formaction"):
            self._more.append((given.get("formmethod", "post").upper(), given["formaction"]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form:
            for method, action in (self._form, *self._more):
                self._add(method, action, tuple(self._fields))
            self._form = None

    def _add(self, method: str, path: str, fields: tuple[tuple[str, str], ...] = ()) -> None:
        whole = urlsplit(urljoin(f"http://portico{self.where}", path))
        if whole.netloc == "portico":
            query = f"?{whole.query}" if whole.query else ""
            self.targets.append(Target(method, whole.path + query, fields))


def targets_of(page: str, where: str) -> list[Target]:
    """Return what a page lets a browser send, and what it lets a browser open."""
    reader = _Page(where)
    reader.feed(page)
    return reader.targets


def make_request(target: Target, cookie: str, choices: random.Random) -> Request:
    """Return a request for the target: one in five as a browser sends it, the others changed."""
    headers = {"Sec-Fetch-Site": "same-origin", "Cookie": cookie}
    pairs = [(name, value.encode()) for name, value in target.fields]
    method, path = target.method, target.path
    if choices.random() > 0.2:
        for _ in range(choices.randint(1, 3)):
            pairs = choices.choice(_CHANGES)(pairs, choices)
        path = _changed_path(path, choices)
        if choices.random() < 0.2:
            headers |= dict(choices.choices(HEADERS, k=2))
        if choices.random() < 0.1:
            method = choices.choice(METHODS)
    if method in {"GET", "HEAD", "OPTIONS", "DELETE"}:
        query = _urlencoded(pairs)[:4_000]
        path += f"{'&' if '?' in path else '?'}{query}" if query else ""
        return Request(method, path, headers)
    kind, body = _encoded(pairs, choices)
    if kind:
        headers["Content-Type"] = kind
    return Request(method, path, headers, body[:LONGEST_BODY])


def _replace(pairs: Pairs, choices: random.Random) -> Pairs:
    if not pairs:
        return [("name", choices.choice(VALUES))]
    # The token of the form is changed by other rules, or nearly every request would end there.
    at = choices.randrange(len(pairs))
    if pairs[at][0] == "csrf":
        return pairs
    return [*pairs[:at], (pairs[at][0], choices.choice(VALUES)), *pairs[at + 1 :]]


def _drop(pairs: Pairs, choices: random.Random) -> Pairs:
    if not pairs:
        return pairs
    at = choices.randrange(len(pairs))
    return pairs[:at] + pairs[at + 1 :]


def _double(pairs: Pairs, choices: random.Random) -> Pairs:
    return [*pairs, choices.choice(pairs)] if pairs else pairs


def _add(pairs: Pairs, choices: random.Random) -> Pairs:
    names = ("page", "sort", "q", "id", "revision", "next", "csrf", "name", "\u0000", "a" * 300)
    return [*pairs, (choices.choice(names), choices.choice(VALUES))]


def _swell(pairs: Pairs, choices: random.Random) -> Pairs:
    """Send a field many times, now and then more often than any form has fields."""
    if not pairs or choices.random() > 0.1:
        return pairs
    return pairs + [choices.choice(pairs)] * choices.choice((50, 2_000))


_CHANGES: tuple[Callable[[Pairs, random.Random], Pairs], ...] = (
    *(_replace, _replace, _replace, _replace),
    *(_drop, _double, _add, _swell),
)


def _changed_path(path: str, choices: random.Random) -> str:
    """Exchange a number in one path of eight, and append something to one of twenty."""
    numbers = re.findall(r"\d+", path)
    if numbers and choices.random() < 0.12:
        other = choices.choice(("0", "-1", "9" * 19, "9" * 30, "x", "%00", "%ff", "%2e%2e"))
        path = path.replace(choices.choice(numbers), other)
    if choices.random() < 0.05:
        path += choices.choice(("/", "//", "/..", "/%00", "?", "?page=-1", "/delete", "/new"))
    return path


def _urlencoded(pairs: Pairs) -> str:
    return "&".join(
        f"{quote_from_bytes(name.encode(), safe='')}={quote_from_bytes(value, safe='')}"
        for name, value in pairs
    )


def _encoded(pairs: Pairs, choices: random.Random) -> tuple[str, bytes]:
    """Return a body and its content type: mostly as forms are sent, at times damaged."""
    chance = choices.random()
    body = _urlencoded(pairs).encode()
    if chance < 0.75:
        return URLENCODED, body
    if chance < 0.9:
        whole = _multipart(pairs, choices)
        cut = whole[: choices.randrange(len(whole))] if choices.random() < 0.2 else whole
        return f"multipart/form-data; boundary={BOUNDARY}", cut
    kinds = (
        "",
        "application/json",
        "text/plain",
        "multipart/form-data",
        f"{URLENCODED}; charset=x",
    )
    return choices.choice(kinds), choices.choice((body, b"", b"{", b"\xff" * 100, b"=&&=;"))


def _multipart(pairs: Pairs, choices: random.Random) -> bytes:
    lines = []
    for name, value in pairs:
        file = '; filename="a.csv"' if choices.random() < 0.2 else ""
        clean = name.replace('"', "").encode()
        lines.append(
            b'--%b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
            % (BOUNDARY.encode(), clean, file.encode(), value)
        )
    return b"".join(lines) + f"--{BOUNDARY}--\r\n".encode()
