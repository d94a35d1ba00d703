"""The HTTP Archive of a journal keeps the rules of HAR 1.2."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # published without types

from portico.emulator.journal.entries import EntryFilter
from portico.emulator.journal.har import to_har
from portico.emulator.journal.journal import Journal
from portico.emulator.journal.middleware import JournalMiddleware
from tests.emulator.asgi_calls import (
    LINKS,
    CountingApi,
    Hands,
    operations,
    request,
    tenant_of_client,
)

PAIR = {
    "type": "object",
    "required": ["name", "value"],
    "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
}
PAIRS = {"type": "array", "items": PAIR}
NUMBER = {"type": "number", "minimum": -1}
SIZE = {"type": "integer", "minimum": -1}
TEXT = {"type": "string"}


def strict(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object with these members, and others only if their names start with `_`."""
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {}), "comment": TEXT},
        "patternProperties": {"^_": {}},
        "additionalProperties": False,
    }


# http://www.softwareishard.com/blog/har-12-spec/
REQUEST = strict(
    {
        "method": TEXT,
        "url": {"type": "string", "pattern": "^https?://"},
        "httpVersion": TEXT,
        "cookies": PAIRS,
        "headers": PAIRS,
        "queryString": PAIRS,
        "headersSize": SIZE,
        "bodySize": SIZE,
    },
    {"postData": strict({"mimeType": TEXT, "text": TEXT}, {"params": PAIRS})},
)
RESPONSE = strict(
    {
        "status": {"type": "integer"},
        "statusText": TEXT,
        "httpVersion": TEXT,
        "cookies": PAIRS,
        "headers": PAIRS,
        "content": strict({"size": SIZE, "mimeType": TEXT}, {"text": TEXT}),
        "redirectURL": TEXT,
        "headersSize": SIZE,
        "bodySize": SIZE,
    }
)
ENTRY = strict(
    {
        "startedDateTime": {
            "type": "string",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$",
        },
        "time": NUMBER,
        "request": REQUEST,
        "response": RESPONSE,
        "cache": strict({}),
        "timings": strict({"send": NUMBER, "wait": NUMBER, "receive": NUMBER}),
    }
)
HAR = strict(
    {
        "log": strict(
            {
                "version": {"const": "1.2"},
                "creator": strict({"name": TEXT, "version": TEXT}),
                "entries": {"type": "array", "items": ENTRY},
            }
        )
    }
)


def test_the_archive_keeps_the_rules_of_har() -> None:
    journal = Journal()

    async def fail(*_: object) -> None:
        raise OSError

    async def calls() -> None:
        for app in (CountingApi(), fail):
            recorded = JournalMiddleware(
                app,
                journal=journal,
                operations=operations(),
                clock=Hands(),
                monotonic=lambda: 1.0,
                tenant_of_client=tenant_of_client,
            )
            form = [("content-type", "application/x-www-form-urlencoded")]
            try:
                await request(recorded, "POST", "/signin", body=b"client_id=5", headers=form)
                await request(recorded, "GET", LINKS, query="search=name+EQ+x&page=1")
            except OSError:
                continue

    asyncio.run(calls())
    archive = json.loads(to_har(journal.entries(EntryFilter())))

    jsonschema.validate(archive, HAR)
    sign_in, listed, lost = archive["log"]["entries"]
    assert sign_in["request"]["postData"]["params"] == [{"name": "client_id", "value": "5"}]
    assert listed["request"]["url"] == f"https://api.zsapi.net{LINKS}?search=name+EQ+x&page=1"
    assert listed["request"]["queryString"][0] == {"name": "search", "value": "name EQ x"}
    assert (listed["_operation"], listed["response"]["status"]) == ("list_links", 200)
    assert lost["response"]["status"] == 0
