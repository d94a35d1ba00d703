"""Tools that people use today: json-server with the same links, Prism with an OpenAPI document.

Each is measured on the kinds of request that it supports, with its own query parameters.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench import dataset
from bench.dataset import SeedLink, in_list_order
from bench.http_client import JSON, Connection, UnexpectedAnswer
from bench.kinds import EQ_TARGET, Load, Request
from bench.processes import Processes, Server

COLLECTION = "/userPortalLink"


@dataclass(frozen=True)
class StandIn:
    """A running tool, its loads, and the names that each response must have."""

    label: str
    server: Server
    loads: dict[str, Load]
    names: dict[str, list[str]]

    def verify(self, kind: str) -> None:
        """Raise UnexpectedAnswer unless the response to the first request has these names."""
        load = self.loads[kind]
        sent = load.requests[0]
        body = sent.body.replace("@TAG@", "check").replace("@N@", "0") or None
        connection = Connection(self.server.port)
        answer = connection.send(load.method, sent.path, body=body, content_type=load.content_type)
        connection.close()
        if answer.status != load.status:
            raise UnexpectedAnswer(f"{self.label} answers {kind} with status {answer.status}")
        if answer.body and kind in self.names:
            found = _names(answer.json())
            if found != self.names[kind]:
                raise UnexpectedAnswer(f"{self.label} answers {kind} with {len(found)} other links")


def _names(value: Any) -> list[str]:  # noqa: ANN401  # any JSON value
    if isinstance(value, dict):
        value = value.get("list", [value])
    return [link["name"] for link in value]


def _record(number: int, link: SeedLink) -> dict[str, Any]:
    """Return a link with its portal, as in a list."""
    stamps = {"modifiedTime": "1750000000", "creationTime": "1750000000", "modifiedBy": "1"}
    name = dataset.portal_name(link.portal)
    portal = {"id": str(link.portal), **stamps, **dataset.portal_body(name)}
    own = {"id": str(number), **stamps, **link.body()}
    return own | {"userPortals": [portal], "microtenantName": "Default"}


def start_json_server(
    processes: Processes, programs: Path, folder: Path, cores: tuple[int, ...]
) -> StandIn:
    """Start json-server with all links in list order, so that it does not sort."""
    every = in_list_order(dataset.links())
    records = [
        _record(number, link) | {"portalId": str(link.portal)} for number, link in enumerate(every)
    ]
    database = folder / "json-server.json"
    database.write_text(json.dumps({COLLECTION.strip("/"): records}))
    server = processes.start(
        "json-server",
        lambda port: [
            *(str(programs / "json-server"), "--quiet", "--host", "127.0.0.1"),
            *("--port", str(port), str(database)),
        ],
        cores,
        ready=f"{COLLECTION}/0",
    )
    names = [link.name for link in every]
    rare = [name for name in names if dataset.RARE_WORD in name]
    of_portal = [link.name for link in every if link.portal == 0]
    loads = _json_server_reads() | _json_server_writes(records)
    return StandIn(
        "json-server",
        server,
        loads,
        {
            "list-20": names[:20],
            "list-500": names[:500],
            "single": names[:1],
            "by-portal": of_portal[:20],
            "search-eq": [EQ_TARGET],
            "search-like": rare,
        },
    )


def _json_server_reads() -> dict[str, Load]:
    queries = {
        "list-20": "_page=1&_limit=20",
        "list-500": "_page=1&_limit=500",
        "by-portal": "portalId=0&_page=1&_limit=20",
        "search-eq": f"name={quote(EQ_TARGET)}&_page=1&_limit=20",
        "search-like": f"name_like={dataset.RARE_WORD}&_page=1&_limit=20",
    }
    loads = {
        kind: Load("GET", [Request(f"{COLLECTION}?{query}")]) for kind, query in queries.items()
    }
    step = dataset.LINKS // dataset.ROTATION
    singles = [Request(f"{COLLECTION}/{number}") for number in range(0, dataset.LINKS, step)]
    return loads | {"single": Load("GET", singles)}


def _json_server_writes(records: list[dict[str, Any]]) -> dict[str, Load]:
    fresh = {key: value for key, value in records[0].items() if key != "id"}
    create = json.dumps(fresh | {"name": "Created @TAG@ @N@"})
    changed = [
        Request(
            f"{COLLECTION}/{record['id']}",
            json.dumps(record | {"description": "Updated @TAG@ @N@"}),
        )
        for record in records[-dataset.ROTATION :]
    ]
    return {
        "create": Load("POST", [Request(COLLECTION, create)], 201, JSON),
        "update": Load("PUT", changed, 200, JSON),
    }


def start_prism(
    processes: Processes, programs: Path, folder: Path, cores: tuple[int, ...]
) -> StandIn:
    """Start Prism with a document whose examples are the first links of the dataset."""
    every = in_list_order(dataset.links())[:20]
    records = [_record(number, link) for number, link in enumerate(every)]
    document = folder / "openapi.json"
    document.write_text(json.dumps(_openapi(records)))
    server = processes.start(
        "prism",
        lambda port: [
            *(str(programs / "prism"), "mock", "--host", "127.0.0.1", "--port", str(port)),
            *("--verboseLevel", "silent", str(document)),
        ],
        cores,
        ready=COLLECTION,
    )
    body = json.dumps(every[0].body())
    loads = {
        "list-20": Load("GET", [Request(f"{COLLECTION}?page=1&pagesize=20")]),
        "single": Load("GET", [Request(f"{COLLECTION}/{record['id']}") for record in records]),
        "create": Load("POST", [Request(COLLECTION, body)], 201, JSON),
        "update": Load("PUT", [Request(f"{COLLECTION}/0", body)], 204, JSON),
    }
    names = [link.name for link in every]
    return StandIn(
        "prism", server, loads, {"list-20": names, "single": names[:1], "create": names[:1]}
    )


def _openapi(records: list[dict[str, Any]]) -> dict[str, Any]:
    page = {"totalPages": "500", "totalCount": "10000", "list": records}
    link = {
        "type": "object",
        "required": ["name", "link"],
        "properties": {
            **{name: {"type": "string"} for name in ("name", "description", "link", "linkPath")},
            "enabled": {"type": "boolean"},
        },
    }
    body = {"required": True, "content": {JSON: {"schema": link}}}

    def answer(example: dict[str, Any]) -> dict[str, Any]:
        return {"description": "OK", "content": {JSON: {"schema": {}, "example": example}}}

    identity = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    paging = [
        {"name": name, "in": "query", "schema": {"type": "integer"}}
        for name in ("page", "pagesize")
    ]
    return {
        "openapi": "3.0.3",
        "info": {"title": "User portal links", "version": "1"},
        "paths": {
            COLLECTION: {
                "get": {"parameters": paging, "responses": {"200": answer(page)}},
                "post": {"requestBody": body, "responses": {"201": answer(records[0])}},
            },
            f"{COLLECTION}/{{id}}": {
                "parameters": identity,
                "get": {"responses": {"200": answer(records[0])}},
                "put": {"requestBody": body, "responses": {"204": {"description": "Updated"}}},
            },
        },
    }
