"""A watch over every log of the suite, in which no secret may be.

Secrets are learned where they appear: in requests and responses, when a password is hashed or a
client created, in browsers, key files and encrypted columns. Text that looks like a token, a key
or a generated password is refused too, whoever made it.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, quote

SHORTEST = 12
"""The length of the shortest text that counts as a secret, in characters."""

FEWEST_CHARACTERS = 5
"""How many different characters a secret has at least, other than the padding of a test."""

SECRET_FIELDS = frozenset(
    {"access_token", "again", "assertion", "client_assertion", "client_secret", "code", "csrf"}
    | {"current", "id_token", "new", "passkey", "password", "recovery", "secret", "state", "token"}
)
"""The names of secrets in forms, queries and JSON."""

OPEN_COOKIES = ("theme", "language", "undo")
"""How the purposes of cookies begin that hold no secret."""

LOOKS_SECRET = re.compile(
    rb"eyJ[\w-]{8,}\.[\w-]{8,}"  # a JSON Web Token
    rb"|PRIVATE KEY-----|otpauth://|[Bb]earer [\w-]{20}"
    rb"|(?:password|client_secret|access_token|client_assertion)=[^\s&\"*]"
    rb"|\b(?:[a-km-z2-9]{5}-){4}[a-km-z2-9]{5}\b"  # a generated password
    rb"|(?<![\w+/=-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*[0-9])[\w-]{43}(?![\w+/=-])"  # a token
)
LOG_LINE = re.compile(rb"\{|20\d\d-\d\d-\d\d ")
"""The beginning of a line of JSON, and of one for people."""

MOST_LOGS = 20
"""With more open logs than this, those of ended processes are closed. To ask costs time."""

_GRAM, _STRIDE = 8, 4
_CHUNK = 64 * 1024


class Process(Protocol):
    """The process that writes a log."""

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""


class _Log:
    """The log of one server, open so that it can be read after its folder is gone."""

    def __init__(self, path: Path, process: Process, *, has_banner: bool) -> None:
        self.path = path
        self.has_banner = has_banner
        self.process = process
        self.file = os.fdopen(os.open(path, os.O_RDONLY | os.O_CREAT, 0o644), "rb")

    def new_chunks(self) -> Iterator[bytes]:
        """Return what was written since the last call, in chunks of whole lines."""
        while lines := self.file.readlines(_CHUNK):
            yield b"".join(line for line in lines if not self.has_banner or is_logged(line))


class SecretWatch:
    """Knows the secrets of this test process, and the logs in which they must not be."""

    def __init__(self) -> None:
        self._forms: dict[bytes, set[bytes]] = {}
        self._logs: list[_Log] = []
        self._lines: list[str] = []

    def learn(self, *secrets: str) -> None:
        """Add secrets in each form in which a log line could have them. Short texts are no secrets.

        A secret is filed under the grams at its first places, of which a text that is looked at in
        strides has one.
        """
        for secret in secrets:
            if not is_secret(secret):
                continue
            for text in {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}:
                form = text.encode("utf-8", "backslashreplace")
                for place in range(_STRIDE):
                    self._forms.setdefault(form[place : place + _GRAM], set()).add(form)

    def learn_fields(self, fields: Mapping[str, object]) -> None:
        """Add the secrets of a form, a query or a JSON object by their names."""
        self.learn(*(str(fields[name]) for name in SECRET_FIELDS & fields.keys()))

    def learn_cookies(self, cookies: Mapping[str, str]) -> None:
        """Add the values of Portico's cookies, except preferences."""
        self.learn(
            *(
                value
                for name, value in cookies.items()
                if (purpose := name.partition("portico_")[2])
                and not purpose.startswith(OPEN_COOKIES)
            )
        )

    def follow(self, log: Path, process: Process, *, has_banner: bool = False) -> None:
        """Read the log of a server from now on.

        `has_banner` is for those that print credentials to sign in with, which they are meant to.
        """
        self._logs.append(_Log(log, process, has_banner=has_banner))

    def add_lines(self, lines: str) -> None:
        """Add lines that no server wrote into a file."""
        self._lines.append(lines)

    def found_in(self, text: bytes) -> list[str]:
        """Return the log lines of a text that have a secret.

        What a command prints on purpose, such as the credentials of a demo, is no log line.
        """
        grams = {text[place : place + _GRAM] for place in range(0, len(text), _STRIDE)}
        known = {form for gram in self._forms.keys() & grams for form in self._forms[gram]}
        found = [form for form in known if form in text]
        found += [match[0] for match in LOOKS_SECRET.finditer(text)]
        return [
            line.decode("utf-8", "replace")
            for line in text.splitlines()
            if LOG_LINE.match(line) and any(form in line for form in found)
        ]

    def check(self) -> None:
        """Raise AssertionError if what was logged since the last check has a secret."""
        lines, self._lines = self._lines, []
        found = self.found_in("\n".join(lines).encode("utf-8", "backslashreplace"))
        is_crowded = len(self._logs) > MOST_LOGS
        for log in list(self._logs):
            has_ended = is_crowded and log.process.poll() is not None
            for chunk in log.new_chunks():
                found += [f"{log.path}: {line}" for line in self.found_in(chunk)]
            if has_ended:
                log.file.close()
                self._logs.remove(log)
        assert not found, "A log has a secret:\n" + "\n".join(found)

    def close(self) -> None:
        """Stop following logs."""
        for log in self._logs:
            log.file.close()
        self._logs.clear()

    def check_whole(self, log: Path, secrets: list[str]) -> None:
        """Raise AssertionError if a log has one of the secrets that only its database knows."""
        text = log.read_bytes()
        found = [each for each in secrets if is_secret(each) and each.encode() in text]
        assert not found, f"{log} has {len(found)} secrets of its database."


class WatchingHandler(logging.Handler):
    """Adds what this process logs to what the watch looks at."""

    def __init__(self, watch: SecretWatch, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._watch = watch

    def emit(self, record: logging.LogRecord) -> None:
        """Add the line of a record."""
        self._watch.add_lines(self.format(record))


def is_secret(text: str) -> bool:
    """Whether a text is long and varied enough, unlike the padding and "old" keys of some tests."""
    return len(text) >= SHORTEST and len(set(text)) >= FEWEST_CHARACTERS


def is_logged(line: bytes) -> bool:
    """Whether a line is one of the log, in JSON or for people, and not of a banner."""
    return line.startswith(b"{") or line[:2] == b"20"


def fields_of(content: bytes, content_type: str) -> Mapping[str, object]:
    """Return the fields of a form or of a JSON object, or nothing. Long ones are no sign-ins."""
    if len(content) >= _CHUNK:
        return {}
    if "form-urlencoded" in content_type:
        return dict(parse_qsl(content.decode("utf-8", "replace"), max_num_fields=None))
    if "json" in content_type:
        try:
            value = json.loads(content)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}
    return {}


@cache
def secret_watch() -> SecretWatch:
    """Return the watch of this test process."""
    return SecretWatch()
