"""The pictures of links in the console: loaded once, and only by those who may read the link."""

from __future__ import annotations

import base64
import re

import pytest

from tests.harness import LINKS, Tenant, create_tenant
from tests.http.bodies import link
from tests.web.console.clerks import hire
from tests.web.shared.test_pictures import packed, uri


@pytest.mark.one_database
def test_table_names_pictures_that_browsers_cache_until_they_change(tenant: Tenant) -> None:
    first, second = packed("PNG", "#3366cc"), packed("PNG", "#cc6633")
    admin = tenant.caller()
    link_id = admin.create_link("Wiki", iconText=uri("image/png", first))
    clerk = hire(tenant)
    table = clerk.get("links").text
    assert base64.b64encode(first).decode() not in table
    [address] = re.findall(r'src="(/console/[^"]+/icon/[^"]+)"', table)
    answer = clerk.visit.get(address)
    assert (answer.status_code, answer.content) == (200, first)
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]
    assert "private" in answer.headers["cache-control"]

    changed = admin.put(f"{LINKS}/{link_id}", link("Wiki", iconText=uri("image/png", second)))
    assert changed.status_code == 204
    assert clerk.visit.get(address).status_code == 404
    assert address not in clerk.get("links").text

    stranger = hire(create_tenant(tenant.server))
    assert stranger.visit.get(address).status_code == 404
