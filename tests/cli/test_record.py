"""`portico record`: the vendor's SDK through the recorder, and the recording through `verify`."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cli.commands import COMMAND, run_process, succeed
from tests.harness import Server, Tenant, create_tenant, served, upgrade

SCRIPT = """
import os
from zscaler import ZscalerClient
from zscaler.oneapi_client import LegacyZPAClient

config = {
    "clientId": os.environ["ID"],
    "clientSecret": os.environ["SECRET"],
    "customerId": os.environ["CUSTOMER"],
}
if os.environ["MODE"] == "legacy":
    zpa = LegacyZPAClient({**config, "cloud": "PRODUCTION"}).zpa
else:
    zpa = ZscalerClient({**config, "vanityDomain": "acme-inc"}).zpa

def done(answer):
    result, _, error = answer
    assert error is None, error
    return result

staff = done(zpa.user_portal_controller.list_user_portals(query_params={"search": "Staff"}))[0]
links = zpa.user_portal_link
old = done(links.list_portal_link())[0]
done(links.get_portal_link(old.id))
new = done(links.add_portal_link(name="New", link="new.example.com", enabled=True,
                                 user_portal_ids=[staff.id]))
done(links.update_portal_link(new.id, name="Newer", link="new.example.com", enabled=True))
found = done(links.list_portal_link(query_params={"search": "Newer"}))
assert [each.id for each in found] == [new.id]
done(links.delete_portal_link(new.id))
done(links.delete_portal_link(old.id))
_, _, error = links.get_portal_link(old.id)
assert error.status_code == 400
"""


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A second Portico that plays the vendor."""
    folder = tmp_path_factory.mktemp("vendor")
    url = f"sqlite:///{folder / 'vendor'}.db"
    upgrade(url)
    with served(url, folder / "vendor.log", "--vendor-statuses") as running:
        yield running


@pytest.fixture
def tenant(vendor: Server) -> Tenant:
    """A tenant at the vendor, with a portal, a link and an application segment."""
    made = create_tenant(vendor)
    admin = made.caller()
    portal_id = admin.create_portal(
        "Staff", extDomain="example.com", extLabel="staff", description="For all"
    )
    admin.create_link("Old", userPortals=[{"id": portal_id}], linkPath="/start", enabled=True)
    return made


@pytest.fixture
def client(tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The credentials that the script reads."""
    credentials = tenant.credentials()
    values = {
        "ID": credentials.client_id,
        "SECRET": credentials.client_secret,
        "CUSTOMER": tenant.customer_id,
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


@pytest.mark.parametrize("mode", ["legacy", "oneapi"])
def test_recording_of_the_sdk_verifies_with_its_seed(
    vendor: Server,
    client: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
) -> None:
    monkeypatch.setenv("MODE", mode)
    tape, seed = tmp_path / "tape.yaml", tmp_path / "seed.yaml"

    recorded = run_process(
        *("record", "--out", str(tape), "--seed-out", str(seed), "--to", vendor.url),
        *("--", sys.executable, "-c", SCRIPT),
    )

    assert recorded.status == 0, recorded.errors
    assert recorded.errors.splitlines()[-1].startswith("portico: Recorded 10 exchanges in ")
    assert succeed("verify", str(tape), "--seed", str(seed)) == (
        "Compared 10 exchanges: 0 differences.\n"
    )
    for text in (tape.read_text(), seed.read_text()):
        for private in ("ID", "SECRET", "CUSTOMER"):
            assert client[private] not in text
        assert "acme-inc" not in text
        assert "eyJ" not in text
    (planted,) = yaml.safe_load(seed.read_text())["tenants"]
    assert [each["name"] for each in planted["portals"]] == ["Staff"]
    assert [(each["name"], each["portals"]) for each in planted["links"]] == [("Old", ["Staff"])]


def test_exit_status_and_output_are_those_of_the_command(
    vendor: Server, client: dict[str, str], tmp_path: Path
) -> None:
    tape = tmp_path / "tape.yaml"
    script = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"

    ended = run_process(
        "record", "--out", str(tape), "--to", vendor.url, sys.executable, "-c", script
    )

    assert (ended.status, ended.output) == (7, "out\n")
    assert ended.errors == f"err\nportico: Recorded 0 exchanges in {tape}.\n"


def test_empty_recording_is_a_failure(vendor: Server, tmp_path: Path) -> None:
    ended = run_process("record", "--out", str(tmp_path / "tape.yaml"), "--to", vendor.url, "true")

    assert ended.status == 1


def test_vendor_that_cannot_be_reached_is_reported(client: dict[str, str], tmp_path: Path) -> None:
    call = (
        "import requests\n"
        "answer = requests.post('https://config.private.zscaler.com/signin', data={'a': 'b'})\n"
        "print(answer.status_code, answer.json()['reason'])"
    )
    ended = run_process(
        *("record", "--out", str(tmp_path / "tape.yaml"), "--to", "http://127.0.0.1:9"),
        *(sys.executable, "-c", call),
    )

    assert ended.status == 1
    assert ended.output.startswith("502 127.0.0.1 cannot be reached: ")
    assert ended.errors.endswith("1 exchange did not reach the vendor.\n")


def test_other_hosts_are_refused(client: dict[str, str], vendor: Server, tmp_path: Path) -> None:
    call = "import requests; requests.get('https://example.com/')"

    ended = run_process(
        *("record", "--out", str(tmp_path / "tape.yaml"), "--to", vendor.url),
        *(sys.executable, "-c", call),
    )

    assert ended.status == 1
    assert "Portico does not pass on requests to example.com" in ended.errors


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--to", "nowhere", "true"), "--to nowhere: this is not a URL. "),
        (("no-such-command",), "There is no command no-such-command in the folders of PATH."),
    ],
)
def test_wrong_argument_is_named(
    client: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    ended = run_process("record", "--out", str(tmp_path / "tape.yaml"), *arguments)

    assert ended.status == 1
    assert ended.errors.startswith(f"portico: {sentence}")


def test_missing_folder_is_named_before_the_command_runs(tmp_path: Path) -> None:
    out = tmp_path / "none" / "tape.yaml"

    ended = run_process("record", "--out", str(out), sys.executable, "-c", "print('ran')")

    assert (ended.status, ended.output) == (1, "")
    assert ended.errors == (
        f"portico: {out} cannot be written: {out.parent} is no folder. Create it first.\n"
    )


def test_signal_reaches_the_command(client: dict[str, str], tmp_path: Path) -> None:
    script = (
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        "print('ready', flush=True)\n"
        "signal.pause()"
    )
    command = [*COMMAND, "record", "--out", str(tmp_path / "tape.yaml")]
    with subprocess.Popen(
        [*command, sys.executable, "-c", script], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)

        assert process.wait() == 5
