"""The JSON Schema of seeds, and the example of the documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # published without types
import msgspec
import pytest
import yaml

from portico.demo.seeds import BUILT_IN, built_in_seed
from portico.emulator.seeds.rendering import as_json
from portico.emulator.seeds.schema import seed_schema, seed_schema_text
from tests.emulator.seeds.planted import Databases, PlantedSeed, parsed

DOCS = Path(__file__).parents[3] / "docs" / "reference"


def accepts(value: Any) -> bool:  # noqa: ANN401  # any JSON value
    """Whether the schema accepts a seed."""
    return bool(jsonschema.Draft202012Validator(seed_schema()).is_valid(value))


def example() -> str:
    """The complete example of the documentation."""
    (found,) = re.findall(r"```yaml\n(set: .*?)```", (DOCS / "stand-in.md").read_text(), re.DOTALL)
    return str(found)


def test_published_schema_is_that_of_the_code() -> None:
    published = (DOCS / "seed.schema.json").read_text()

    assert published == seed_schema_text(), "Run scripts/seed-schema."
    jsonschema.Draft202012Validator.check_schema(msgspec.json.decode(published))


@pytest.mark.parametrize("name", BUILT_IN)
def test_schema_accepts_built_in_seeds(name: str) -> None:
    assert accepts(msgspec.json.decode(as_json(built_in_seed(name).seed)))


@pytest.mark.parametrize(
    ("client", "accepted"),
    [
        ({"name": "CI", "secret": "plain"}, True),
        ({"name": "CI", "secret": {"env": "SECRET"}}, True),
        ({"name": {"file": "name.txt"}, "id": {"env": "ID"}}, True),
        ({"name": "CI", "secret": {"environment": "SECRET"}}, False),
        ({"name": "CI", "secret": {"env": "SECRET", "file": "secret.txt"}}, False),
        ({"name": "CI", "role": "owner"}, False),
        ({"name": "CI", "unknown": True}, False),
        ({"secret": "plain"}, False),
    ],
)
def test_schema_accepts_what_the_reader_accepts(client: dict[str, Any], accepted: bool) -> None:
    seed = {"set": "a", "tenants": [{"name": "Acme", "clients": [client]}]}

    assert accepts(seed) is accepted


def test_example_of_the_documentation_is_planted(databases: Databases) -> None:
    text = example()
    planted = PlantedSeed(databases.new(), parsed(text))
    exported = planted.export()

    (tenant,) = exported.tenants
    assert accepts(yaml.safe_load(text))
    assert isinstance(portals := tenant.portals, list)
    assert isinstance(links := tenant.links, list)
    assert [each.name for each in portals] == ["Staff portal", "Sales"]
    assert [each.portals for each in links] == [["Staff portal"], ["Staff portal", "Sales"]]
    assert [each.name for each in planted.planted.tenants[0].clients] == ["Terraform", "Dashboard"]
