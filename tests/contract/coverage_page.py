"""Writes docs/reference/coverage.md from the vendor's declared operations and the routes."""

from __future__ import annotations

from pathlib import Path

from tests.contract.vendor_operations import GROUPS, Group, VendorOperation, declared

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "coverage.md"
_INTRODUCTION = """\
# Coverage of the vendor's operations

`scripts/coverage-page` writes this page, and a test compares it with the routes. It lists the
vendor's operations on user portals and on the objects that their configuration needs, and what
Portico does with each. Portico serves {served} of {all}, in `serve` and in the stand-in.

- **Operation** is the method and the path. `/v1/.../userPortal` is short for
  `/mgmtconfig/v1/admin/customers/{{customerId}}/userPortal`. Portico also serves paths below
  `/mgmtconfig` with `/zpa` before them, for OneAPI.
- **Source** is how the operation is known.
  [The vendor's API](../explanation/vendor-api.md#how-the-facts-are-known) explains the words.
- **Portico** is the operation id of the route, as in `/openapi.json`. Rules for faults and the
  journal of the stand-in use the same ids. "No" is an operation that Portico does not have. It
  answers 400 `portico.operation.unknown`, another 400 if the last part of the path should be an
  id, or 405 if the path has other operations. It never answers 404, because clients take a 404
  for a deleted object.

Every operation of an object has the rules of tenancy, microtenants and roles that links have.
Every list can be searched, sorted and paged, and every change has an audit entry.
"""


def render() -> str:
    """Return the page."""
    operations = list(declared())
    served = sum(each.served_by is not None for each in operations)
    introduction = _INTRODUCTION.format(served=served, all=len(operations))
    return "\n".join([introduction, *(_table(group) for group in GROUPS)])


def _table(group: Group) -> str:
    lines = [
        f"## {group.heading}",
        "",
        "| operation | source | Portico | note |",
        "|---|---|---|---|",
        *(_row(each) for each in group.operations),
        "",
    ]
    return "\n".join(lines)


def _row(operation: VendorOperation) -> str:
    served = operation.served_by
    name = f"`{served}`" if served else "no"
    path = _short(operation.path)
    cells = (f"`{operation.method} {path}`", operation.source, name, operation.note)
    return f"| {' | '.join(cells)} |"


def _short(path: str) -> str:
    return path.replace("/mgmtconfig/", "/", 1).replace("/admin/customers/{customerId}/", "/.../")


if __name__ == "__main__":
    PAGE.write_text(render())
