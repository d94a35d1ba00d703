"""The audit log as a file: every entry once, in order, while others write, and without pictures."""

from __future__ import annotations

import csv
import io
import threading

import httpx

from portico.services.audit.log import CSV_HEADER, EXPORT_PAGE
from tests.harness import LINKS, Caller, Tenant, waits_for_health
from tests.http.bodies import create_bulk, link
from tests.web.console.clerks import hire

ICON = "data:image/png;base64,".ljust(100_000, "A")


def read_csv(answer: httpx.Response) -> list[dict[str, str]]:
    """The rows of the file by their headings."""
    assert answer.status_code == 200, answer.text
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_file_has_every_entry_once_while_others_write(tenant: Tenant, admin: Caller) -> None:
    clerk = hire(tenant)
    count = 2 * EXPORT_PAGE + 50
    create_bulk(admin, [link(f"Link {number:03}") for number in range(count)])
    done = threading.Event()

    def write() -> None:
        number = 0
        with httpx.Client(base_url=tenant.server.url, timeout=30) as client:
            while not done.is_set():
                headers = {"Authorization": f"Bearer {admin.token}"}
                body = link(f"Later {number}")
                client.post(admin.path(LINKS), json=body, headers=headers)
                number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        answers = [clerk.get("audit.csv?kind=userPortalLink") for _ in range(3)]
    finally:
        done.set()
        writer.join()

    for answer in answers:
        rows = read_csv(answer)
        ids = [row["object id"] for row in rows]
        assert len(ids) == len(set(ids))
        names = [row["object"] for row in rows if row["object"].startswith("Link")]
        assert sorted(names) == [f"Link {number:03}" for number in range(count)]
        times = [row["time"] for row in rows]
        assert times == sorted(times, reverse=True)


def test_file_has_no_pictures_but_their_changes(tenant: Tenant, admin: Caller) -> None:
    clerk = hire(tenant)
    made = admin.create_link("Wiki", iconText=ICON)
    admin.put(f"{LINKS}/{made}", link("Wiki", iconText=ICON + "B"))
    create_bulk(admin, [link(f"Link {number}", iconText=ICON) for number in range(40)])

    answer = clerk.get(f"audit.csv?object={made}")
    changed, created = read_csv(answer)

    assert "AAAAAAAA" not in answer.text
    assert list(changed) == list(CSV_HEADER)
    assert created["before"] == ""
    assert "(icon, 100,000 characters, SHA-256 " in changed["before"]
    assert "(icon, 100,001 characters, SHA-256 " in changed["after"]
    assert changed["before"].replace('"', "") != changed["after"].replace('"', "")
    whole = clerk.get("audit.csv")
    assert len(whole.content) < 100_000
    assert answer.headers["content-disposition"] == 'attachment; filename="portico-audit.csv"'
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


def test_abandoned_download_ends(tenant: Tenant, admin: Caller) -> None:
    clerk = hire(tenant)
    create_bulk(admin, [link(f"Link {number}") for number in range(3 * EXPORT_PAGE)])
    cookies = "; ".join(f"{name}={value}" for name, value in clerk.visit.cookies.items())
    headers = {"cookie": cookies}
    for _ in range(5):
        url = f"{tenant.server.url}{clerk.base}/audit.csv"
        with httpx.stream("GET", url, headers=headers) as answer:
            assert answer.status_code == 200
            next(answer.iter_raw(100))

    assert max(waits_for_health(tenant.server, until=lambda: True)) < 5
    assert read_csv(clerk.get("audit.csv?kind=userPortalLink"))


def test_stranger_gets_the_door(tenant: Tenant) -> None:
    answer = tenant.server.http.get(f"/console/{tenant.customer_id}/0/audit.csv")

    assert answer.status_code == 303
