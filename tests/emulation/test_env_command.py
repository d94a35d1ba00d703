"""`portico env`: what a shell gets of a running stand-in, and why it gets nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.commands import misuse, refuse, run, succeed


def test_shell_gets_the_variables_of_a_running_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("ZSCALER_PRIVATE_KEY", "a real one")
    monkeypatch.delenv("GITHUB_ENV", raising=False)
    in_folder = ("--state-dir", str(tmp_path / "state"))
    file = tmp_path / "clients.env"
    succeed("emulate", "start", "--env-file", str(file), *in_folder)
    try:
        text = succeed("env", *in_folder)

        shown = subprocess.run(
            ["sh", "-c", f'{text}\necho "$ZPA_CLIENT_SECRET,$HTTPS_PROXY,$ZSCALER_PRIVATE_KEY"'],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        secret, proxy, private_key = shown.strip().split(",")
        assert f"ZPA_CLIENT_SECRET={secret}\n" in file.read_text()
        assert proxy == "" or proxy.startswith("http://127.0.0.1:")
        assert private_key == ""
        assert succeed("env", "--env-file", str(file)) == text
        assert f"$env:ZPA_CLIENT_SECRET = '{secret}'" in succeed(
            "env", "--shell", "powershell", *in_folder
        )
        legacy = succeed("env", "--legacy", *in_folder)
        assert "export ZSCALER_USE_LEGACY_CLIENT=true" in legacy
        assert "ZSCALER_CLIENT_ID" not in legacy
    finally:
        run("emulate", "stop", *in_folder)

    assert "portico emulate start" in refuse("env", *in_folder)


def test_options_that_exclude_each_other_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "clients.env"
    file.write_text("")

    assert "--env-file excludes" in misuse("env", "--legacy", "--env-file", str(file))
