"""The members of a request body that its wire struct reads, for reports about the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

KnownFields: TypeAlias = Mapping[str, "KnownFields | None"]


def known_fields(kind: Any) -> KnownFields | None:  # noqa: ANN401  # a wire struct or a list
    """Return the members that a body's type reads, by their names on the wire.

    A member that is an object or a list of objects has the members of those. Others have None.
    """
    return _fields(msgspec.inspect.type_info(kind))


def _fields(kind: msgspec.inspect.Type) -> KnownFields | None:
    if isinstance(kind, msgspec.inspect.StructType):
        return {each.encode_name: _fields(each.type) for each in kind.fields}
    if isinstance(kind, msgspec.inspect.Metadata):
        return _fields(kind.type)
    if isinstance(kind, msgspec.inspect.ListType | msgspec.inspect.VarTupleType):
        return _fields(kind.item_type)
    if isinstance(kind, msgspec.inspect.UnionType):
        return next((found for each in kind.types if (found := _fields(each)) is not None), None)
    return None
