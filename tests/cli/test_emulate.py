"""`portico emulate`: starting, finding and stopping a stand-in, and what goes wrong with it."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from portico.cli.stand_in.traffic_options import CHAOS
from portico.emulation.state_folder import StateFolder
from portico.emulator.faults.profiles import PROFILES
from tests.cli.commands import COMMAND, misuse, refuse, run, succeed
from tests.harness import READY_SECONDS, START_SECONDS, free_port
from tests.secret_watch import is_logged, secret_watch


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder of these tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def state_dir(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of its own, in which nothing runs after the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("XDG_DATA_HOME", str(cache))
    monkeypatch.delenv("GITHUB_ENV", raising=False)
    folder = tmp_path / "state"
    yield folder
    run("emulate", "stop", "--state-dir", str(folder))
    if (folder / "log").exists():
        lines = (folder / "log").read_bytes().splitlines()
        logged = b"\n".join(line for line in lines if is_logged(line))
        secret_watch().add_lines(logged.decode())


def status_of(state_dir: Path) -> dict[str, Any]:
    """How to reach the stand-in of a state folder."""
    text = succeed("emulate", "status", "--json", "--state-dir", str(state_dir))
    access: dict[str, Any] = json.loads(text)
    return access


def variables_in(file: Path) -> dict[str, str]:
    """The variables of a file with `NAME=value` lines."""
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def test_started_stand_in_serves_its_tenants_until_it_is_stopped(
    state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_folder = ("--state-dir", str(state_dir))
    job, file = tmp_path / "github.env", tmp_path / "clients.env"
    monkeypatch.setenv("GITHUB_ENV", str(job))

    printed = succeed("emulate", "start", "--tenants", "2", "--env-file", str(file), *in_folder)

    access = status_of(state_dir)
    url = access["url"]
    variables = variables_in(file)
    assert url.startswith("http://127.0.0.1:")
    assert url in printed
    assert file.stat().st_mode & 0o777 == 0o600
    assert variables == variables_in(job)
    assert variables["ZPA_CUSTOMER_ID"] == access["tenants"][0]["customer_id"]
    for tenant in access["tenants"]:
        form = {"client_id": tenant["client_id"], "client_secret": tenant["client_secret"]}
        assert httpx.post(f"{url}/signin", data=form).status_code == 200
        assert tenant["customer_id"] in printed
    assert [each["name"] for each in access["tenants"]] == ["Tenant 1", "Tenant 2"]
    require_changes_by_somebody_else(access, state_dir)
    require_proxied_sign_in(variables)
    assert succeed("emulate", "wait", *in_folder).strip() == url
    assert "ready" in succeed("emulate", "logs", *in_folder)
    second = refuse("emulate", "start", *in_folder)
    assert second.startswith(f"A stand-in already runs in {state_dir}")
    assert "portico emulate stop" in second
    assert (state_dir / "database" / "portico.db").exists()

    assert succeed("emulate", "stop", *in_folder) == "The stand-in has stopped.\n"

    assert not (state_dir / "database").exists()
    assert "No stand-in runs" in refuse("emulate", "status", *in_folder)
    assert "No stand-in runs" in refuse("emulate", "stop", *in_folder)
    with pytest.raises(httpx.TransportError):
        httpx.get(url)


def require_changes_by_somebody_else(access: dict[str, Any], state_dir: Path) -> None:
    """`portico mutate` finds the stand-in by its state folder and by its address."""
    tenant = access["tenants"][1]
    form = {"client_id": tenant["client_id"], "client_secret": tenant["client_secret"]}
    with httpx.Client(base_url=access["url"]) as http:
        token = http.post("/signin", data=form).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        links = f"/mgmtconfig/v1/admin/customers/{tenant['customer_id']}/userPortalLink"
        made = http.post(links, json={"name": "Wiki", "link": "wiki.example.com", "enabled": True})
        link = f"{links}/{made.json()['id']}"
        in_folder = ("--state-dir", str(state_dir), "--customer", tenant["customer_id"])
        by_address = ("--url", access["url"], "--customer", tenant["customer_id"])

        said = succeed("mutate", "Wiki", "--set", "description=Theirs", *in_folder)
        assert said == f"somebody.else has changed link Wiki ({made.json()['id']}).\n"
        assert http.get(link).json()["description"] == "Theirs"
        succeed("mutate", "Wiki", "--disable", *by_address)
        assert http.get(link).json()["enabled"] is False
        sentence = refuse("mutate", "Mail", "--delete", *by_address)
        assert "no link with the id or name Mail" in sentence
        assert "There are 2 tenants" in refuse("mutate", "Wiki", "--url", access["url"], "--delete")
        succeed("mutate", "Wiki", "--delete", "--administrator", "dana", *by_address)
        assert http.get(link).status_code == 404


def require_proxied_sign_in(variables: dict[str, str]) -> None:
    """The variables lead a client to the stand-in, which it takes for the vendor."""
    trust = ssl.create_default_context(cafile=variables["SSL_CERT_FILE"])
    form = {
        "client_id": variables["ZPA_CLIENT_ID"],
        "client_secret": variables["ZPA_CLIENT_SECRET"],
    }
    with httpx.Client(proxy=variables["HTTPS_PROXY"], verify=trust) as http:
        answer = http.post("https://config.private.zscaler.com/signin", data=form)
        assert answer.status_code == 200
        refused = http.get("https://config.private.zscaler.com/_portico/health")
        assert refused.status_code == 403, "The control API has loopback names alone."


def test_killed_stand_in_is_reported_and_replaced(state_dir: Path) -> None:
    in_folder = ("--state-dir", str(state_dir))
    succeed("emulate", "start", *in_folder)
    pid = int((state_dir / "pid").read_text())

    os.kill(pid, signal.SIGKILL)
    wait_until_ended(state_dir)

    for command in ("status", "stop"):
        sentence = refuse("emulate", command, *in_folder)
        assert f"(process {pid}) has ended unexpectedly" in sentence
        assert "portico emulate start" in sentence
    succeed("emulate", "start", *in_folder)
    assert httpx.get(f"{status_of(state_dir)['url']}/_portico/health").status_code == 200


def test_two_starts_at_once_leave_one_stand_in(state_dir: Path) -> None:
    command = [*COMMAND, "emulate", "start", "--state-dir", str(state_dir)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in "ab"]

    errors = [each.communicate(timeout=START_SECONDS)[1].decode() for each in both]

    assert sorted(each.returncode for each in both) == [0, 1]
    assert sum("A stand-in already runs in" in each for each in errors) == 1
    status_of(state_dir)


def test_variables_that_cannot_be_written_leave_no_stand_in(
    state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = str(tmp_path / "missing" / "env")
    start = ("emulate", "start", "--state-dir", str(state_dir))

    assert missing in refuse(*start, "--env-file", missing)
    assert "No stand-in runs" in refuse("emulate", "status", "--state-dir", str(state_dir))

    monkeypatch.setenv("GITHUB_ENV", missing)
    assert f"{missing} cannot be written" in refuse(*start)
    assert "No stand-in runs" in refuse("emulate", "status", "--state-dir", str(state_dir))


def test_looking_at_a_state_folder_keeps_no_stand_in_from_starting(state_dir: Path) -> None:
    folder = StateFolder(state_dir)
    with folder.held():
        pass
    looking = os.open(state_dir / "lock", os.O_RDWR)
    fcntl.flock(looking, fcntl.LOCK_SH)

    assert not folder.is_running()
    threading.Timer(0.05, os.close, [looking]).start()
    with folder.held():
        assert folder.is_running()


def test_start_tells_why_the_stand_in_ended(state_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "other.db").write_text("This is not a database.\n" * 100)

    sentence = refuse(
        "emulate",
        "start",
        "--database",
        str(tmp_path / "other.db"),
        "--state-dir",
        str(state_dir),
    )

    assert sentence.startswith("The stand-in ended before it was ready. Its log ends with: ")
    assert "not a database" in sentence


def test_seed_of_a_running_stand_in_is_exported(state_dir: Path, tmp_path: Path) -> None:
    succeed("emulate", "start", "--seed", "vendor-tests", "--state-dir", str(state_dir))
    address = {"PORTICO_EMULATOR_URL": status_of(state_dir)["url"]}
    exported = tmp_path / "exported.yaml"

    ended = run("seed", "export", "--stand-in", "--set", "mine", environment=address)
    exported.write_text(ended.output)

    assert ended.output.startswith("set: mine\n"), ended.errors
    assert "valid: 1 tenant" in succeed("seed", "validate", str(exported))


def test_stand_in_in_the_foreground_keeps_a_named_database(
    state_dir: Path, tmp_path: Path, cache: Path
) -> None:
    file, variables = tmp_path / "kept.db", tmp_path / "clients.env"
    command = [*COMMAND, "emulate", "--database", str(file), "--clock", "2030-01-31T12:00:00Z"]

    def customer_and_url() -> tuple[str | None, str]:
        with subprocess.Popen(
            [*command, "--env-file", str(variables)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line.startswith("The stand-in is ready."):
                    break
            else:
                raise AssertionError("".join(lines))
            found = variables_in(variables)
            clock = httpx.get(f"{found['PORTICO_EMULATOR_URL']}/_portico/clock").json()
            process.send_signal(signal.SIGINT)
            assert process.wait(READY_SECONDS) == 0
        return found.get("ZPA_CUSTOMER_ID"), clock["now"]

    customer_id, now = customer_and_url()
    assert customer_id == "4000000000000000002"
    assert now == "2030-01-31T12:00:00.000+00:00"
    assert customer_and_url()[0] is None, "A database with tenants gets no more."
    listed = succeed("tenant", "list", "--json", "--database", f"sqlite:///{file}")
    assert [each["customerId"] for each in json.loads(listed)] == [customer_id]


def test_options_are_checked(state_dir: Path) -> None:
    assert "with its zone" in misuse("emulate", "--clock", "tomorrow")
    assert "2000 to 2049" in misuse("emulate", "--clock", "2090-01-01T00:00:00Z")
    for name in ("", "a/b", "-a", "a.b c"):
        assert "host name" in misuse("emulate", "--vanity-domain", name)
    assert "Write --port after status." in misuse("emulate", "--port", "80", "status")
    assert "No stand-in runs" in refuse("emulate", "logs", "--state-dir", str(state_dir))
    sentence = refuse("emulate", "wait", "--timeout", "0", "--state-dir", str(state_dir))
    assert "was not ready after 0 seconds" in sentence
    assert "FIELD=VALUE" in misuse("mutate", "Wiki", "--set", "owner=me")
    assert "true or false" in misuse("mutate", "Wiki", "--set", "enabled=maybe")
    in_folder = ("--state-dir", str(state_dir))
    assert "No stand-in runs" in refuse("mutate", "Wiki", "--delete", *in_folder)
    nowhere = refuse("mutate", "Wiki", "--delete", "--url", f"http://127.0.0.1:{free_port()}")
    assert nowhere.startswith("No stand-in answers on http://127.0.0.1:")


def wait_until_ended(state_dir: Path) -> None:
    """Waits until nothing runs in a state folder."""
    deadline = time.monotonic() + START_SECONDS
    while "unexpectedly" not in run("emulate", "status", "--state-dir", str(state_dir)).errors:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_faults_and_limits_apply_from_the_start_and_a_report_is_written(
    state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, summary = tmp_path / "run.xml", tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    options = ("--limits", "vendor", "--chaos", "slow", "--seed-number", "3")
    in_folder = ("--state-dir", str(state_dir))
    succeed("emulate", "start", *options, "--report", str(report), *in_folder)
    control = f"{status_of(state_dir)['url']}/_portico"

    def armed() -> tuple[list[str], bool]:
        faults = httpx.get(f"{control}/faults").json()["faults"]
        return [each["id"] for each in faults], httpx.get(f"{control}/limits").json()["everywhere"]

    assert armed() == (["slow-1", "slow-2"], True)
    httpx.put(f"{control}/faults", json={"rules": []})
    httpx.put(f"{control}/limits", json={"limits": "none"})
    assert armed() == ([], False)
    httpx.get(f"{status_of(state_dir)['url']}/mgmtconfig/v1/admin/unknown")
    assert httpx.post(f"{control}/reset").status_code == 204
    assert armed() == (["slow-1", "slow-2"], True)
    succeed("emulate", "stop", *in_folder)

    assert "Portico has no operation GET /mgmtconfig/v1/admin/unknown" in report.read_text()
    assert summary.read_text().startswith("# Requests to Portico")


def test_a_report_of_an_unknown_kind_is_refused(state_dir: Path) -> None:
    sentence = refuse("emulate", "start", "--report", "run.pdf", "--state-dir", str(state_dir))

    assert "run.pdf does not say which kind of report it is" in sentence


def test_profiles_of_faults_are_those_that_exist() -> None:
    assert tuple(PROFILES) == CHAOS


def test_stand_in_starts_with_a_seed(state_dir: Path, tmp_path: Path) -> None:
    in_folder = ("--state-dir", str(state_dir))
    seed = tmp_path / "seed.yaml"
    written = "set: a\ntenants: [{name: Acme, customerId: 12, clients: [{name: CI, secret: s}]}]\n"
    seed.write_text(written.replace("customerId: 12", "customerId: -1"))

    sentence = refuse("emulate", "start", "--seed", str(seed), *in_folder)
    assert f"{seed} line 2, tenants[0].customerId: It must be an id" in sentence
    assert "--seed" in misuse("emulate", "start", "--seed", "empty", "--tenants", "2", *in_folder)

    seed.write_text(written)
    succeed("emulate", "start", "--seed", str(seed), *in_folder)

    (tenant,) = status_of(state_dir)["tenants"]
    assert (tenant["name"], tenant["customer_id"], tenant["client_secret"]) == ("Acme", "12", "s")
