"""Reading a seed file: its size, its references to secrets and files, its format."""

from __future__ import annotations

import base64
import mimetypes
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from portico.emulator.seeds.format import SECRETS, Seed
from portico.emulator.seeds.sources import Node, Source
from portico.emulator.seeds.wording import explain

SIZE_LIMIT_BYTES = 32 * 1024 * 1024
FILE_LIMIT_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class SeedFile:
    """A seed, and where each of its values comes from."""

    seed: Seed
    source: Source


def read_seed(
    path: Path, *, plain_secrets: bool, environment: Mapping[str, str] | None = None
) -> SeedFile:
    """Return the seed in a YAML or JSON file.

    `plain_secrets` allows secrets that the file itself contains. `environment` is for
    `{env: NAME}` and defaults to that of the process. Raises SeedError.
    """
    source = Source(name=str(path), folder=path.parent)
    content = _read(path, SIZE_LIMIT_BYTES, source, "")
    return parse_seed(content, source, plain_secrets=plain_secrets, environment=environment)


def parse_seed(
    content: bytes,
    source: Source,
    *,
    plain_secrets: bool,
    environment: Mapping[str, str] | None = None,
) -> SeedFile:
    """Return the seed in a text of YAML or JSON, as `read_seed` does. Raises SeedError."""
    if len(content) > SIZE_LIMIT_BYTES:
        raise source.error("", f"It is larger than {SIZE_LIMIT_BYTES >> 20} MiB.")
    text = _decoded(content, source, "")
    root = _parse(text, source)
    source = replace(source, root=root)
    values = _Values(
        source, os.environ if environment is None else environment, plain_secrets=plain_secrets
    )
    raw = values.of(root, "")
    try:
        seed = msgspec.convert(raw, Seed)
    except msgspec.ValidationError as error:
        raise source.error(*explain(str(error))) from None
    return SeedFile(seed=seed, source=source)


def _parse(text: str, source: Source) -> Node:
    """Return the nodes of a text. JSON ends in .json, or starts with a brace."""
    if source.name.endswith(".json") or text.lstrip().startswith("{"):
        from portico.emulator.seeds.json_files import parse_json

        return parse_json(text, source)
    # Imported here: it takes longer to load than a small file takes to read.
    from portico.emulator.seeds.yaml_files import parse_yaml

    return parse_yaml(text, source)


class _Values:
    """Turns nodes into plain values, and puts secrets and files in the place of references."""

    def __init__(
        self, source: Source, environment: Mapping[str, str], *, plain_secrets: bool
    ) -> None:
        self._source = source
        self._environment = environment
        self._plain_secrets = plain_secrets

    def of(self, node: Node, path: str) -> Any:  # noqa: ANN401  # any JSON value
        """Return the value of a node. Raises SeedError."""
        value = node.value
        if isinstance(value, list):
            return [self.of(each, f"{path}[{position}]") for position, each in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if set(value) in ({"env"}, {"file"}):
            ((kind, member),) = value.items()
            return self._referred(kind, member.node.value, path)
        result = {}
        for name, member in value.items():
            within = f"{path}.{name}" if path else name
            if name in SECRETS and not self._plain_secrets:
                self._require_reference(member.node, within)
            result[name] = self.of(member.node, within)
        return result

    def _require_reference(self, node: Node, path: str) -> None:
        if not isinstance(node.value, dict):
            raise self._source.error(
                path,
                "A secret cannot be in the file itself. Write {env: NAME} or {file: PATH}. Only "
                "`portico emulate` and `portico run` accept plain secrets.",
            )

    def _referred(self, kind: str, name: object, path: str) -> str:
        if not isinstance(name, str) or not name:
            example = "{env: NAME}" if kind == "env" else "{file: PATH}"
            raise self._source.error(path, f"Text must follow {kind}, as in {example}.")
        if kind == "file":
            return self._file(name, path)
        if name not in self._environment:
            raise self._source.error(path, f"The environment variable {name} is not set. Set it.")
        return self._environment[name]

    def _file(self, name: str, path: str) -> str:
        if self._source.folder is None:
            raise self._source.error(path, "This seed cannot name files. Write the text itself.")
        file = self._source.folder / name
        content = _read(file, FILE_LIMIT_BYTES, self._source, path)
        kind, _ = mimetypes.guess_type(file.name)
        if kind is not None and kind.startswith("image/"):
            return f"data:{kind};base64,{base64.b64encode(content).decode()}"
        text = _decoded(content, self._source, path)
        # An editor ends a file with a line break, which is no part of a secret.
        return text if "\n" in text.rstrip("\r\n") else text.rstrip("\r\n")


def _read(path: Path, limit: int, source: Source, within: str) -> bytes:
    """Return the content of a file. Raises SeedError."""
    subject = "It" if not within else f"The file {path}"
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise source.error(within, f"{subject} cannot be read: {error.strerror}.") from None
    if len(content) > limit:
        raise source.error(within, f"{subject} is larger than {limit >> 20} MiB.")
    return content


def _decoded(content: bytes, source: Source, path: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise source.error(path, "It is not text in UTF-8.") from None
