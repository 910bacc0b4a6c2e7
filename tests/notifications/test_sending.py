"""Requests over real sockets."""

import datetime as dt
import http.server
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import LazySettings

from notifications.services import sending
from tests.notifications.receiver import Receiver


def _post(url: str, **more: Any) -> sending.Outcome:
    return sending.post(url, b'{"a":1}', {"Content-Type": "application/json"}, **more)


def test_sends_the_body_and_keeps_the_first_kilobyte_of_the_answer(receiver: Receiver) -> None:
    receiver.body = b"ok\x00" + b"x" * 5000

    outcome = _post(receiver.url)

    [(path, headers, body)] = receiver.requests
    assert outcome.is_success
    assert outcome.status == 200
    assert outcome.answer.startswith("ok\ufffdxxx")
    assert len(outcome.answer) == 1024
    assert (path, body) == ("/hook?from=opssight", b'{"a":1}')
    assert headers["Host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_follows_no_redirect(status: int, receiver: Receiver) -> None:
    receiver.status = status
    receiver.headers = {"Location": "http://169.254.169.254/latest/meta-data/"}

    outcome = _post(receiver.url)

    assert len(receiver.requests) == 1
    assert "Redirects are not followed" in outcome.error


def test_a_status_that_is_no_success_is_an_error(receiver: Receiver) -> None:
    receiver.status, receiver.body = 503, b"later"

    outcome = _post(receiver.url)

    assert not outcome.is_success
    assert (outcome.status, outcome.answer) == (503, "later")


def test_reads_no_more_than_64_kilobytes(receiver: Receiver) -> None:
    written: list[int] = []

    def flood(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while sum(written) < 50_000_000:
                written.append(handler.wfile.write(b"x" * 65536))
        except OSError:
            pass

    receiver.answer = flood

    assert _post(receiver.url).is_success
    assert sum(written) < 20_000_000


def test_a_dripping_answer_is_cut_off(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "TOTAL_SECONDS", 0.5)

    def drip(handler: http.server.BaseHTTPRequestHandler) -> None:
        try:
            for _ in range(40):
                handler.wfile.write(b"H")
                time.sleep(0.1)
        except OSError:
            pass

    receiver.answer = drip
    begun = time.monotonic()

    outcome = _post(receiver.url)

    assert time.monotonic() - begun < 2
    assert outcome.status is None
    assert "not HTTP" in outcome.error


def test_silence_ends_in_a_timeout(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "READ_SECONDS", 0.2)
    receiver.answer = lambda _: time.sleep(0.6)

    assert _post(receiver.url).error == "The receiver did not answer in time."


def test_nobody_listening_is_said_in_words(receiver: Receiver, settings: LazySettings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings.WEBHOOK_PORTS = [port]

    assert _post(f"http://127.0.0.1:{port}/").error == "The connection was refused."


def test_a_name_that_does_not_resolve_is_said_in_words() -> None:
    def unknown(*_: object) -> list[str]:
        raise socket.gaierror

    assert _post("https://nowhere.example/", resolve=unknown).error == (
        "The host name could not be resolved."
    )


def test_connects_to_the_very_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the name answers public once and private ever after."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
    connected: list[str] = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)

    first = _post("https://rebinding.example/", resolve=lambda *_: next(answers))
    second = _post("https://rebinding.example/", resolve=lambda *_: next(answers))

    assert connected == ["93.184.216.34"]
    assert first.error == "The connection was refused."
    assert "not a public address" in second.error
    assert next(answers) == ["127.0.0.1"], "each request asks once"


def test_a_proxy_of_the_environment_is_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert _post(receiver.url).is_success


class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.example.com")])
        now = dt.datetime.now(dt.UTC)  # noqa: TID251 a certificate of today
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName(
                    [
                        x509.DNSName("hooks.example.com"),
                        x509.IPAddress(ipaddress.ip_address("127.0.0.9")),
                    ]
                ),
                critical=False,
            )
            .sign(key, hashes.SHA256())
        )
        file = tmp_path / "receiver.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        return file

    @pytest.fixture
    def names(self) -> list[str | None]:
        """What clients said they look for (SNI)."""
        return []

    @pytest.fixture
    def port(
        self, certificate: Path, names: list[str | None], settings: LazySettings
    ) -> Iterator[int]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.sni_callback = lambda _socket, name, _context: names.append(name)
        listener = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(plain, server_side=True) as client:
                        sent = b""
                        while not sent.endswith(b"}"):
                            sent += client.recv(65536) or b"}"
                        client.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                except OSError:
                    plain.close()

        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
        settings.WEBHOOK_PORTS = [port]
        yield port
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()

    def test_the_name_is_asked_for_and_checked_at_the_pinned_address(
        self,
        port: int,
        names: list[str | None],
        certificate: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        trusting = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr(sending, "tls_context", lambda: trusting)

        right = _post(f"https://hooks.example.com:{port}/", resolve=lambda *_: ["127.0.0.1"])
        wrong = _post(f"https://other.example.com:{port}/", resolve=lambda *_: ["127.0.0.1"])

        assert (right.status, right.error) == (204, "")
        assert names[0] == "hooks.example.com"
        assert wrong.status is None
        assert "certificate was refused" in wrong.error

    def test_a_certificate_of_nobody_is_refused(self, port: int) -> None:
        outcome = _post(f"https://hooks.example.com:{port}/", resolve=lambda *_: ["127.0.0.1"])

        assert "certificate was refused" in outcome.error
