"""Certificates of the stand-in's servers, created for each name when it is first asked for."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

from cachetools import LRUCache
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from portico.domain.records import Clock
from portico.emulator.listeners.authority import (
    CLOCK_SKEW,
    LOCAL_NAME,
    ORGANIZATION,
    Authority,
    key_pem,
    key_usage,
)
from portico.emulator.listeners.vendor_hosts import VendorHosts

SERVER_AUTH = ExtendedKeyUsageOID.SERVER_AUTH
LIFETIME = timedelta(days=30)
_REPLACED_BEFORE = timedelta(days=1)
_CACHED_NAMES = 256
_LOOPBACK = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


class ServerCertificates:
    """A TLS context for each name. One key serves all names, and nothing is stored on disk.

    A name costs about 2 ms when it is first asked for: decision 24 has the measurement.
    `clock` is wall time, because clients judge a certificate by theirs.
    """

    def __init__(self, authority: Authority, hosts: VendorHosts, clock: Clock) -> None:
        self._authority = authority
        self._hosts = hosts
        self._clock = clock
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._lock = threading.Lock()
        self._contexts: LRUCache[str, tuple[datetime, ssl.SSLContext]] = LRUCache(_CACHED_NAMES)

    def context_for(self, name: str = LOCAL_NAME) -> ssl.SSLContext:
        """Return the context for a name, and for all other names that a client asks it for.

        It may take a few milliseconds, and any thread may call it. A client that sends no name gets
        the certificate of `name`. The one of localhost is valid for 127.0.0.1 and ::1 too.
        """
        now = datetime.fromtimestamp(self._clock(), UTC)
        with self._lock:
            expires, context = self._contexts.get(name, (now, None))
            if context is None or expires - now < _REPLACED_BEFORE:
                certificate = self._create(name, now)
                context = self._make_context(certificate)
                self._contexts[name] = (certificate.not_valid_after_utc, context)
        return context

    async def prepare(self, name: str | None) -> ssl.SSLContext:
        """Return the context for a name, created on a thread if it is new.

        Other names than those of the vendor get the context of localhost.
        """
        name = name if name and self._is_served(name) else LOCAL_NAME
        if name in self._contexts:
            return self.context_for(name)
        return await asyncio.to_thread(self.context_for, name)

    def _is_served(self, name: str) -> bool:
        is_local = name == LOCAL_NAME or name.endswith(f".{LOCAL_NAME}")
        return is_local or self._hosts.role_of(name) is not None

    def _choose(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, context: ssl.SSLContext
    ) -> None:
        """Give a connection the context of the name that the client asks for (SNI).

        Any other name gets the certificate of `context`, so that the client can say which name it
        missed. asyncio sends no TLS alert.
        """
        name = (name or "").lower()
        if self._is_served(name):
            connection.context = self.context_for(name)

    def _make_context(self, certificate: x509.Certificate) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        context.sni_callback = self._choose
        # Python loads a certificate only from a file. The file is private and lasts a moment.
        pem = certificate.public_bytes(Encoding.PEM) + key_pem(self._key)
        with tempfile.NamedTemporaryFile(prefix="portico-") as file:
            file.write(pem)
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def _create(self, name: str, now: datetime) -> x509.Certificate:
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if name == LOCAL_NAME:
            names += [x509.IPAddress(address) for address in _LOOPBACK]
        issuer = self._authority.certificate
        identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        authority_id = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
        public_key = self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([ORGANIZATION]))
            .issuer_name(issuer.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(min(now + LIFETIME, self._authority.expires))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([SERVER_AUTH]), critical=False)
            .add_extension(authority_id, critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .sign(self._authority.key, hashes.SHA256())
        )
