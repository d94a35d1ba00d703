"""Sentences for the errors of msgspec, in the words of a person who writes a seed."""

from __future__ import annotations

import re
from difflib import get_close_matches
from enum import Enum

from msgspec import inspect

from portico.emulator.seeds.format import Seed

_MESSAGE = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_EXPECTED = re.compile(r"Expected `(?P<wanted>[^`]*)`, got `(?P<found>[^`]*)`")
_NAMES = {
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object with fields",
    "null": "nothing",
}


def explain(message: str) -> tuple[str, str]:
    """Return the path and the sentence for the message of a `msgspec.ValidationError`."""
    match = _MESSAGE.fullmatch(message)
    assert match is not None
    what, path = match["what"], match["path"] or ""
    if unknown := _UNKNOWN.fullmatch(what):
        name = unknown[1]
        return f"{path}.{name}".lstrip("."), _unknown_field(name, path)
    if missing := _MISSING.fullmatch(what):
        return path, f"The field {missing[1]} is missing. Add it."
    if expected := _EXPECTED.fullmatch(what):
        return path, _wrong_kind(expected["wanted"].split(" | "), expected["found"])
    if what.startswith("Invalid enum value"):
        return path, f"It must be one of: {', '.join(_choices(path))}."
    if "matching regex" in what:
        return path, "It must be one lower-case letter."
    if "of length >= 1" in what:
        return path, "It cannot be empty."
    return path, f"{what.replace('`', '')}."


def _unknown_field(name: str, path: str) -> str:
    fields = _fields(path)
    close = get_close_matches(name, fields, 1)
    advice = f"Did you mean {close[0]}?" if close else f"The fields are: {', '.join(fields)}."
    return f"There is no field {name} here. {advice}"


def _wrong_kind(wanted: list[str], found: str) -> str:
    kinds = " or ".join(dict.fromkeys(_NAMES.get(each, each) for each in wanted))
    if found == "null":
        return f"It is empty. Write {kinds}, or leave the key out."
    found_name = _NAMES.get(found, found)
    if "str" in wanted and found in {"int", "float", "bool"}:
        return f"It must be text, and this is read as {found_name}. Put it in quotes."
    return f"It must be {kinds}, and this is {found_name}."


def _fields(path: str) -> list[str]:
    """Return the names of the fields of the object at a path."""
    kind = _at(path)
    return (
        [each.encode_name for each in kind.fields] if isinstance(kind, inspect.StructType) else []
    )


def _choices(path: str) -> list[str]:
    kind = _at(path)
    if not isinstance(kind, inspect.EnumType):
        return []
    return [str(each.value) for each in kind.cls if isinstance(each, Enum)]


def _at(path: str) -> inspect.Type:
    """Return the type that the format has at a path."""
    kind = inspect.type_info(Seed)
    for step in re.findall(r"[^.\[\]]+", re.sub(r"\[\d+\]", ".[]", path).replace("[]", "*")):
        kind = _step(kind, step)
    return kind


def _step(kind: inspect.Type, step: str) -> inspect.Type:
    if isinstance(kind, inspect.StructType):
        for each in kind.fields:
            if each.encode_name == step:
                return _plain(each.type)
    if isinstance(kind, inspect.ListType):
        return _plain(kind.item_type)
    return kind


def _plain(kind: inspect.Type) -> inspect.Type:
    """Return a type without its description, and the object of a union that has one."""
    if isinstance(kind, inspect.Metadata):
        return _plain(kind.type)
    if isinstance(kind, inspect.UnionType):
        inner = [_plain(each) for each in kind.types]
        structured = (inspect.StructType, inspect.ListType, inspect.EnumType)
        return next((each for each in inner if isinstance(each, structured)), inner[0])
    return kind
