"""Pages that arrive in two parts: the first frame has the whole page, so nothing moves in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest

from tests.harness import Tenant
from tests.web.conftest import OpenTab
from tests.web.console.people import sit_down
from tests.web.portal.portals import make_portal, wait_for_value

PAUSE_SECONDS = 0.5


@contextmanager
def slow_proxy(url: str) -> Iterator[str]:
    """The address of a proxy that pauses in the middle of each page of a server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {"Cookie": self.headers.get("Cookie", ""), "Accept-Encoding": "identity"}
            answer = httpx.get(f"{url}{self.path}", headers=headers)
            self.send_response_only(answer.status_code)
            for name in ("content-type", "content-security-policy", "cache-control"):
                self.send_header(name, answer.headers.get(name, ""))
            self.end_headers()
            if answer.headers["content-type"].startswith("text/html"):
                half = len(answer.content) // 2
                self.wfile.write(answer.content[:half])
                time.sleep(PAUSE_SECONDS)
                self.wfile.write(answer.content[half:])
            else:
                self.wfile.write(answer.content)

        def log_message(self, format: str, *values: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("place", ["console", "portal"])
def test_slow_page_is_drawn_once_it_is_whole(tenant: Tenant, tab: OpenTab, place: str) -> None:
    desk = sit_down(tenant, tab())
    for number in range(12):
        desk.add_link(f"Link {number}")
    portal = make_portal(tenant)
    path, end = {"console": (f"{desk.base}/links", "#says"), "portal": (portal.base, "#whole")}[
        place
    ]
    desk.page.add_init_script(
        f"""window.whole = [];
        const look = () => {{
            whole.push(document.querySelector("{end}") !== null);
            if (whole.length < 3) requestAnimationFrame(look);
        }};
        requestAnimationFrame(look);"""
    )

    with slow_proxy(tenant.server.url) as slow:
        desk.page.goto(f"{slow}{path}")
        wait_for_value(desk.page, "whole.length", 3)

    assert desk.page.evaluate("whole") == [True, True, True]
