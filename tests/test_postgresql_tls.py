"""TLS to PostgreSQL: `verify-full` holds against a real server behind TLS, and whatever is weaker is told at start."""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import peewee
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from devices.store.database import Store
from devices.store.postgresql_tls import unverified_hosts, warnings_of
from panku.commands import serve
from panku.settings import read_settings
from tests.conftest import Stores

SSL_REQUEST = bytes.fromhex("0000000804d2162f")
"""What a client asks first; source: https://www.postgresql.org/docs/current/protocol-message-formats.html."""
HERE = "postgresql://panku@127.0.0.1:{port}/{name}?sslmode={mode}&sslrootcert={roots}"
FAR = "postgresql://panku:secret@db.example/panku"


@pytest.mark.parametrize(
    ("url", "mode", "hosts"),
    [
        (FAR, "prefer", ["db.example"]),
        (f"{FAR}?sslmode=require", "require", ["db.example"]),
        (f"{FAR}?sslmode=verify-ca&sslrootcert=/ca.pem", "verify-ca", ["db.example"]),
        (f"{FAR}?sslmode=verify-full", "verify-full", []),
        (f"{FAR}?sslrootcert=system", "verify-full", []),
        ("postgres://a,127.0.0.1,b:5433,[2001:db8::1],%2Frun%2Fpg/x", "prefer", ["a", "b", "2001:db8::1"]),
        ("postgresql://127.0.0.9,[::1],localhost/x?sslmode=disable", "disable", []),
        ("postgresql:///x?host=/run/postgresql", "prefer", []),
        ("postgresql:///x", "prefer", []),
        ("postgresql://db.example/x?hostaddr=127.0.0.1", "prefer", []),
        ("postgresql://localhost/x?hostaddr=192.0.2.7", "prefer", ["localhost"]),
        ("postgresql:///x?hostaddr=192.0.2.7", "prefer", ["192.0.2.7"]),
        ("sqlite:////var/lib/panku.sqlite3", "prefer", []),
        ("", "prefer", []),
        ("postgresql://db.example:port:port/x?nonsense", "prefer", []),
    ],
)
def test_hosts_beyond_this_machine_are_told_unless_they_are_verified(
    url: str, mode: str, hosts: list[str]
) -> None:
    assert unverified_hosts(url, {}) == (mode, tuple(hosts))


def test_what_the_url_leaves_open_is_the_environments() -> None:
    assert unverified_hosts(FAR, {"PGSSLMODE": "verify-full"}) == ("verify-full", ())
    assert unverified_hosts(FAR, {"PGSSLROOTCERT": "system"}) == ("verify-full", ())
    assert unverified_hosts("postgresql:///x", {"PGHOST": "db.example"}) == ("prefer", ("db.example",))
    assert unverified_hosts(f"{FAR}?sslmode=disable", {"PGSSLMODE": "verify-full"})[0] == "disable"


def test_a_sentence_names_the_variable_the_host_and_what_to_write_and_no_password() -> None:
    (sentence,) = warnings_of("PANKU_REPLICA_URL", FAR, {})
    for part in ("PANKU_REPLICA_URL", "db.example", "sslmode=prefer", "sslmode=verify-full", "sslrootcert"):
        assert part in sentence
    assert "secret" not in sentence


def test_serving_tells_of_every_host_of_books_and_replica(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        """So far and no further."""

    def stop(*_: object, **__: object) -> None:
        raise Stopped

    monkeypatch.setattr(serve, "books", stop)
    monkeypatch.delenv("PGSSLMODE", raising=False)
    settings = read_settings({
        "PANKU_DATABASE_URL": "postgresql://one.example,two.example/panku",
        "PANKU_REPLICA_URL": "postgresql://three.example/panku",
    })  # fmt: skip
    with pytest.raises(Stopped):
        serve.run(settings, argparse.Namespace())
    told = capsys.readouterr().err.splitlines()
    named = [line.split()[1] + " " + line.split()[3] for line in told]
    assert named == [
        "PANKU_DATABASE_URL one.example", "PANKU_DATABASE_URL two.example", "PANKU_REPLICA_URL three.example",
    ]  # fmt: skip


class Authority:
    """An authority of our own, and the certificate it made for a server at one address."""

    def __init__(self, folder: Path, address: str) -> None:
        self.roots, self.chain = folder / "roots.pem", folder / "server.pem"
        key, name = ec.generate_private_key(ec.SECP256R1()), _name(f"the {folder.name} authority")
        authority = _certificate(
            name, key.public_key(), name, key, x509.BasicConstraints(ca=True, path_length=0)
        )
        self.roots.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        server = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        made = _certificate(_name("a server"), server.public_key(), name, key, names)
        self.chain.write_bytes(
            server.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name,
    public: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    by: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints)).sign(
        by, hashes.SHA256()
    )


class Behind:
    """A port of this machine that speaks TLS in front of a real server's socket, as a pooler does.

    The binaries that the tests bring are built without TLS of their own.
    """

    def __init__(self, chain: Path, server: str) -> None:
        self.server = server
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # closed: the test is over
            while True:
                threading.Thread(target=self._answer, args=(self.listener.accept()[0],), daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            if client.recv(8) == SSL_REQUEST:
                client.sendall(b"S")
                with self.context.wrap_socket(client, server_side=True) as secured:
                    self._hand_on(secured)

    def _hand_on(self, secured: ssl.SSLSocket) -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(self.server)
            threading.Thread(target=_copy, args=(server, secured), daemon=True).start()
            _copy(secured, server)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def secured(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, Path]]:
    """The URL of books behind TLS at 127.0.0.1, with the mode and the roots left open; right roots, and others'."""
    store = stores.fresh("postgresql")
    name, _, folder = store.url.removeprefix("postgresql://panku@/").partition("?host=")
    right, other = (Authority(tmp_path_factory.mktemp(each), "127.0.0.1") for each in ("right", "other"))
    behind = Behind(right.chain, f"{folder}/.s.PGSQL.5432")
    url = HERE.format(port=behind.port, name=name, mode="{mode}", roots="{roots}")
    yield url, right.roots, other.roots
    behind.listener.close()
    stores.drop(store)


def test_books_are_read_and_written_over_verified_tls(secured: tuple[str, Path, Path]) -> None:
    url, roots, _ = secured
    store = Store(url.format(mode="verify-full", roots=roots))
    try:
        with store.writing():
            store.execute("CREATE TABLE tried (x INTEGER)")
        assert store.row("SELECT COUNT(*) FROM tried") == (0,)
        assert store.db.connection().pgconn.ssl_in_use
    finally:
        store.close()


@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_a_server_that_is_not_proved_is_not_spoken_to(secured: tuple[str, Path, Path], wrong: str) -> None:
    url, roots, others = secured
    if wrong == "name":
        url = url.replace("@127.0.0.1", "@localhost") + "&hostaddr=127.0.0.1"
    store = Store(url.format(mode="verify-full", roots=others if wrong == "authority" else roots))
    with pytest.raises(peewee.OperationalError, match="certificate"):
        store.row("SELECT 1")
    weaker = Store(url.format(mode="require", roots="/nowhere"))  # what the warning is about
    assert weaker.row("SELECT 1") == (1,)
    weaker.close()
