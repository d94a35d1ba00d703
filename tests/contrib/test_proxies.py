"""The files for nginx and Caddy in `contrib`, with the real programs where they are installed."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.forked import PROGRAM
from tests.harness import Server, create_tenant, free_port, served, upgrade

pytestmark = pytest.mark.one_database

CONTRIB = Path(__file__).parents[2] / "contrib"
HOST = "links.example.com"
CLIENT = "127.0.0.2"
MEBIBYTE = 1024 * 1024
START_SECONDS = 20.0


def program(name: str) -> str:
    """The path of a program; skips the test without it. `scripts/proxies` installs both."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for the host, which it signs itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made = (folder / "certificate.pem", folder / "key.pem")
    subject = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-out", str(made[0]), "-keyout", str(made[1]), "-days", "2"]
    subprocess.run(["openssl", "req", *kind, *subject, *files], check=True, capture_output=True)
    return made


@pytest.fixture(scope="module")
def portico(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that trusts the proxies of this machine."""
    folder = tmp_path_factory.mktemp("behind")
    url = f"sqlite:///{folder / 'portico.db'}"
    upgrade(url)
    options = ("--trusted-proxies", "127.0.0.1", "--public-url", f"https://{HOST}")
    with served(url, folder / "server.log", *options, program=PROGRAM) as server:
        yield server


@dataclass(frozen=True)
class Ports:
    """Where a proxy listens, and where Portico does."""

    http: int
    https: int
    portico: int


def nginx(folder: Path, ports: Ports, certificate: tuple[Path, Path]) -> list[str]:
    """Write the shipped file with other ports and paths; the command that serves it."""
    shipped = (CONTRIB / "nginx" / "portico.conf").read_text()
    lines = [each for each in shipped.splitlines() if "listen [::]" not in each]
    own = "\n".join(lines)
    for old, new in (
        ("127.0.0.1:8080", f"127.0.0.1:{ports.portico}"),
        ("listen 80;", f"listen 127.0.0.1:{ports.http};"),
        ("listen 443 ", f"listen 127.0.0.1:{ports.https} "),
        (f"/etc/letsencrypt/live/{HOST}/fullchain.pem", str(certificate[0])),
        (f"/etc/letsencrypt/live/{HOST}/privkey.pem", str(certificate[1])),
    ):
        assert old in own
        own = own.replace(old, new)
    paths = "".join(
        f"{each}_temp_path {folder}/{each};\n"
        for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = folder / "nginx.conf"
    main.write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{paths}{own}\n}}\n"
    )
    return [program("nginx"), "-c", str(main)]


def caddy(folder: Path, ports: Ports, certificate: tuple[Path, Path]) -> list[str]:
    """Write the shipped file with other ports and a certificate; the command that serves it."""
    shipped = (CONTRIB / "caddy" / "Caddyfile").read_text()
    site = f"{HOST} {{\n"
    assert site in shipped
    assert "127.0.0.1:8080" in shipped
    own = shipped.replace("127.0.0.1:8080", f"127.0.0.1:{ports.portico}")
    own = own.replace(site, f"{site}\ttls {certificate[0]} {certificate[1]}\n")
    main = folder / "Caddyfile"
    options = f"admin off\nhttp_port {ports.http}\nhttps_port {ports.https}\n"
    main.write_text(f"{{\n{options}}}\n{own}")
    return [program("caddy"), "run", "--config", str(main), "--adapter", "caddyfile"]


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """Run a proxy for a block, from the moment at which it answers."""
    log = folder / "proxy.log"
    with log.open("wb") as sink:
        environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        process = subprocess.Popen(command, stdout=sink, stderr=sink, env=environment)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/", headers={"Host": HOST})
                break
            except httpx.TransportError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(START_SECONDS)


@pytest.mark.parametrize("write", [nginx, caddy])
def test_proxy_serves_portico_over_tls(
    write: object, portico: Server, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    upstream = httpx.URL(portico.url).port
    assert upstream is not None
    ports = Ports(free_port(), free_port(), upstream)
    assert callable(write)
    command = write(tmp_path, ports, certificate)
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    caller = create_tenant(portico).caller()
    with (
        running(command, tmp_path, ports.http),
        httpx.Client(
            base_url=f"https://{CLIENT.replace('0.2', '0.1')}:{ports.https}",
            transport=httpx.HTTPTransport(verify=trust, local_address=CLIENT),
            headers={"Host": HOST, "X-Forwarded-For": "203.0.113.9"},
        ) as client,
    ):
        named = {"sni_hostname": HOST}
        authorised = {"Authorization": f"Bearer {caller.token}", "Content-Type": "application/json"}
        redirect = httpx.get(f"http://127.0.0.1:{ports.http}/p/staff", headers={"Host": HOST})
        page = client.get("/console/sign-in", extensions=named)
        large = client.post(
            caller.path("userPortalLink"),
            content=b" " * (5 * MEBIBYTE + 1),
            headers=authorised,
            extensions=named,
        )
        too_large = client.post("/signin", content=b" " * (7 * MEBIBYTE), extensions=named)
        fits = client.post(
            caller.path("userPortalLink"),
            content=b'{"name":"Wiki","link":"wiki.example.com"}' + b" " * (4 * MEBIBYTE),
            headers=authorised,
            extensions=named,
        )

    assert redirect.is_redirect
    assert redirect.headers["location"].startswith(f"https://{HOST}")
    assert page.status_code == 200
    assert page.headers["strict-transport-security"].startswith("max-age=")
    assert "secure" in page.headers["set-cookie"].lower()
    assert fits.status_code == 201, fits.text
    assert (large.status_code, "x-transaction-id" in large.headers) == (413, True)
    assert too_large.status_code in (413, 415), "Caddy sends Portico's answer, if that is sooner."
    lines = portico.wait_for_lines(lambda line: line.get("path") == "/console/sign-in")
    assert lines[-1]["peer"] == CLIENT, "A client cannot choose the address that Portico sees."
