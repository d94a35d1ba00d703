"""A Sphinx extension that writes what pages need beside their text, which GitHub shows too.

A comment such as `<!-- generated: settings -->` stands for a part that the code defines. The
entries of a list in an index page become its table of contents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click
from sphinx.application import Sphinx

from portico.app import openapi_document
from portico.cli import portico
from portico.emulator.seeds.schema import seed_schema_text
from portico.observability.listing import list_metrics
from portico.settings import setting_fields
from portico.web.reference import group_operations, render_operation

_MARKER = re.compile(r"^<!-- generated: (\w+) -->$", re.M)
_ENTRY = re.compile(r"^(?:-|\d+\.) \[[^\]]+\]\(([^)#:]+)\.md\)", re.M)

# The range of ids, which ends with the largest number that a database has.
_RANGE = re.compile(r"\s*\[[01]<=x<=9223372036854775807\]|(?<=\[)[01]<=x<=9223372036854775807; ")
_TENANT = "/mgmtconfig/v1/admin/customers/{customerId}/"


def setup(app: Sphinx) -> dict[str, bool]:
    """Complete each page when Sphinx reads it."""
    app.connect("source-read", _complete)
    return {"parallel_read_safe": True}


def _complete(_app: Sphinx, page: str, source: list[str]) -> None:
    source[0] = _MARKER.sub(lambda found: PARTS[found[1]](), source[0])
    if page.rpartition("/")[2] == "index":
        pages = "\n".join(dict.fromkeys(_ENTRY.findall(source[0])))
        source[0] += f"\n```{{toctree}}\n:hidden:\n\n{pages}\n```\n"


def settings() -> str:
    """Return a table of the settings."""
    rows = []
    for name, field in setting_fields().items():
        default = str(field.default)
        if isinstance(field.default, bool):
            default = default.lower()
        names = f"`--{name.replace('_', '-')}`<br>`PORTICO_{name.upper()}`"
        shown = f"`{default}`" if default else "empty"
        rows.append((names, shown, _escaped(field.metadata["help"])))
    return _table(("Setting", "Default", "Meaning"), rows)


def commands() -> str:
    """Return a section for each command, with its arguments and options."""
    return "\n".join(_command(click.Context(portico, info_name="portico")))


def _command(context: click.Context) -> Iterator[str]:
    command = context.command
    level = context.command_path.count(" ")
    if level:
        yield f"{'#' * (level + 1)} `{context.command_path}`\n"
        yield f"{_paragraphs(command.help or '')}\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _command(click.Context(inner, info_name=name, parent=context))
        if not command.invoke_without_command or not level:
            return
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"```text\n{usage}\n```\n"
    records = [
        record
        for option in command.params
        if isinstance(option, click.Option)
        and (record := option.get_help_record(context)) is not None
    ]
    if records:
        rows = [(_option_names(names), _escaped(_RANGE.sub("", text))) for names, text in records]
        yield _table(("Option", "Meaning"), rows)


def _option_names(names: str) -> str:
    shown = names.replace("INTEGER RANGE", "NUMBER").replace("INTEGER", "NUMBER")
    return f"`{shown}`".replace("|", "\\|")


def _paragraphs(text: str) -> str:
    """Return a help text as Markdown. A paragraph after \\b keeps its lines, as in a terminal."""
    paragraphs = []
    for paragraph in text.strip().split("\n\n"):
        if paragraph.startswith("\b\n"):
            paragraphs.append(f"```text\n{paragraph[2:]}\n```")
        else:
            paragraphs.append(_escaped(paragraph))
    return "\n\n".join(paragraphs)


def operations() -> str:
    """Return a table of the operations, and a section for each."""
    document = json.loads(openapi_document())
    groups = group_operations(document)
    rows = [
        (
            f"`{each['method']} {each['path'].removeprefix(_TENANT)}`",
            f"[{each['summary']}](#{each['operationId']})",
        )
        for _, group in groups
        for each in group
    ]
    parts = [_table(("Request", "Operation"), rows)]
    for tag, group in groups:
        parts.append(f"## {tag}\n")
        for each in group:
            parts.append(f"({each['operationId']})=\n### {each['summary']}\n")
            content = render_operation(document, each)
            parts.append(f'```{{raw}} html\n<div class="operation">\n{content}</div>\n```\n')
    return "\n".join(parts)


def metrics() -> str:
    """Return a table of the metrics."""
    rows = [
        (
            f"`{each.name}`",
            each.kind,
            ", ".join(f"`{label}`" for label in each.labels),
            _escaped(each.help),
        )
        for each in list_metrics()
    ]
    return _table(("Metric", "Kind", "Labels", "Meaning"), rows)


def seeds() -> str:
    """Return a section for each kind of object in a seed, with its members."""
    kinds = json.loads(seed_schema_text())["$defs"]
    parts = []
    for name, kind in kinds.items():
        parts.append(f"## {name}\n\n{_escaped(kind.get('description', ''))}\n")
        rows = [
            (
                f"`{member}`" + (" (required)" if member in kind.get("required", ()) else ""),
                _kind(schema),
                _escaped(schema.get("description", "")),
            )
            for member, schema in kind.get("properties", {}).items()
        ]
        parts.append(_table(("Member", "Type", "Meaning"), rows) if rows else _kind(kind) + "\n")
    return "\n".join(parts)


def _kind(schema: Mapping[str, Any]) -> str:
    """Return the type of a member, with links to the kinds that it refers to."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return f"[{name}](#{name.lower()})"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_kind(each) for each in schema[several]))
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    pattern = f" like `{_escaped(schema['pattern'])}`" if "pattern" in schema else ""
    return str(schema.get("type", "any value")) + pattern


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(each)} |" for each in lines) + "\n"


def _escaped(text: str) -> str:
    """Return text as Markdown that shows it, also in a cell of a table."""
    return re.sub(r"([*_<\[\]|])", r"\\\1", " ".join(text.split()))


PARTS: Mapping[str, Callable[[], str]] = {
    "settings": settings,
    "commands": commands,
    "operations": operations,
    "metrics": metrics,
    "seeds": seeds,
}
"""The generated parts by the names that pages call them."""
