"""Each sentence of the services' errors that the console can show has a message to translate."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from portico.web.shared.reasons import translatable
from portico.web.shared.texts import Text

SOURCE = Path(str(files("portico")))
ERRORS = {"InvalidField", "InvalidInput", "Forbidden", "Overloaded"}
# Errors of the API alone, and of commands of the operator.
ELSEWHERE = {
    "services/tenancy/tenants.py",
    "services/tenancy/public_keys.py",
    "services/portals/certificate_blobs.py",
    "services/portals/pem.py",
    "services/portals/domains.py",
    "services/people/people_by_name.py",
    "domain/people/providers.py",
    "domain/tenancy/microtenants.py",
    "services/retention.py",
}
FOR_API_CLIENTS = "This API client"


def sentences() -> Iterator[tuple[str, str]]:
    """Each sentence of an error in the domain and the services, with 7 for its values."""
    for layer in ("domain", "services"):
        for path in sorted((SOURCE / layer).rglob("*.py")):
            place = str(path.relative_to(SOURCE))
            if place in ELSEWHERE:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
                    yield from ((place, text) for each in node.args if (text := _text(each)))


def _text(node: ast.expr) -> str:
    """The sentence of an argument, or nothing for the name of a field."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return ""
    text = "".join(
        str(each.value) if isinstance(each, ast.Constant) else "7" for each in node.values
    )
    return text if " " in text else ""


def test_sentences_of_errors_have_messages() -> None:
    unknown = [
        (place, text)
        for place, text in sentences()
        if not text.startswith(FOR_API_CLIENTS) and not isinstance(translatable(text), Text)
    ]

    assert unknown == []


@pytest.mark.parametrize(
    ("sentence", "message", "values"),
    [
        (
            "A link can be on at most 20 portals.",
            "A link can be on at most %(limit)s portals.",
            {"limit": "20"},
        ),
        (
            'A host cannot contain "@"; user names and passwords are not part of a host.',
            'A host cannot contain "%(character)s"; %(why)s.',
            {"character": "@", "why": "user names and passwords are not part of a host"},
        ),
    ],
)
def test_the_message_of_a_sentence_has_its_values(
    sentence: str, message: str, values: dict[str, str]
) -> None:
    found = translatable(sentence)

    assert isinstance(found, Text)
    assert (found, found.message, found.values) == (sentence, message, values)
