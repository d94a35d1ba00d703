"""Writing a seed as YAML or JSON, so that reading it again gives the same seed."""

from __future__ import annotations

from typing import Any

import msgspec

from portico.emulator.seeds.format import Seed, Variable

_WIDTH = 100


def as_json(seed: Seed) -> str:
    """Return a seed as indented JSON."""
    return f"{msgspec.json.format(msgspec.json.encode(_plain(seed)), indent=2).decode()}\n"


def as_yaml(seed: Seed) -> str:
    """Return a seed as YAML, with long texts over several lines."""
    # Imported when it is used: a server never writes YAML.
    import yaml

    # A class of its own, because PyYAML keeps representers with the class.
    base = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    writer: Any = type("SeedWriter", (base,), {})
    writer.add_representer(str, _write_text)
    written: str = yaml.dump(
        _plain(seed), Dumper=writer, sort_keys=False, allow_unicode=True, width=_WIDTH
    )
    return written


def _write_text(writer: Any, text: str) -> Any:  # noqa: ANN401  # PyYAML in C or Python
    """Return the node of a text, as a block if it has several lines."""
    style = "|" if "\n" in text else None
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _plain(seed: Seed) -> Any:  # noqa: ANN401  # any JSON value
    return _ordered(msgspec.to_builtins(seed, enc_hook=_reference))


def _ordered(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Return a value whose objects have their short fields before their lists."""
    if isinstance(value, list):
        return [_ordered(each) for each in value]
    if not isinstance(value, dict):
        return value
    by_kind = sorted(value.items(), key=lambda item: isinstance(item[1], list))
    return {name: _ordered(each) for name, each in by_kind}


def _reference(value: object) -> dict[str, str]:
    """Return the reference that stands for a variable, the only value that msgspec cannot write."""
    assert isinstance(value, Variable)
    return {"env": str(value)}
