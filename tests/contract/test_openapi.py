"""The OpenAPI document: valid, complete in both directions, and true to the vendor's reference."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.contract.document import JSON, Document, operation_of, problems
from tests.contract.routes import OPERATIONS, ROUTES, Route

pytestmark = pytest.mark.one_database

B1 = "/mgmtconfig/v1/admin/customers/{customerId}/userPortalLink"
BULK = "/mgmtconfig/v2/admin/customers/{customerId}/userPortalLink/bulk"
TENANT = {"customerId", "microtenantId"}
LIST = TENANT | {"search", "page", "pagesize"}
REFERENCE = [
    ("GET", B1, LIST, 200),
    ("POST", B1, TENANT, 201),
    ("GET", f"{B1}/userPortal/{{portalId}}", LIST | {"portalId"}, 200),
    ("DELETE", f"{B1}/{{id}}", TENANT | {"id"}, 204),
    ("GET", f"{B1}/{{id}}", TENANT | {"id"}, 200),
    ("PUT", f"{B1}/{{id}}", TENANT | {"id"}, 204),
    ("POST", BULK, TENANT, 201),
]
REFERENCE_STATUSES = {"400", "401", "403", "404", "405", "409", "415", "500", "503"}
WITHOUT_OPERATION = {
    *("/", "/healthz", "/readyz", "/openapi.json"),
    *("/docs", "/static/reference.css"),
}
PUBLIC = {"POST /signin", "POST /authn/v1/oauth/token", "POST /oauth2/v1/token"}


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    """Every documented operation under its method and path."""
    for path, item in document["paths"].items():
        for method, described in item.items():
            yield f"{method.upper()} {path}", described


def undressed(route: Route) -> str:
    """A route as the document names it: once, without the prefix of the second deployment."""
    return f"{route.method} {route.path.removeprefix('/zpa')}"


def test_document_is_valid(document: Document) -> None:
    errors = [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]

    assert errors == []


def test_every_route_is_documented(document: Document) -> None:
    documented = {name for name, _ in operations(document)}

    assert {undressed(route) for route in OPERATIONS} == documented


def test_routes_without_operation_are_known() -> None:
    assert {route.path for route in ROUTES if route.operation is None} == WITHOUT_OPERATION


def test_both_prefixes_serve_the_same() -> None:
    plain = {str(route) for route in ROUTES if route.path.startswith("/mgmtconfig")}
    prefixed = {undressed(route) for route in ROUTES if route.path.startswith("/zpa")}

    assert plain == prefixed
    assert plain


@pytest.mark.parametrize(("method", "path", "names", "success"), REFERENCE)
def test_operation_of_the_reference_is_documented(
    document: Document, method: str, path: str, names: set[str], success: int
) -> None:
    described = operation_of(document, method, path)
    parameters = {each["name"]: each for each in described["parameters"]}

    assert described["tags"] == ["User Portal Link Management"]
    assert names <= set(parameters)
    assert REFERENCE_STATUSES | {str(success)} <= set(described["responses"])
    for name in names:
        place = "path" if f"{{{name}}}" in path else "query"
        kind = "string" if name == "search" else "integer"
        assert parameters[name]["in"] == place
        assert parameters[name]["schema"]["type"] == kind
        assert parameters[name]["required"] is (place == "path")


def test_page_size_is_documented_with_its_limits(document: Document) -> None:
    parameters = {each["name"]: each for each in operation_of(document, "GET", B1)["parameters"]}

    assert parameters["pagesize"]["schema"]["default"] == 20
    assert parameters["pagesize"]["schema"]["maximum"] == 500
    assert parameters["page"]["schema"]["default"] == 1


def test_path_parameters_are_all_documented(document: Document) -> None:
    for name, described in operations(document):
        declared = {each["name"] for each in described["parameters"] if each["in"] == "path"}

        assert declared == {part[1:-1] for part in name.split("/") if part.startswith("{")}, name


def test_lists_document_search_paging_and_order(document: Document) -> None:
    lists = [
        (name, described)
        for name, described in operations(document)
        if any(each["name"] == "page" for each in described["parameters"])
    ]

    assert len(lists) == 8
    for name, described in lists:
        declared = {each["name"] for each in described["parameters"]}
        assert {"search", "page", "pagesize", "sortBy", "sortOrder"} <= declared, name


def test_conditions_and_keys_are_documented(document: Document) -> None:
    headers = {"GET": "If-None-Match", "PUT": "If-Match", "DELETE": "If-Match"}
    for name, described in operations(document):
        method = name.partition(" ")[0]
        declared = {each["name"] for each in described["parameters"] if each["in"] == "header"}
        if method in headers:
            assert headers[method] in declared, name
        elif "201" in described["responses"]:
            assert "Idempotency-Key" in declared, name
        if method == "GET":
            assert "304" in described["responses"], name


def test_every_body_is_documented(document: Document) -> None:
    for route in OPERATIONS:
        if route.operation is None:
            continue
        described = operation_of(document, route.method, route.path.removeprefix("/zpa"))
        takes_body = route.method in {"POST", "PUT"} and not route.path.endswith("/signout")

        assert ("requestBody" in described) is takes_body, str(route)


def test_every_success_with_content_has_a_schema(document: Document) -> None:
    for name, described in operations(document):
        status = min(described["responses"], key=int)
        content = described["responses"][status].get("content")

        assert (content is None) is (status == "204"), name
        if content is not None:
            assert content[JSON]["schema"], name


def test_every_error_is_the_envelope(document: Document) -> None:
    for name, described in operations(document):
        errors = {
            status: answer
            for status, answer in described["responses"].items()
            if int(status) >= 400
        }

        assert {"405", "500", "503"} <= set(errors), name
        for status, answer in errors.items():
            schema = answer["content"][JSON]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorAnswer"}, f"{name} {status}"


def test_only_signing_in_is_public(document: Document) -> None:
    public = {name for name, described in operations(document) if described["security"] == []}

    assert public == PUBLIC
    for name, described in operations(document):
        if name not in PUBLIC:
            assert described["security"] == [{"bearer": []}]
            assert "401" in described["responses"]


def test_operation_ids_are_unique(document: Document) -> None:
    names = [described["operationId"] for _, described in operations(document)]

    assert sorted(names) == sorted(set(names))


def examples(document: Document) -> Iterator[tuple[str, Document, object]]:
    """Every example with where it stands and the schema that it should match."""
    for name, described in operations(document):
        bodies = [("request", described.get("requestBody", {}))]
        bodies += list(described["responses"].items())
        for place, body in bodies:
            for content in body.get("content", {}).values():
                for each in content.get("examples", {}).values():
                    yield f"{name} {place}", content["schema"], each["value"]


def test_every_example_matches_its_schema(document: Document) -> None:
    found = {
        place: messages
        for place, schema, value in examples(document)
        if (messages := problems(document, schema, value, closed=True))
    }

    assert found == {}


def test_every_body_and_answer_has_an_example(document: Document) -> None:
    shown = {place for place, _, _ in examples(document)}
    for name, described in operations(document):
        success = min(described["responses"], key=int)
        if "requestBody" in described:
            assert f"{name} request" in shown
        if "content" in described["responses"][success]:
            assert f"{name} {success}" in shown
        for status in described["responses"]:
            if int(status) >= 400:
                assert f"{name} {status}" in shown
