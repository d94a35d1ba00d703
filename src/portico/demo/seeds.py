"""The built-in seeds by name. `demo` is made of the content of the demo tenant.

They are here because the stand-in is below the demo, and cannot import its content.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from importlib.resources import files
from typing import Any

from msgspec import UNSET, UnsetType

from portico.demo import content, link_specs, presentations
from portico.demo.content import MANAGERS, MICROTENANTS, READERS, DemoMicrotenant, Manager, Section
from portico.demo.pictures import LOGO, picture_of
from portico.domain.links.links import LinkSpec
from portico.domain.links.presentation import LinkPresentation
from portico.domain.tenancy.identity import Role
from portico.emulator.seeds.format import (
    AdministratorEntry,
    ClientEntry,
    GrantEntry,
    LinkEntry,
    LinkPresentationEntry,
    MicrotenantEntry,
    PolicyEntry,
    PortalEntry,
    PortalPageEntry,
    Seed,
    TenantEntry,
    UserEntry,
)
from portico.emulator.seeds.reading import SeedFile, parse_seed
from portico.emulator.seeds.sources import Source

DEMO = "demo"
_FILES = ("empty", "vendor-tests")
BUILT_IN = (DEMO, *_FILES)
"""The names of the built-in seeds."""

DEMO_PASSWORD = "meridian-water"
"""The password of everybody in the seed. Nobody reaches a stand-in from another machine."""


def built_in_seed(name: str) -> SeedFile:
    """Return one of the seeds in BUILT_IN. Raises KeyError for another name."""
    if name == DEMO:
        return SeedFile(seed=demo_seed(), source=Source(name=DEMO))
    if name not in _FILES:
        raise KeyError(name)
    file = files("portico.emulator.seeds") / "built_in" / f"{name}.yaml"
    return parse_seed(file.read_bytes(), Source(name=f"{name}.yaml"), plain_secrets=True)


def demo_seed() -> Seed:
    """Return the demo tenant, without what people did there: favourites and openings."""
    default, *others = MICROTENANTS
    tenant = TenantEntry(
        name=content.TENANT_NAME,
        customer_id="300000000000000001",
        auth_domains=list(content.AUTH_DOMAINS),
        clients=[
            ClientEntry(
                name="Demo administrator",
                id="300000000000000011",
                secret="administrator-secret",
                role=Role.ADMIN,
            ),
            ClientEntry(
                name="Demo viewer",
                id="300000000000000012",
                secret="viewer-secret",
                role=Role.VIEWER,
            ),
        ],
        administrators=[_administrator(each) for each in MANAGERS],
        users=[
            UserEntry(
                name=each.name,
                display_name=each.display_name,
                email=f"{each.name}@{content.DOMAIN}",
                password=DEMO_PASSWORD,
                groups=list(each.groups) or UNSET,
            )
            for each in READERS
        ],
        microtenants=[_microtenant(each) for each in others],
        **_content(default),
    )
    return Seed(set=DEMO, tenants=[tenant])


def _administrator(manager: Manager) -> AdministratorEntry:
    grant = GrantEntry(role=manager.role, microtenant=manager.microtenant or UNSET)
    return AdministratorEntry(
        name=manager.name,
        display_name=manager.display_name,
        email=f"{manager.name}@{content.DOMAIN}",
        password=DEMO_PASSWORD,
        role=UNSET if manager.microtenant else manager.role,
        grants=[grant] if manager.microtenant else UNSET,
    )


def _microtenant(microtenant: DemoMicrotenant) -> MicrotenantEntry:
    spec = microtenant.microtenant
    assert spec is not None
    return MicrotenantEntry(
        name=spec.name,
        description=spec.description,
        criteria_attribute_values=list(spec.criteria_attribute_values),
        **_content(microtenant),
    )


def _content(microtenant: DemoMicrotenant) -> dict[str, Any]:
    """Return the fields of `Content`, except the name. Links are in the order of their age."""
    names = [each.spec.name for each in microtenant.portals]
    positions = {each.label: position for position, each in enumerate(microtenant.portals)}
    oldest_first = sorted(microtenant.sections, key=lambda each: -each.days_ago)
    return {
        "portals": [
            PortalEntry(
                **_given(each.spec),
                image_data=picture_of(LOGO),
                portico=PortalPageEntry(**_given(each.page)),
            )
            for each in microtenant.portals
        ],
        "sections": [each.name for each in oldest_first],
        "links": [link for each in oldest_first for link in _links(each, positions, names)],
        "policies": [PolicyEntry(**_given(each)) for each in microtenant.policies] or UNSET,
    }


def _links(
    section: Section, positions: dict[str, int], portal_names: Sequence[str]
) -> list[LinkEntry]:
    return [
        _link(spec, shown, portal_names)
        for spec, shown in zip(link_specs(section, positions), presentations(section), strict=True)
    ]


def _link(spec: LinkSpec, shown: LinkPresentation | None, portal_names: Sequence[str]) -> LinkEntry:
    values = _given(spec)
    positions = values.pop("portal_ids", ())
    portico: LinkPresentationEntry | UnsetType = UNSET
    if shown is not None:
        presentation = _given(shown)
        groups = list(presentation.pop("groups", ())) or UNSET
        keywords = list(presentation.pop("keywords", ())) or UNSET
        portico = LinkPresentationEntry(**presentation, groups=groups, keywords=keywords)
    return LinkEntry(**values, portals=[portal_names[each] for each in positions], portico=portico)


def _given(spec: Any) -> dict[str, Any]:  # noqa: ANN401  # any dataclass
    """Return the fields of a spec that differ from those of a new entry."""
    values = {
        each.name: getattr(spec, each.name)
        for each in fields(spec)
        if getattr(spec, each.name) != each.default
    }
    # Entries are enabled unless they say otherwise.
    if values.pop("enabled", None) is None and hasattr(spec, "enabled"):
        values["enabled"] = False
    return values
