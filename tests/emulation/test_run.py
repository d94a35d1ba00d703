"""`portico run`: clients that know nothing of Portico, exit statuses, signals, and what is left."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from portico.domain.errors import Unavailable
from portico.emulation.child_process import Stopped, passing_signals_on
from portico.emulation.databases import temporary_database
from portico.emulation.environment import hosts_without_proxy
from tests.cli.commands import COMMAND, Finished, run, run_process
from tests.emulation.sdk_user import NAMES

FOLDER = Path(__file__).parent
SECONDS = 120
DUMP = "import json, os, sys; json.dump(dict(os.environ), sys.stdout)"
WAITS = "trap 'echo stopped; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
COUNTS_INTERRUPTS = """
import signal, sys
seen = []
signal.signal(signal.SIGINT, lambda *_: (seen.append(1), print("interrupted", flush=True)))
print("ready", flush=True)
sys.stdin.readline()
print(f"{len(seen)} interrupts", flush=True)
"""


@pytest.mark.usefixtures("private_folders")
def test_vendor_sdk_works_in_both_modes_without_a_changed_line(tmp_path: Path) -> None:
    reports = [tmp_path / "calls.har", tmp_path / "calls.xml"]
    options = [part for report in reports for part in ("--report", str(report))]
    script = (sys.executable, str(FOLDER / "sdk_user.py"), "legacy", "oneapi")

    ended = run_process("run", *options, "--", *script)

    assert ended.status == 0, ended.errors
    for seen in json.loads(ended.output).values():
        assert seen["paged"] == sorted(["Changed", *NAMES[1:]])
        assert seen["left"] == sorted(["Changed", *NAMES[2:]])
        assert seen["reads"] == [NAMES[2]] * 5
        assert seen["fresh"] == "Fresh"
    calls = Counter(
        (urlsplit(entry["request"]["url"]).hostname, entry["request"]["method"])
        for entry in json.loads(reports[0].read_bytes())["log"]["entries"]
    )
    # Three pages, a whole list, and two reads, since four came from the SDK's cache.
    assert calls["config.private.zscaler.com", "GET"] == 3 + 1 + 2
    assert calls["api.zsapi.net", "GET"] == 3 + 1 + 2
    tests = ElementTree.parse(reports[1]).getroot()
    assert "create_link" in [each.get("name") for each in tests.iter("testcase")]


def test_command_gets_the_environment_and_nothing_of_it_stays(
    private_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZSCALER_PRIVATE_KEY", "a real one")
    monkeypatch.setenv("ZPA_CLIENT_ID", "a real one")
    monkeypatch.setenv("ZSCALER_CLIENT_CACHE_ENABLED", "true")
    monkeypatch.setenv("NO_PROXY", "git.example.com,.zscaler.com,*")

    ended = run_process("run", "--legacy", "--", sys.executable, "-c", DUMP)

    assert ended.status == 0, ended.errors
    seen = json.loads(ended.output)
    assert "ZSCALER_PRIVATE_KEY" not in seen
    assert seen["ZPA_CLIENT_ID"].isdigit()
    assert seen["ZSCALER_USE_LEGACY_CLIENT"] == "true"
    assert seen["ZSCALER_CLIENT_CACHE_ENABLED"] == "true"
    direct = seen["NO_PROXY"].split(",")
    assert "registry.terraform.io" in direct
    assert "git.example.com" in direct
    assert ".zscaler.com" not in direct
    assert "*" not in direct
    assert Path(seen["REQUESTS_CA_BUNDLE"]).is_relative_to(private_folders)
    assert list(private_folders.iterdir()) == []


@pytest.mark.usefixtures("private_folders")
@pytest.mark.parametrize(("script", "status"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_exit_status_is_that_of_the_command(script: str, status: int) -> None:
    assert run_process("run", "--", "sh", "-c", script).status == status


def test_missing_command_is_told_at_once() -> None:
    assert run("run", "--", "no-such-command") == Finished(
        127, "", "portico: There is no command no-such-command in the folders of PATH.\n"
    )
    assert run("run", "--", "./no-such-command").status == 127


def test_file_that_cannot_be_executed_is_told(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("notes")

    assert run("run", str(file)) == Finished(
        126, "", f"portico: {file} is not an executable file.\n"
    )


@pytest.mark.parametrize("place", ["zscaler.yaml", ".zscaler/zscaler.yaml"])
def test_configuration_of_the_sdk_is_pointed_out(place: str, tmp_path: Path) -> None:
    file = tmp_path / place
    file.parent.mkdir(exist_ok=True)
    file.write_text("")

    ended = run("run", "no-such-command", folder=tmp_path, environment={"HOME": str(tmp_path)})

    warning, refusal = ended.errors.splitlines()
    assert f"read {'./' if '/' not in place else '~/'}{place} too" in warning
    assert "no-such-command" in refusal


@pytest.mark.usefixtures("private_folders")
def test_report_that_cannot_be_written_is_told_before_the_command_runs(tmp_path: Path) -> None:
    for name, reason in (("a.pdf", "which kind of report"), ("no/a.txt", "does not exist")):
        report, ran = tmp_path / name, tmp_path / "ran"

        ended = run_process("run", "--report", str(report), "touch", str(ran))

        assert ended.status == 1
        assert reason in ended.errors
        assert not ran.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has /dev/full.")
def test_report_on_a_full_disk_is_named(tmp_path: Path) -> None:
    report = tmp_path / "calls.txt"
    report.symlink_to("/dev/full")

    ended = run("run", "--report", str(report), "--", "true")

    assert ended.status == 1
    assert f"The report {report} cannot be written: No space left on device." in ended.errors


def test_folder_without_room_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfile", full)

    async def create() -> None:
        async with temporary_database(tmp_path / "cache", tmp_path / "state"):
            pass

    with pytest.raises(Unavailable, match=r"state: No space left on device\. Make room there"):
        asyncio.run(create())


def test_signals_reach_the_command_and_everything_is_removed(private_folders: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "run", "sh", "-c", WAITS], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "stopped\n"
        assert process.wait(SECONDS) == 3
    assert list(private_folders.iterdir()) == []


@pytest.mark.usefixtures("private_folders")
def test_ctrl_c_reaches_the_command_once() -> None:
    process, terminal = pty.fork()
    if process == 0:
        os.execv(COMMAND[0], [*COMMAND, "run", sys.executable, "-c", COUNTS_INTERRUPTS])
    with os.fdopen(terminal, "r+b", buffering=0) as screen:
        read_until(screen.fileno(), "ready")
        screen.write(b"\x03")
        read_until(screen.fileno(), "interrupted")
        screen.write(b"go on\n")
        read_until(screen.fileno(), "1 interrupts")
        _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def read_until(descriptor: int, text: str) -> None:
    """Reads what a terminal shows until a text appears."""
    shown = ""
    while text not in shown:
        received = os.read(descriptor, 1024)
        assert received, shown
        shown += received.decode()


def test_signal_before_the_command_ends_the_start() -> None:
    async def start() -> None:
        async with passing_signals_on():
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()

    with pytest.raises(Stopped) as stopped:
        asyncio.run(start())

    assert stopped.value.status == 128 + signal.SIGTERM


def test_patterns_of_the_vendors_names_do_not_go_around_the_proxy() -> None:
    present = {"NO_PROXY": "a.example.com, .net,zsapi.net,*.zscaler.com,::1,10.0.0.0/8,zsapi.net.x"}

    assert hosts_without_proxy(present, "production") == "a.example.com,::1,10.0.0.0/8,zsapi.net.x"
