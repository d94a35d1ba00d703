"""Whether text contains, starts or ends with other text, in the cheapest words of each database.

PostgreSQL gets LIKE, which its trigram index serves. SQLite compares bytes instead: its LIKE takes
up to a hundred times longer on text that almost matches everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Text, TypeDecorator, bindparam, func, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from portico.domain.records import fold_ascii
from portico.domain.search import Operator

_ESCAPE = "/"
_PATTERNS = {
    Operator.CONTAINS: "%{}%",
    Operator.STARTSWITH: "{}%",
    Operator.ENDSWITH: "%{}",
}
_ON_SQLITE = {
    Operator.CONTAINS: "instr({text}, {part}) > 0",
    Operator.STARTSWITH: "substr({text}, 1, length({part})) = {part}",
    Operator.ENDSWITH: "substr({text}, length({text}) - length({part}) + 1) = {part}",
}


class _Part(TypeDecorator[str]):
    """The text that is looked for: a LIKE pattern on PostgreSQL, itself on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, operator: Operator) -> None:
        super().__init__()
        self.operator = operator

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str] | None:
        """Return a function that makes a pattern of the text, with its wildcards escaped."""
        if dialect.name != "postgresql":
            return None
        template = _PATTERNS[self.operator]

        def pattern(part: str) -> str:
            for special in (_ESCAPE, "%", "_"):
                part = part.replace(special, _ESCAPE + special)
            return template.format(part)

        return pattern


class HasText(FunctionElement[Any]):
    """That a column contains, starts or ends with the parameter `name`. Both are folded already.

    It has no type, as `Among` has none.
    """

    type = NullType()
    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], operator: Operator, name: str) -> None:
        super().__init__(column, bindparam(name, type_=_Part(operator)))
        self.operator = operator


_SPELLINGS = ("text_typed", "text_lower", "text_upper", "text_title")


def spellings_of(text: str) -> dict[str, str]:
    """Return the values of `has_spelling`: a text as it is typed, and in other cases."""
    spellings = (text, text.lower(), text.upper(), text.title())
    return dict(zip(_SPELLINGS, map(fold_ascii, spellings), strict=True))


def has_spelling(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a column contains a text in any case.

    It is for columns without a folded copy. Both databases fold only A to Z there, so other letters
    match in one of the spellings.
    """
    folded = func.lower(column)
    return or_(*(HasText(folded, Operator.CONTAINS, each) for each in _SPELLINGS))


@compiles(HasText)
def _compile_has_text(match: HasText, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401  # the compiler's own
    text, part = (compiler.process(each, **options) for each in match.clauses)
    if compiler.dialect.name == "postgresql":
        return f"{text} LIKE {part} ESCAPE '{_ESCAPE}'"
    return f"({_ON_SQLITE[match.operator].format(text=text, part=part)})"
