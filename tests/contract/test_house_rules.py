"""The house rules that a linter does not know: how long, how documented, who may import what."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from portico.web.documentation import SITE
from tests.contract.source import (
    EVERYTHING,
    PACKAGE,
    SOURCE,
    TESTS,
    Module,
    called_names,
    imported_roots,
)

# One process of the test run parses the source, and not each of them.
pytestmark = pytest.mark.xdist_group("source")

MODULE_LINES = 500
FUNCTION_LINES = 60
DOCSTRING_LINES = 5
TEMPLATE_COLUMNS = 160
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base_service"}
LAYER_LIBRARIES = {
    "domain": {"idna"},
    # msgspec encodes the rows of backups.
    "storage": {"sqlalchemy", "alembic", "asyncpg", "cryptography", "msgspec"},
    # msgspec encodes audit entries.
    "services": {"cachetools", "cryptography", "msgspec"},
    "asgi": {"starlette"},
    "http": {"starlette", "msgspec", "joserfc", "cryptography"},
    "web": {"starlette", "jinja2", "msgspec", "joserfc", "httpx", "argon2", "cachetools", "PIL"},
}


def docstring_lines(module: Module) -> int:
    """How many lines the purpose of a module takes; the drawing of a tree does not count."""
    docstring = ast.get_docstring(module.tree) or ""
    return len([line for line in docstring.splitlines() if line and "──" not in line])


def test_modules_have_short_docstrings() -> None:
    found = {str(module): docstring_lines(module) for module in EVERYTHING}

    assert {name: lines for name, lines in found.items() if not 1 <= lines <= DOCSTRING_LINES} == {}


def test_modules_are_short() -> None:
    found = {str(module): len(module.text.splitlines()) for module in EVERYTHING}

    assert {name: lines for name, lines in found.items() if lines > MODULE_LINES} == {}


def written(ending: str) -> list[Path]:
    """The files of the package with an ending, without those of others and the built site."""
    found = PACKAGE.rglob(f"*.{ending}")
    return [each for each in found if not {"vendor", SITE.name} & set(each.parts)]


def test_stylesheets_and_scripts_are_short() -> None:
    found = {
        str(path.relative_to(PACKAGE)): len(path.read_text("utf-8").splitlines())
        for ending in ("css", "js")
        for path in written(ending)
    }

    assert found
    assert {name: lines for name, lines in found.items() if lines > MODULE_LINES} == {}


def test_lines_of_templates_are_short() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in written("html")
        if path.name != "icons.html"  # The path of a drawing is one word.
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > TEMPLATE_COLUMNS
    ]

    assert found == []


def test_text_grows_with_the_size_that_readers_set() -> None:
    fixed = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in written("css")
        if path.name != "reference.css"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.match(r"\s*(font|font-size|line-height):.*\dpx", line)
    ]

    assert fixed == []  # Write rem: 16px are 1rem.


def test_modules_have_telling_names() -> None:
    assert [str(module) for module in EVERYTHING if module.path.stem in VAGUE_NAMES] == []


def test_functions_are_short() -> None:
    long = {
        f"{module} {function.name}": length
        for module in SOURCE
        for function in module.functions()
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
        and "migrations" not in module.path.parts
    }

    assert long == {}


@pytest.mark.parametrize("layer", LAYER_LIBRARIES)
def test_layer_uses_only_its_libraries(layer: str) -> None:
    known = LAYER_LIBRARIES[layer]
    foreign = {"sqlalchemy", "alembic", "asyncpg", "starlette", "msgspec", "jinja2"}
    foreign |= {"granian", "click", "rich", "cryptography"}
    foreign |= {"joserfc", "httpx", "argon2", "PIL", "babel", "idna", "cachetools"}
    here = [module for module in SOURCE if f"portico/{layer}/" in str(module)]
    found = {
        str(module): used for module in here if (used := imported_roots(module) & (foreign - known))
    }

    assert here
    assert found == {}


def test_services_never_commit() -> None:
    services = [module for module in SOURCE if "portico/services/" in str(module)]
    committing = [
        str(module)
        for module in services
        if called_names(module.tree) & {"commit", "rollback", "begin", "execute"}
    ]

    assert services
    assert committing == []


def test_architecture_names_files_that_exist() -> None:
    page = (TESTS.parent / "docs/explanation/architecture.md").read_text("utf-8")
    named = set(re.findall(r"`(\w+/[\w/]+(?:/|\.py|\.html|\.js))`", page))
    roots = (PACKAGE, PACKAGE / "web", TESTS.parent)

    assert named
    assert {each for each in named if not any((root / each).exists() for root in roots)} == set()
