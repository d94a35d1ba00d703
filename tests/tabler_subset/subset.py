"""Keeps of a minified stylesheet what pages with given classes and properties can use."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Set
from pathlib import Path

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "src/portico/web"
WHOLE = HERE / "tabler.min.css.gz"
OUT = WEB / "static/vendor/tabler/tabler.used.css"
_GROUPS = ("@media", "@supports")

_NAME = re.compile(r"[A-Za-z][\w-]*")
_CLASS_ATTRIBUTE = re.compile(r'class="((?:[^"{]|\{\{.*?\}\}|\{%.*?%\})*)"', re.DOTALL)
_JINJA = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
_JINJA_TEXT = re.compile(r'"([\w -]+)"')
_SCRIPT_CLASS = re.compile(r"class(?:Name|List)[^;}]*")
_CLASS = re.compile(r"\.((?:[\w-]|\\.)+)")
_BRACKETS = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
_DECLARATION = re.compile(rf"(--tblr-[\w-]+):(?:[^;{{}}()]|{_BRACKETS})*(?:;|(?=\}}))")
_NEVER = re.compile(r'"[^"]*"|:not\([^)]*\)')


def make_subset() -> str:
    """Return the rules of Tabler that the templates and scripts of the console can use."""
    whole = gzip.decompress(WHOLE.read_bytes()).decode()
    licence, _, rules = whole.partition("*/")
    rules = _rules_of(re.sub(r"/\*.*?\*/", "", rules, flags=re.DOTALL), names_in_use())
    own = "".join(path.read_text() for path in (WEB / "static/console").glob("*.css"))
    return f"{licence}*/\n{_without_unused(rules, own)}\n"


def names_in_use() -> set[str]:
    """Return every word that may be a class: of class attributes, and where scripts set one."""
    texts: list[str] = []
    for path in (WEB / "templates/console").glob("*.html"):
        for attribute in _CLASS_ATTRIBUTE.findall(path.read_text()):
            texts.append(_JINJA.sub(" ", attribute))
            texts += _JINJA_TEXT.findall(" ".join(_JINJA.findall(attribute)))
    for path in (WEB / "static/console").glob("*.js"):
        texts += _SCRIPT_CLASS.findall(path.read_text())
    return {name for text in texts for name in _NAME.findall(text)}


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield the head and the body of each block."""
    start = 0
    while (opening := css.find("{", start)) >= 0:
        depth, end = 1, opening + 1
        while depth:
            if css[end] in "\"'":
                end = css.index(css[end], end + 1)
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        yield css[start:opening].strip(), css[opening + 1 : end - 1]
        start = end


def _rules_of(css: str, names: Set[str]) -> str:
    kept = []
    for head, body in _blocks(css):
        if head.startswith(_GROUPS):
            inner = _rules_of(body, names)
            kept += [f"{head}{{{inner}}}"] if inner else []
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        elif selectors := [each for each in _selectors(head) if _may_match(each, names)]:
            kept.append(f"{','.join(selectors)}{{{body}}}")
    return "".join(kept)


def _selectors(head: str) -> list[str]:
    """Return the selectors of a list. Commas in brackets do not separate them."""
    parts, depth = [""], 0
    for character in head:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _may_match(selector: str, names: Set[str]) -> bool:
    required = _NEVER.sub("", selector)
    return "[data-bs-" not in required and all(each in names for each in _CLASS.findall(required))


def _without_unused(rules: str, own: str) -> str:
    """Leave out custom properties and animations that no rule uses, until none is left."""
    while True:
        used = set(re.findall(r"var\(\s*(--tblr-[\w-]+)", rules + own))
        shorter = "".join(
            f"{head}{{{body}}}"
            for head, body in _blocks(_with_properties(rules, used))
            if body and not _is_unused(head, rules)
        )
        if shorter == rules:
            return rules
        rules = shorter


def _with_properties(rules: str, used: Set[str]) -> str:
    """Leave out the declarations of other custom properties of Tabler."""

    def kept(match: re.Match[str]) -> str:
        return match[0] if match[1] in used else ""

    return _DECLARATION.sub(kept, rules)


def _is_unused(head: str, rules: str) -> bool:
    """Return whether a block is an animation that no rule names, or a registered property."""
    if head.startswith("@property"):
        return f"var({head.split()[1]}" not in rules
    if not head.startswith("@keyframes"):
        return False
    name = re.escape(head.split()[1])
    return not re.search(rf"animation(?:-name)?:[^;}}]*\b{name}\b", rules)
