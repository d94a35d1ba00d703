"""The seed of a recording: every kind of object, its references, and only what was there before."""

from __future__ import annotations

import yaml

from portico.emulator.recordings.exchanges import Exchange
from portico.emulator.recordings.initial_state import initial_state
from portico.emulator.seeds.rendering import as_yaml
from tests.certificates import certificate_pem
from tests.emulator.recordings.tapes import (
    LIFE_OF_A_LINK,
    LINK_READ,
    PORTAL,
    PORTAL_READ,
    exchange,
    listed,
)

PEM = certificate_pem()
SEGMENT = {"id": "11", "name": "AppPortal01", "enabled": True, "domainNames": ["a.example.com"]}
CERTIFICATE = {"id": "12", "name": "sales.example.com", "certificate": PEM}
OWN = {
    "id": "13",
    "name": "Own",
    "enabled": False,
    "certificateId": "12",
    "certificateName": "sales.example.com",
    "domain": "portal01",
}
FOREIGN = {"id": "14", "name": "Foreign", "certificateId": "99", "domain": "portal02"}
POLICY = {"id": "15", "name": "Rules", "aup": "Be kind.", "enabled": True, "phoneNum": "+1-555"}
MICROTENANT = {"id": "16", "name": "North", "enabled": True, "criteriaAttribute": "AuthDomain"}
DEFAULT = {"id": "0", "name": "Default", "enabled": True}
SEEDED_LINK = {
    "name": "tests-link",
    "description": "A link",
    "enabled": True,
    "link": LINK_READ["link"],
    "protocol": "https://",
}


def seeded(*exchanges: Exchange) -> dict[str, object]:
    """The one tenant of a recording's seed."""
    document = yaml.safe_load(as_yaml(initial_state(exchanges, "tape")))
    (tenant,) = document["tenants"]
    return {"cloudLetter": document.get("cloudLetter"), **tenant}


def test_seed_has_every_kind_of_object() -> None:
    tenant = seeded(
        exchange("GET", "authDomains", 200, {"authDomains": ["example.com"]}),
        exchange("GET", "application", 200, listed(SEGMENT)),
        exchange("GET", "certificate", 200, listed(CERTIFICATE)),
        exchange("GET", "userPortal", 200, listed(PORTAL_READ)),
        exchange("GET", "userportal/aup/15", 200, POLICY),
        exchange("GET", "microtenants", 200, listed(MICROTENANT, DEFAULT)),
        exchange("GET", "userPortalLink", 200, listed(LINK_READ | {"userPortals": []})),
    )

    assert tenant == {
        "cloudLetter": "p",
        "name": "Recorded",
        "customerId": "700000000000000000",
        "authDomains": ["example.com"],
        "certificates": [{"name": "sales.example.com", "certificate": PEM}],
        "applicationSegments": [
            {"name": "AppPortal01", "enabled": True, "domainNames": ["a.example.com"]}
        ],
        "portals": [
            {
                "name": "tests-portal",
                "description": "A portal",
                "enabled": True,
                "extDomain": "example.com",
                "extLabel": "tests-portal",
                "userNotificationEnabled": False,
            }
        ],
        "links": [SEEDED_LINK],
        "policies": [{"name": "Rules", "enabled": True, "aup": "Be kind.", "phoneNum": "+1-555"}],
        "microtenants": [{"name": "North", "enabled": True, "criteriaAttribute": "AuthDomain"}],
    }


def test_portal_names_its_certificate_or_has_the_id_of_an_unknown_one() -> None:
    tenant = seeded(
        exchange("GET", "certificate", 200, listed(CERTIFICATE)),
        exchange("GET", "userPortal", 200, listed(OWN, FOREIGN)),
    )

    assert tenant["portals"] == [
        {
            "name": "Own",
            "enabled": False,
            "certificate": "sales.example.com",
            "domain": "portal01",
        },
        {"name": "Foreign", "certificateId": "99", "domain": "portal02"},
    ]


def test_links_name_their_portals_and_application_segment() -> None:
    link = LINK_READ | {"id": "17", "applicationId": "11", "userPortals": [PORTAL, OWN]}
    inner = LINK_READ | {"id": "18", "name": "Inner", "userPortals": [], "microtenantId": "16"}
    unknown = inner | {"id": "19", "name": "Elsewhere", "applicationId": "77"}

    tenant = seeded(
        exchange("GET", "application", 200, listed(SEGMENT)),
        exchange("GET", "userPortal", 200, listed(PORTAL_READ, OWN)),
        exchange("GET", "microtenants", 200, listed(MICROTENANT, DEFAULT)),
        exchange("GET", "userPortalLink", 200, listed(link)),
        exchange("GET", "userPortalLink?microtenantId=16", 200, listed(inner, unknown)),
    )

    named = {"applicationSegment": "AppPortal01", "portals": ["tests-portal", "Own"]}
    assert tenant["links"] == [SEEDED_LINK | named]
    assert tenant["microtenants"] == [
        {
            "name": "North",
            "enabled": True,
            "criteriaAttribute": "AuthDomain",
            "links": [
                SEEDED_LINK | {"name": "Inner"},
                SEEDED_LINK | {"name": "Elsewhere", "applicationId": "77"},
            ],
        }
    ]


def test_objects_that_the_recording_creates_are_left_out() -> None:
    tenant = seeded(*LIFE_OF_A_LINK)

    assert set(tenant) == {"cloudLetter", "name", "customerId"}


def test_object_is_as_it_was_read_first() -> None:
    stub = {name: PORTAL[name] for name in ("id", "name", "enabled", "extLabel")}
    changed = PORTAL_READ | {"name": "Renamed", "enabled": False}

    tenant = seeded(
        exchange("GET", "userPortalLink", 200, listed(LINK_READ | {"userPortals": [stub]})),
        exchange("GET", f"userPortal/{PORTAL['id']}", 200, changed),
    )

    assert tenant["portals"] == [
        {
            "name": "tests-portal",
            "description": "A portal",
            "enabled": True,
            "extDomain": "example.com",
            "extLabel": "tests-portal",
            "userNotificationEnabled": False,
        }
    ]
