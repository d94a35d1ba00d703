"""The guides for Ansible and Terraform, with the real tools where they are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.documentation.pages import ROOT, follow, read_guide, run_script

COLLECTION = "zscaler.zpacloud"
OVERRIDES = "TF_CLI_CONFIG_FILE"
"""The variable of Terraform that names a file with a `dev_overrides` for the provider."""


def has_collection() -> bool:
    """Whether Ansible and the vendor's collection are installed."""
    if shutil.which("ansible-playbook") is None:
        return False
    listed = subprocess.run(
        ["ansible-galaxy", "collection", "list", COLLECTION],
        capture_output=True,
        text=True,
        check=False,
    )
    return COLLECTION in listed.stdout


def has_provider() -> bool:
    """Whether Terraform and the vendor's provider are installed."""
    configuration = Path(os.environ.get(OVERRIDES, "~/.terraformrc")).expanduser()
    return (
        shutil.which("terraform") is not None
        and configuration.is_file()
        and '"zscaler/zpa"' in configuration.read_text()
    )


def test_ansible_guide_works_as_printed(tmp_path: Path, reader: dict[str, str]) -> None:
    guide = read_guide("ansible.md")
    (play,) = yaml.safe_load(guide.files["play.yml"])
    assert f"{COLLECTION}.zpa_user_portal_link" in play["tasks"][0]
    if not has_collection():
        pytest.skip(f"Ansible with {COLLECTION} is not installed, so no play ran.")

    follow(guide, tmp_path, reader)


def test_terraform_configuration_is_well_formed(tmp_path: Path) -> None:
    if shutil.which("terraform") is None:
        pytest.skip("Terraform is not installed, so nothing read main.tf.")
    (tmp_path / "main.tf").write_text(read_guide("terraform.md").files["main.tf"])

    run_script("terraform fmt -check -diff main.tf", tmp_path, dict(os.environ))


def test_requests_of_the_terraform_provider_pass(reader: dict[str, str]) -> None:
    printed = run_script(
        "portico run -- python -m tests.documentation.terraform_requests", ROOT, reader
    )

    assert printed == "applied, planned, changed, destroyed\n"


def test_terraform_itself_applies_and_destroys(tmp_path: Path, reader: dict[str, str]) -> None:
    if not has_provider():
        pytest.skip(
            "No provider zscaler/zpa is in the dev_overrides of Terraform's configuration, so "
            "Terraform did not run. The test of the provider's requests stands for it."
        )
    (tmp_path / "main.tf").write_text(read_guide("terraform.md").files["main.tf"])
    commands = " && ".join(
        f"terraform {each}"
        for each in ("apply -auto-approve", "plan -detailed-exitcode", "destroy -auto-approve")
    )

    run_script(f"portico run -- sh -c '{commands}'", tmp_path, reader)
