"""The source of the repository as syntax trees, for rules that a person would have to remember."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import portico

PACKAGE = Path(portico.__file__).parent
TESTS = Path(__file__).parents[1]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file of Python."""

    path: Path
    root: Path

    def __str__(self) -> str:
        return str(self.path.relative_to(self.root.parent))

    @cached_property
    def text(self) -> str:
        """What the file holds."""
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        """The file as a syntax tree."""
        return ast.parse(self.text)

    def functions(self) -> Iterator[Function]:
        """Every function and method, also nested ones."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node


def modules(root: Path) -> list[Module]:
    """Every Python file below a folder."""
    return [Module(path, root) for path in sorted(root.rglob("*.py"))]


SOURCE = modules(PACKAGE)
EVERYTHING = SOURCE + modules(TESTS)


def imported_roots(module: Module) -> set[str]:
    """The top-level packages that a module imports."""
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def called_names(node: ast.AST) -> set[str]:
    """The last names of everything that is called inside a node: `a.b(c())` gives b and c."""
    found: set[str] = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            if isinstance(each.func, ast.Name):
                found.add(each.func.id)
            elif isinstance(each.func, ast.Attribute):
                found.add(each.func.attr)
    return found
