"""Certificates: what the vendor's recordings show, and a private key that is never kept."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import PrivateFormat
from sqlalchemy import select

from portico.domain.tenancy.identity import Role
from portico.storage.engine.connections import Database
from portico.storage.schema.citus_placement import metadata
from tests.certificates import (
    RECORDED_SUBJECT,
    VALID_FROM,
    VALID_TO,
    certificate_pem,
    private_key_pem,
)
from tests.harness import (
    CERTIFICATES,
    ISSUED,
    MICROTENANTS,
    PORTALS,
    Caller,
    Tenant,
    assert_error,
    with_database,
)
from tests.http.bodies import Body, total

STAMPS = {"id", "modifiedTime", "creationTime", "modifiedBy"}
INVALID = "invalid.resource.argument"


def body(name: str = "Sales", **fields: object) -> Body:
    """A certificate as a client writes it."""
    return {"name": name, "certBlob": certificate_pem(), **fields}


def create(caller: Caller, name: str = "Sales", **fields: object) -> Body:
    """A new certificate."""
    return caller.create(CERTIFICATES, body(name, **fields))


def test_created_certificate_has_the_recorded_shape(admin: Caller) -> None:
    pem = certificate_pem("bd-redhat.com", subject=RECORDED_SUBJECT)
    subject = "CN=bd-redhat.com,OU=IT Department,O=BD-RedHat,L=San Jose,ST=California,C=US"

    made = create(admin, certBlob=pem + private_key_pem())
    read = admin.get(f"{CERTIFICATES}/{made['id']}").json()

    assert made == {name: made[name] for name in STAMPS} | {
        "name": "Sales",
        "validFromInEpochSec": str(int(VALID_FROM.timestamp())),
        "validToInEpochSec": str(int(VALID_TO.timestamp())),
        "certificate": pem,
        "issuedTo": subject,
        "issuedBy": subject,
        "serialNo": "155059460017986461224093843644785612210585263861",
        "publicKey": made["publicKey"],
        "san": ["bd-redhat.com"],
        "cName": "bd-redhat.com",
    }
    assert made["publicKey"].startswith("-----BEGIN PUBLIC KEY-----\n")
    assert read == made | {
        "readOnly": False,
        "zscalerManaged": False,
        "microtenantName": "Default",
    }


def test_alternative_names_are_hosts_and_addresses(admin: Caller) -> None:
    alternatives = [
        x509.DNSName("a.example.com"),
        x509.RFC822Name("ada@example.com"),
        x509.DNSName("*.b.example.com"),
        x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
    ]

    made = create(admin, certBlob=certificate_pem("", alternatives=alternatives))

    assert made["san"] == ["a.example.com", "*.b.example.com", "2001:db8::1"]
    assert not {"cName", "issuedTo", "issuedBy"} & set(made)


def test_chain_is_kept_after_the_certificate(admin: Caller) -> None:
    leaf, chain = certificate_pem(), certificate_pem("Authority") + certificate_pem("Root")

    made = create(admin, certBlob=f"{leaf}\n# the chain\n{chain}{private_key_pem()}")

    assert (made["certificate"], made["certChain"]) == (leaf, chain)
    assert made["cName"] == "sales.example.com"


@pytest.mark.parametrize("path", [CERTIFICATES, ISSUED])
def test_both_lists_are_lists_like_all(admin: Caller, path: str) -> None:
    version = "v2" if path == ISSUED else "v1"
    for name in ("bd-hashicorp.com", "sales.bd-hashicorp.com", "jenkins.bd-hashicorp.com"):
        create(admin, name)

    def names(query: str) -> list[str]:
        answer = admin.call("GET", f"{path}?{query}", version=version)
        assert answer.status_code == 200, answer.text
        return [each["name"] for each in answer.json()["list"]]

    assert names("") == ["bd-hashicorp.com", "jenkins.bd-hashicorp.com", "sales.bd-hashicorp.com"]
    assert names("pagesize=2&page=2") == ["sales.bd-hashicorp.com"]
    assert names("sortBy=name&sortOrder=DSC&pagesize=1") == ["sales.bd-hashicorp.com"]
    assert names("search=name%2BEQ%2Bbd-hashicorp.com") == ["bd-hashicorp.com"]
    assert names("search=cName EQ SALES.example.com AND name LIKE jenkins") == [
        "jenkins.bd-hashicorp.com"
    ]
    assert len(names("search=validToInEpochSec GT 2000000000")) == 3
    listed = admin.call("GET", path, version=version).json()["list"][0]
    assert listed == admin.get(f"{CERTIFICATES}/{listed['id']}").json()


def test_certificates_are_not_sorted_by_a_state_that_they_lack(admin: Caller) -> None:
    reason = assert_error(admin.get(CERTIFICATES, sortBy="enabled"), 400, INVALID, "sortBy")

    assert "name, id, creationTime, modifiedTime" in reason


def test_put_without_a_blob_keeps_the_certificate(admin: Caller) -> None:
    made = create(admin, description="Old")
    path = f"{CERTIFICATES}/{made['id']}"

    assert admin.put(path, {"name": "Renamed"}).status_code == 204

    read = admin.get(path).json()
    assert read["name"] == "Renamed"
    assert "description" not in read
    assert {each: read[each] for each in ("certificate", "serialNo", "validToInEpochSec")} == {
        each: made[each] for each in ("certificate", "serialNo", "validToInEpochSec")
    }


def test_put_with_a_blob_replaces_the_certificate(admin: Caller) -> None:
    made = create(admin)
    path = f"{CERTIFICATES}/{made['id']}"
    pem = certificate_pem("new.example.com", serial=7)

    assert admin.put(path, body(certBlob=pem + private_key_pem())).status_code == 204

    read = admin.get(path).json()
    assert (read["certificate"], read["cName"], read["serialNo"]) == (pem, "new.example.com", "7")


def test_put_takes_what_get_gave(admin: Caller) -> None:
    path = f"{CERTIFICATES}/{create(admin, description='Kept')['id']}"
    before = admin.get(path).json()

    assert admin.put(path, before).status_code == 204

    assert admin.get(path).json() | {"modifiedTime": before["modifiedTime"]} == before


def test_delete_is_final(admin: Caller) -> None:
    certificate_id = create(admin)["id"]
    path = f"{CERTIFICATES}/{certificate_id}"

    assert admin.delete(path).status_code == 204
    for answer in (admin.get(path), admin.put(path, body()), admin.delete(path)):
        assert_error(answer, 404, "resource.not.found", certificate_id)


def test_name_is_a_key(admin: Caller) -> None:
    create(admin)
    other = create(admin, "Other")["id"]

    for answer in (
        admin.post(CERTIFICATES, body("SALES")),
        admin.put(f"{CERTIFICATES}/{other}", {"name": "sales"}),
    ):
        assert (answer.status_code, answer.json()["id"]) == (400, "resource.already.exist")
    assert_error(admin.post(CERTIFICATES, body(" ")), 400, INVALID, "name")


BLOBS = {
    "absent": None,
    "empty": "",
    "text": "not PEM",
    "cut off": "-----BEGIN CERTIFICATE-----\nMIIF\n-----END CERTIFICATE-----\n",
    "begun": "-----BEGIN CERTIFICATE-----\n",
    "a request": certificate_pem().replace("CERTIFICATE", "CERTIFICATE REQUEST"),
    "a key": private_key_pem(),
    "a key that is called a certificate": private_key_pem().replace(
        "EC PRIVATE KEY", "CERTIFICATE"
    ),
    "such a key as chain": certificate_pem()
    + private_key_pem().replace("EC PRIVATE KEY", "CERTIFICATE"),
    "a name of two lines": certificate_pem("a\nb"),
    "a name with NUL": certificate_pem("a\0b"),
    "too long": certificate_pem() + "#" * 65_536,
}


@pytest.mark.one_database
@pytest.mark.parametrize("blob", BLOBS.values(), ids=BLOBS)
def test_blob_without_a_certificate_is_refused(resident: Caller, blob: str | None) -> None:
    key_lines = private_key_pem().splitlines()[1:-1]
    sent = {"name": "Bad", "certBlob": blob}

    answer = resident.post(CERTIFICATES, sent)

    assert "certBlob" in assert_error(answer, 400, INVALID, "certBlob")
    assert not any(line in answer.text for line in key_lines)
    assert total(resident, CERTIFICATES) == 0


def test_bad_blob_of_a_put_changes_nothing(admin: Caller) -> None:
    path = f"{CERTIFICATES}/{create(admin)['id']}"
    before = admin.get(path).json()

    assert_error(admin.put(path, body("New", certBlob=private_key_pem())), 400, INVALID, "certBlob")
    assert admin.get(path).json() == before


KEYS = {
    "traditional": private_key_pem(),
    "PKCS 8": private_key_pem(PrivateFormat.PKCS8),
    "traditional with a passphrase": private_key_pem(passphrase=b"secret phrase"),
    "PKCS 8 with a passphrase": private_key_pem(PrivateFormat.PKCS8, b"secret phrase"),
}


def stored_text(caller: Caller) -> str:
    """Every row that the database has of the caller's tenant, and the whole file on SQLite."""
    tables = [table for table in metadata.sorted_tables if "customer_id" in table.c]

    async def look(database: Database) -> str:
        async with database.read() as connection:
            rows = [
                row
                for table in tables
                for row in await connection.rows(
                    select(table).where(table.c.customer_id == int(caller.customer_id))
                )
            ]
        return repr(rows)

    found = with_database(caller.server.database, look)
    path = caller.server.database.removeprefix("sqlite:///")
    if path != caller.server.database:
        files = [Path(path), Path(f"{path}-wal")]
        found += "".join(each.read_bytes().decode("latin-1") for each in files if each.exists())
    return found


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_private_key_is_kept_nowhere(admin: Caller, key: str) -> None:
    key_lines = [line for line in key.splitlines() if len(line) > 40 and "--" not in line]
    sent = body(certBlob=key + certificate_pem() + key)

    answers = [
        admin.call("POST", CERTIFICATES, json=sent, headers={"Idempotency-Key": "key"})
        for _ in range(2)
    ]
    path = f"{CERTIFICATES}/{answers[0].json()['id']}"
    answers += [
        admin.put(path, sent | {"name": "Again"}),
        admin.post(CERTIFICATES, sent | {"name": "Again"}),
        admin.post(CERTIFICATES, sent | {"name": 5}),
        admin.get(path),
        admin.get(CERTIFICATES),
    ]

    assert [each.status_code for each in answers] == [201, 201, 204, 400, 400, 200, 200]
    assert answers[0].json() == answers[1].json()
    kept = stored_text(admin) + admin.server.log.read_text()
    kept += "".join(each.text for each in answers)
    assert certificate_pem().splitlines()[2] in kept.replace("\\n", "\n")
    assert key_lines
    assert [line for line in key_lines if line in kept] == []
    assert "PRIVATE KEY" not in kept


def test_portal_shows_the_name_of_its_certificate(admin: Caller) -> None:
    certificate_id = create(admin, "sales.example.com")["id"]
    own = {"certificateId": certificate_id, "domain": "sales.example.com"}

    made = admin.create(PORTALS, {"name": "Sales", "certificateName": "Made up", **own})
    path = f"{PORTALS}/{made['id']}"
    first = admin.get(path).json()
    admin.put(f"{CERTIFICATES}/{certificate_id}", {"name": "Renamed"})

    assert "certificateName" not in made
    assert first["certificateName"] == "sales.example.com"
    assert admin.get(path).json() == first | {"certificateName": "Renamed"}
    assert admin.names(PORTALS, search="certificateName EQ renamed") == ["Sales"]


def test_portal_may_name_a_certificate_that_is_not_here(admin: Caller) -> None:
    """Clients name certificates of the vendor's cloud; the id and the name are echoed."""
    own = {"certificateId": "216199618143442000", "certificateName": "Elsewhere"}
    made = admin.create(PORTALS, {"name": "Sales", **own})

    read = admin.get(f"{PORTALS}/{made['id']}").json()

    assert {name: read[name] for name in own} == own


def test_certificate_that_a_portal_names_is_not_deleted(admin: Caller) -> None:
    certificate_id = create(admin)["id"]
    path = f"{CERTIFICATES}/{certificate_id}"
    portal_id = admin.create_portal("Staff", certificateId=certificate_id)

    assert_error(admin.delete(path), 400, "resource.referenced", "userPortal", "Staff")
    admin.delete(f"{PORTALS}/{portal_id}")

    assert admin.delete(path).status_code == 204


def test_microtenants_have_certificates_of_their_own(tenant: Tenant, admin: Caller) -> None:
    north = admin.create(MICROTENANTS, {"name": "North", "enabled": True})["id"]
    inside = tenant.caller(microtenant_id=north)
    made = inside.create(CERTIFICATES, body(), microtenantId=north)
    path = f"{CERTIFICATES}/{made['id']}"
    here = create(admin)["id"]
    admin.create_portal("Of Default", certificateId=made["id"], certificateName="Sent")

    assert made["microtenantId"] == north
    assert inside.get(path, microtenantId=north).json()["microtenantName"] == "North"
    assert_error(admin.get(path), 404, "resource.not.found", made["id"])
    assert_error(inside.get(f"{CERTIFICATES}/{here}", microtenantId=north), 404, *gone(here))
    assert admin.get(PORTALS).json()["list"][0]["certificateName"] == "Sent"
    assert_error(
        admin.delete(f"{MICROTENANTS}/{north}"), 400, "resource.referenced", "certificate", "Sales"
    )
    assert inside.delete(path, microtenantId=north).status_code == 204


def gone(object_id: str) -> tuple[str, str]:
    """The code and the parameter of an object that is not there."""
    return "resource.not.found", object_id


def test_viewer_reads_and_does_not_write(tenant: Tenant, admin: Caller) -> None:
    path = f"{CERTIFICATES}/{create(admin)['id']}"
    viewer = tenant.caller(role=Role.VIEWER)

    assert viewer.get(path).json() == admin.get(path).json()
    for answer in (
        viewer.post(CERTIFICATES, body("Other")),
        viewer.put(path, body()),
        viewer.delete(path),
    ):
        assert_error(answer, 403, "authz.access.forbidden")


def test_repeated_reads_see_every_change(admin: Caller) -> None:
    path = f"{CERTIFICATES}/{create(admin)['id']}"
    tag = admin.get(path).headers["etag"]

    assert admin.call("GET", path, headers={"If-None-Match": tag}).status_code == 304
    admin.put(path, {"name": "Renamed"})
    stale = admin.call("PUT", path, json={"name": "Lost"}, headers={"If-Match": tag})

    assert admin.get(path).json()["name"] == "Renamed"
    assert stale.status_code == 409
