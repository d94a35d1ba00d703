"""A record that is read in order to change it is locked, or another writer's change is lost."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.contract.source import SOURCE

NOUNS = ("application", "aup", "certificate", "group", "link", "microtenant", "portal", "section")
GETTERS = {f"get_{noun}" for noun in (*NOUNS, "user")}
FINDERS = {"find", "find_all"}
CHANGES = {"replace", "remove"}


def calls_with_work(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Each use-case and repository method that is called, and whether the call locks."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            locks = any(each.arg == "lock" for each in node.keywords)
            if called in GETTERS or called.startswith("work."):
                yield called.rpartition(".")[2], locks


def test_services_lock_what_they_change() -> None:
    functions = [
        (f"{module}: {function.name}", set(calls_with_work(function)))
        for module in SOURCE
        if "portico/services/" in str(module)
        for function in module.functions()
    ]
    changing = [(name, calls) for name, calls in functions if CHANGES & {each for each, _ in calls}]
    unlocked = [
        name
        for name, calls in changing
        if any(called in GETTERS | FINDERS and not locks for called, locks in calls)
    ]

    assert len(changing) > 10
    assert unlocked == []


def test_console_locks_what_it_changes() -> None:
    blocks = [
        (f"{module}: line {node.lineno}", node)
        for module in SOURCE
        if "portico/web/" in str(module)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.AsyncWith) and "writing(" in ast.unparse(node.items[0])
    ]
    unlocked = [
        where
        for where, block in blocks
        if any(called in GETTERS and not locks for called, locks in calls_with_work(block))
    ]

    assert len(blocks) > 10
    assert unlocked == []
