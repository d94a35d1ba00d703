"""Every statement on a tenant's table is confined to it, in the source and as it is sent."""

from __future__ import annotations

import ast
import re

import httpx
from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint

from portico.domain.links.application_segments import ApplicationSpec
from portico.services.access import operator_writing
from portico.services.links import application_segments as applications
from portico.services.runtime import Runtime
from portico.storage.schema import citus_placement as tables
from portico.storage.secrets.secrets import SECRET_COLUMNS
from tests.certificates import certificate_pem
from tests.contract.inside import run_inside, watched_statements
from tests.contract.people import use_people
from tests.contract.source import SOURCE, Function, Module, called_names, imported_roots
from tests.harness import (
    APPLICATIONS,
    AUPS,
    CERTIFICATES,
    ISSUED,
    LINKS,
    MICROTENANTS,
    PORTALS,
    Caller,
    Tenant,
    as_operator,
)

STATEMENTS = {"select", "insert", "update", "delete", "insert_into"}
MAKERS = {"sqlalchemy", "portico.storage.engine.statements"}
STORAGE = [
    module
    for module in SOURCE
    if "portico/storage/" in str(module)
    and "migrations" not in module.path.parts
    # A backup is of every tenant, and test_stored_rows.py tests one of a single tenant.
    and "backups" not in module.path.parts
    # Its `insert_into` is given a table; those who call it are looked at instead. And secrets are
    # in global tables, as the first test asserts.
    and module.path.name not in {"statements.py", "secrets.py"}
]
TENANT_TABLES = [
    table
    for table in tables.metadata.sorted_tables
    if next(iter(table.primary_key.columns)).name == "customer_id"
]
GLOBAL_TABLES = {"customer", "api_client", "signing_key", "id_node", "portal_address"} | {
    "allowed_domain",
    "secret_key",
    "administrator",
    "administrator_grant",
    "console_session",
    "console_device",
    "console_password_link",
    "identity_provider",
    "second_factor",
    "recovery_code",
    "second_factor_rule",
    "password_proof",
    "sign_in_failure",
    "readiness_probe",
    "proxy_peer",
}
SCOPED = {
    "in_scope",
    "_conditions",
    "_in_tenant",
    "_stored",
    "_select",
    "_update",
    "_delete",
    "_values",
    "_named",
}


def test_every_table_has_its_place() -> None:
    every = {table.name for table in tables.metadata.sorted_tables}

    assert every - {table.name for table in TENANT_TABLES} == GLOBAL_TABLES
    assert {each.column.table.name for each in SECRET_COLUMNS} <= GLOBAL_TABLES


def test_keys_of_tenant_tables_start_with_the_tenant() -> None:
    constraints: list[PrimaryKeyConstraint | ForeignKeyConstraint | Index] = []
    for table in TENANT_TABLES:
        constraints += [table.primary_key, *table.foreign_key_constraints, *table.indexes]
    first = {str(each.name): next(iter(each.columns)).name for each in constraints}

    assert {name: column for name, column in first.items() if column != "customer_id"} == {}


def test_only_storage_speaks_sql() -> None:
    speaking = {
        str(module)
        for module in SOURCE
        if "sqlalchemy" in imported_roots(module) and "portico/storage/" not in str(module)
    }

    assert speaking == set()


def statement_makers(module: Module) -> list[Function]:
    """The functions of a module that make a statement with SQLAlchemy."""
    made = {
        alias.asname or alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module in MAKERS
        for alias in node.names
        if alias.name in STATEMENTS
    }
    return [function for function in module.functions() if called_names(function) & made]


def mentioned_tables(function: Function) -> set[str]:
    """The tables that a function names; one that it is given is taken for a tenant's."""
    known = {table.name for table in tables.metadata.sorted_tables} - {"customer"}
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in known | {"table"}:
            found.add(node.id)
        if isinstance(node, ast.Attribute) and node.attr == "table":
            found.add("self.table")
    return found


def is_confined(function: Function) -> bool:
    """Whether a function uses the scope's filter, or names the tenant column itself."""
    names_tenant = any(
        (isinstance(node, ast.Attribute) and node.attr == "customer_id")
        or (isinstance(node, ast.Constant) and node.value == "customer_id")
        for node in ast.walk(function)
    )
    return names_tenant or bool(called_names(function) & SCOPED)


def test_statements_are_confined_in_the_source() -> None:
    makers = [(module, function) for module in STORAGE for function in statement_makers(module)]
    on_tenants = [each for each in makers if mentioned_tables(each[1]) - GLOBAL_TABLES]
    open_to_all = [f"{module} {each.name}" for module, each in on_tenants if not is_confined(each)]

    assert on_tenants
    assert open_to_all == []


def unconfined(statement: str) -> list[str]:
    """The tenant tables that a sent statement touches without a value for their tenant."""
    flat = statement.replace("\n", " ").replace('"', "")
    found = []
    for table in TENANT_TABLES:
        name = table.name
        if re.match(rf"INSERT INTO {name} \([^)]*\bcustomer_id\b", flat):
            continue
        touched = re.search(rf"\b(FROM|JOIN|UPDATE|INTO|,) {name}\b(?!\.)", flat)
        if touched and not re.search(rf"\b{name}\.customer_id = [?$:]", flat):
            found.append(f"{name}: {flat}")
    return found


def test_statements_are_confined_as_sent(tenant: Tenant) -> None:
    admin = tenant.caller()
    headers = {"Authorization": f"Bearer {admin.token}"}

    async def work(client: httpx.AsyncClient) -> None:
        await walk_nouns(client, admin, headers)

    with watched_statements() as statements:
        run_inside(tenant.server.database, work, cache_bytes=0)
        customer_id = int(tenant.customer_id)
        as_operator(tenant.server.database, lambda each: use_people(each, customer_id))
        as_operator(tenant.server.database, lambda each: use_applications(each, customer_id))
    touched = {
        table.name
        for table in TENANT_TABLES
        for each in statements
        if re.search(rf"\b{table.name}\b", each)
    }

    assert touched == {table.name for table in TENANT_TABLES}
    assert [each for statement in statements for each in unconfined(statement)] == []
    assert [each for each in statements if joins_coordinator(each)] == []


def joins_coordinator(statement: str) -> bool:
    """Whether a statement needs tables of the coordinator beside distributed ones.

    Citus plans such a statement by copying rows around, or not at all.
    """
    named = set(re.findall(r"\w+", statement))
    on_coordinator = named & {table.name for table in tables.COORDINATOR_TABLES}
    elsewhere = named & {each.name for each in (*tables.TENANT_TABLES, *tables.REFERENCE_TABLES)}
    return bool(on_coordinator and elsewhere)


def test_no_function_makes_a_statement_that_joins_the_coordinator() -> None:
    coordinator = {table.name for table in tables.COORDINATOR_TABLES}
    mixed = [
        f"{module} {function.name}"
        for module in STORAGE
        for function in statement_makers(module)
        if mentioned_tables(function) & coordinator
        and mentioned_tables(function) - coordinator - {"table", "self.table"}
    ]

    assert mixed == []


async def use_applications(runtime: Runtime, customer_id: int) -> None:
    """What the operator does with application segments."""
    spec = ApplicationSpec(name="App", domain_names=("app.example.com",))
    async with operator_writing(runtime, customer_id) as work:
        made = await applications.create_application(work, spec)
        await applications.delete_application(work, made.id)


async def walk_nouns(client: httpx.AsyncClient, admin: Caller, headers: dict[str, str]) -> None:
    """Every kind of statement: each verb on each noun, search, limits, references, sessions."""

    async def call(
        method: str, path: str, body: object = None, status: int = 200, version: str = "v1"
    ) -> httpx.Response:
        answer = await client.request(
            method,
            admin.path(path, version=version),
            json=body,
            headers=headers | {"Idempotency-Key": path},
        )
        assert answer.status_code == status, answer.text
        return answer

    certificate = {"name": "Own", "certBlob": certificate_pem()}
    certificate_id = (await call("POST", CERTIFICATES, certificate, 201)).json()["id"]
    portal = {"name": "Staff", "certificateId": certificate_id}
    portal_id = (await call("POST", PORTALS, portal, 201)).json()["id"]
    shown = {"section": "Tools", "groups": ["Staff"]}
    link = {"name": "Wiki", "link": "wiki", "userPortals": [{"id": portal_id}], "portico": shown}
    microtenant = {"name": "North"}
    made = {
        noun: (await call("POST", noun, body, 201)).json()["id"]
        for noun, body in ((LINKS, link), (AUPS, {"name": "Rules"}), (MICROTENANTS, microtenant))
    }
    await call("DELETE", f"{PORTALS}/{portal_id}", status=400)
    await call("DELETE", f"{CERTIFICATES}/{certificate_id}", status=400)
    await call("PUT", f"{CERTIFICATES}/{certificate_id}", {"name": "Renamed"}, 204)
    await call("GET", ISSUED, version="v2")
    await call("GET", APPLICATIONS)
    await call("GET", f"{LINKS}/userPortal/{portal_id}?search=name LIKE wiki")
    await call("GET", f"{MICROTENANTS}/summary")
    bodies = {LINKS: link, AUPS: {}, MICROTENANTS: microtenant, PORTALS: {"name": "Staff"}}
    bodies[CERTIFICATES] = certificate
    for noun, each_id in {**made, PORTALS: portal_id, CERTIFICATES: certificate_id}.items():
        await call("GET", f"{noun}?include=portico")
        await call("GET", f"{noun}/{each_id}")
        await call("PUT", f"{noun}/{each_id}", bodies[noun], 204)
        await call("DELETE", f"{noun}/{each_id}", status=204)
    await client.post("/signout", headers=headers)
