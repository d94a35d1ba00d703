"""Files of the pages: found under their digest alone, kept for good, compressed once."""

from __future__ import annotations

from importlib.resources import files

import pytest

from portico.web.shared.static_files import JOINED, StaticFiles
from tests.harness import Server

pytestmark = pytest.mark.one_database

FILES = StaticFiles()


def test_file_is_kept_for_good(server: Server) -> None:
    address = FILES.address("tokens.css")

    packed = server.http.get(address)
    plain = server.http.get(address, headers={"Accept-Encoding": "identity"})

    assert packed.status_code == plain.status_code == 200
    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert plain.headers["content-type"] == "text/css; charset=utf-8"
    assert plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    [
        "/static/0000000000000000/tokens.css",
        "/static/x/nothing.css",
        "/static/x/../../app.py",
        "/static/x/%2e%2e/%2e%2e/app.py",
        "/static/x//etc/passwd",
        "/static/x/a%00b",
    ],
)
def test_nothing_else_is_served(server: Server, path: str) -> None:
    assert server.http.get(path).status_code == 404


def test_page_gets_its_stylesheets_and_scripts_as_one_file_each(server: Server) -> None:
    static = files("portico.web").joinpath("static")
    joined = {part for parts in JOINED.values() for part in parts}
    written = {
        f"{folder}{path.name}"
        for folder in ("", "portal/", "console/", "vendor/tabler/")
        for path in static.joinpath(folder).iterdir()
        if path.name.endswith((".css", ".js"))
    }

    console = server.http.get(FILES.address("console.js")).text

    # The card and the reference are pages of their own; first.js runs before the page is drawn.
    alone = {"card.css", "reference.css", "second_factor.css", "passkey.js", "portal/first.js"}
    assert written - joined == alone
    assert joined - written == set()
    for part in JOINED["console.js"]:
        assert static.joinpath(part).read_text("utf-8") in console


def test_unknown_name_has_no_address() -> None:
    with pytest.raises(KeyError):
        FILES.address("nothing.css")
