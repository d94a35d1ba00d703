"""Settings: what the help tells of them, which source wins, and how a wrong one is refused."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from portico.cli import portico
from portico.settings import holds_password, setting_fields
from tests.cli.commands import misuse, refuse, refused, run, run_process, succeed
from tests.harness import LINKS, create_tenant, free_port, served, upgrade

# Beside a wrong setting: a command that took the setting would stop here instead of serving.
NOT_A_DATABASE = ("--database", "nonsense")


@pytest.fixture(scope="module")
def serve_help() -> dict[str, str]:
    """The text that `serve --help` has for each option, by the first word of it."""
    shown = CliRunner().invoke(portico, ["serve", "--help"], terminal_width=1_000).output
    texts: dict[str, str] = {}
    option = ""
    for line in shown.partition("Options:")[2].splitlines():
        if line.startswith("  -"):
            option = line.split()[0].rstrip(",")
        texts[option] = f"{texts.get(option, '')} {line.strip()}"
    return texts


@pytest.mark.parametrize("name", list(setting_fields()))
def test_help_tells_setting(serve_help: dict[str, str], name: str) -> None:
    described = setting_fields()[name]
    default = described.default
    shown = str(default).lower() if isinstance(default, bool) else str(default)

    text = serve_help[f"--{name.replace('_', '-')}"]

    assert described.metadata["help"] in text
    assert f"Default: {shown}." in text
    assert f"Environment: PORTICO_{name.upper()}." in text


def test_help_tells_the_settings_file(serve_help: dict[str, str]) -> None:
    assert "Environment: PORTICO_CONFIG." in serve_help["--config"]


@pytest.mark.parametrize("command", ["serve", "db", "tenant", "domain", "client", "keys"])
def test_help_names_command(command: str) -> None:
    assert f"  {command} " in succeed("--help")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "abc"),
        ("port", "0"),
        ("port", "65536"),
        ("port", "-1"),
        ("port", "80.5"),
        ("workers", "0"),
        ("workers", "65"),
        ("pool_size", "0"),
        ("token_lifetime", "59"),
        ("token_lifetime", "3601"),
        ("rate_limit", "-1"),
        ("assertion_audience", ""),
        ("log_level", "loud"),
    ],
)
def test_wrong_flag_is_refused_by_name(name: str, value: str) -> None:
    flag = f"--{name.replace('_', '-')}"

    sentence = refuse("serve", f"{flag}={value}", *NOT_A_DATABASE)

    assert sentence.startswith(f"{flag} cannot be {value!r}. ")
    assert sentence.endswith(setting_fields()[name].metadata["help"])


@pytest.mark.parametrize(
    ("name", "value"), [("port", "http"), ("workers", "many"), ("access_log", "perhaps")]
)
def test_wrong_variable_is_refused_by_name(name: str, value: str) -> None:
    variable = f"PORTICO_{name.upper()}"

    sentence = refuse("serve", *NOT_A_DATABASE, environment={variable: value})

    assert sentence.startswith(f"{variable} cannot be {value!r}. ")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("prot = 80", "has an unknown setting: prot."),
        ('port = "eighty"', "cannot be 'eighty'."),
        ("port = true", "cannot be True."),
        ("port = 80.5", "cannot be 80.5."),
        ("port = 70000", "cannot be 70000."),
        ("access_log = 3", "cannot be 3."),
        ("database = 3", "cannot be 3."),
        ("[port]\nnumber = 80", "cannot be {'number': 80}."),
        ("port = = 80", "is not TOML: "),
        ("port = 80\nport = 81", "is not TOML: "),
    ],
)
def test_wrong_file_is_refused_by_name(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "portico.toml"
    file.write_text(content)

    sentence = refuse("serve", "--config", str(file), *NOT_A_DATABASE)

    assert complaint in sentence
    assert str(file) in sentence


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"

    by_flag = refuse("serve", "--config", str(missing), *NOT_A_DATABASE)
    by_variable = refuse("serve", *NOT_A_DATABASE, environment={"PORTICO_CONFIG": str(missing)})

    assert by_flag == by_variable
    assert by_flag == f"The settings file {missing} cannot be read: No such file or directory."


def test_refusal_is_a_line_and_a_status_in_a_shell(tmp_path: Path) -> None:
    file = tmp_path / "portico.toml"
    file.write_text("prot = 80")

    by_flag = refused(run_process("serve", "--workers", "0"))
    by_variable = refused(run_process("serve", environment={"PORTICO_PORT": "0"}))
    by_file = refused(run_process("serve", "--config", str(file)))

    assert "--workers" in by_flag
    assert "PORTICO_PORT" in by_variable
    assert "prot" in by_file


def test_unknown_flag_is_misuse() -> None:
    assert "No such option '--prot'" in misuse("serve", "--prot", "80")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "sqlite:///"),
        ("", "sqlite:///"),
        ("mysql://db/portico", "sqlite:///"),
        ("sqlite://", "sqlite:///"),
        ("sqlite:///", "sqlite:///"),
        ("sqlite:///:memory:", "sqlite:///"),
        ("sqlite:///portico.db?mode=ro", "sqlite:///"),
        ("postgresql://127.0.0.1:notaport/portico", "notaport"),
        ("postgresql://[::1/portico", "[::1"),
        ("postgresql://127.0.0.1/portico?sslmode=nonsense", "sslmode"),
    ],
)
def test_nonsense_for_a_database_is_refused(tmp_path: Path, url: str, told: str) -> None:
    port = str(free_port())

    by_db = refuse("db", "upgrade", "--database", url, folder=tmp_path)
    by_serve = refuse("serve", "--port", port, "--database", url, folder=tmp_path)

    assert told in by_db
    assert by_serve == by_db
    assert list(tmp_path.iterdir()) == []


def test_unreachable_database_is_refused() -> None:
    url = f"postgresql://portico@127.0.0.1:{free_port()}/portico"

    sentence = refuse("serve", "--port", str(free_port()), "--database", url)

    assert sentence.startswith("The database cannot be reached: ")


@pytest.mark.parametrize("scheme", ["mysql", "postgresql"])
def test_password_of_a_database_is_never_printed(scheme: str) -> None:
    url = f"{scheme}://portico:hunter2@127.0.0.1:{free_port()}/portico"

    ended = run("db", "current", "--database", url)

    assert ended.status == 1
    assert "hunter2" not in ended.output + ended.errors


def test_flag_beats_variable_beats_file(tmp_path: Path) -> None:
    file = tmp_path / "portico.toml"
    file.write_text(f'database = "sqlite:///{tmp_path}/file.db"\n')
    config = {"PORTICO_CONFIG": str(file)}
    variable = config | {"PORTICO_DATABASE": f"sqlite:///{tmp_path}/variable.db"}
    flag = ("--database", f"sqlite:///{tmp_path}/flag.db")

    def upgraded(*flags: str, environment: dict[str, str]) -> str:
        assert run("db", "upgrade", "--create", *flags, environment=environment).status == 0
        (made,) = tmp_path.glob("*.db")
        made.unlink()
        return made.name

    assert upgraded(environment=config) == "file.db"
    assert upgraded(environment=variable) == "variable.db"
    assert upgraded(*flag, environment=variable) == "flag.db"


def test_url_of_the_database_comes_from_a_file_or_a_credential(tmp_path: Path) -> None:
    named, credential = tmp_path / "database-url", tmp_path / "portico-database"
    named.write_text(f"sqlite:///{tmp_path}/named.db\n")
    credential.write_text(f"sqlite:///{tmp_path}/credential.db\n")
    unit = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    file = {"PORTICO_DATABASE_FILE": str(named)}
    url = {"PORTICO_DATABASE": f"sqlite:///{tmp_path}/url.db"}

    def upgraded(*flags: str, environment: dict[str, str]) -> str:
        assert run("db", "upgrade", "--create", *flags, environment=environment).status == 0
        (made,) = tmp_path.glob("*.db")
        made.unlink()
        return made.name

    assert upgraded(environment=file) == "named.db"
    assert upgraded(environment=unit) == "credential.db"
    assert upgraded(environment=unit | file) == "named.db"
    assert upgraded(environment=unit | url) == "url.db"
    flag = ("--database", f"sqlite:///{tmp_path}/flag.db")
    assert upgraded(*flag, environment=unit | file) == "flag.db"
    assert "set twice" in run("tenant", "list", environment=file | url).errors
    named.write_text("")
    assert f"{named} is empty" in run("tenant", "list", environment=file).errors
    named.unlink()
    assert f"{named} cannot be read" in run("tenant", "list", environment=file).errors


@pytest.mark.parametrize(
    ("url", "held"),
    [
        ("sqlite:///portico.db", False),
        ("postgresql://portico@db/portico", False),
        ("postgresql://portico:hunter2@db/portico", True),
        ("postgresql://portico@/portico?host=/run&password=hunter2", True),
        ("postgresql://portico:hunter2@[::1/portico", True),
    ],
)
def test_password_in_a_file_is_noticed(tmp_path: Path, url: str, held: bool) -> None:
    file = tmp_path / "portico.toml"
    file.write_text(f'database = "{url}"\n')

    assert holds_password(file) is held


def test_settings_of_a_file_take_effect(tmp_path: Path) -> None:
    file = tmp_path / "portico.toml"
    file.write_text("token_lifetime = 123\nvendor_statuses = true\naccess_log = false\n")
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)

    with served(url, tmp_path / "server.log", "--config", str(file)) as server:
        admin = create_tenant(server).caller()
        form = {
            "client_id": admin.credentials.client_id,
            "client_secret": admin.credentials.client_secret,
        }
        lifetime = server.http.post("/signin", data=form).json()["expires_in"]
        unknown = admin.get(f"{LINKS}/1").status_code

    assert lifetime == "123"
    assert unknown == 400
    assert "portico.access" not in (tmp_path / "server.log").read_text()


def test_port_in_use_is_refused(database: str) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]

        sentence = refused(run_process("serve", "--port", str(port), "--database", database))

    assert sentence == (
        f"Another program listens on 127.0.0.1:{port}. Choose another port with --port."
    )


@pytest.mark.parametrize("host", ["300.1.1.1", "192.0.2.1"])
def test_host_that_is_not_here_is_refused(host: str) -> None:
    port = free_port()

    sentence = refuse("serve", "--host", host, "--port", str(port), *NOT_A_DATABASE)

    assert sentence.startswith(f"--host: cannot listen on {host}:{port}: ")
