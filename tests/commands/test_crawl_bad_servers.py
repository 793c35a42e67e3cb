"""`scrapy crawl` on servers that misbehave below HTTP: silence, and certificates that nobody vouches for."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from socket import create_server
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.commands.conftest import Crawled

CrawlPages = Callable[..., Crawled]


@pytest.fixture
def silent() -> Iterator[str]:
    """Listen, and never answer."""
    with create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def self_signed(folder: Path) -> Path:
    """Write a certificate for 127.0.0.1 that it signed itself, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain) + certificate.public_bytes(encoding)
    )
    return path


@contextmanager
def https_server(certificate: Path) -> Iterator[str]:
    """Serve HTTPS with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def assert_it_waits(crawled: Crawled, why: str) -> None:
    """Check that robots.txt could not be had, and that the page waits for a later run."""
    assert (crawled.status, crawled.figures["reason"]) == (1, "robots_unavailable")
    assert (crawled.figures["pages"]["pending"], crawled.figures["balanced"]) == (1, True)
    assert why in crawled.errors


@pytest.mark.attack("a server that never answers, or never ends", "timeout")
def test_crawl_when_the_server_never_answers(crawl_pages: CrawlPages, silent: str) -> None:
    crawled = crawl_pages({}, "-a", f"start={silent}", "-s", "DOWNLOAD_TIMEOUT=1")
    assert_it_waits(crawled, "took longer than 1.0 seconds")


@pytest.mark.attack("a certificate that nobody vouches for", "tls")
def test_crawl_when_nobody_vouches_for_the_certificate(crawl_pages: CrawlPages, tmp_path: Path) -> None:
    with https_server(self_signed(tmp_path)) as url:
        crawled = crawl_pages({}, "-a", f"start={url}")
    assert_it_waits(crawled, "certificate verify failed")
