"""One request to a receiver: pinned to the address that was checked, bounded in time and size."""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from notifications.services.addresses import (
    Resolver,
    Target,
    UrlRefused,
    checked_addresses,
    system_resolver,
    target_of,
)

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 20.0
"""For the whole exchange after the connection, however slowly the receiver drips."""

MOST_ANSWER = 64 * 1024
KEPT_ANSWER = 1024
REDIRECTS = range(300, 400)
SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request. `error` is empty when the receiver took it."""

    status: int | None
    error: str
    answer: str
    duration_ms: int

    @property
    def is_success(self) -> bool:
        return not self.error


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, resolve: Resolver = system_resolver
) -> Outcome:
    """Send the body. Never raises for what the receiver or the network does."""
    begun = time.monotonic()
    status, answer = None, ""
    try:
        target = target_of(url)
        with _connection(target, checked_addresses(target, resolve=resolve)) as connection:
            status, answer = _exchange(connection, target, body, headers)
        error = _judge(status)
    except UrlRefused as refused:
        error = str(refused)
    except (OSError, http.client.HTTPException, UnicodeError) as failure:
        error = _in_words(failure)
    return Outcome(status, error[:300], answer, round((time.monotonic() - begun) * 1000))


@contextlib.contextmanager
def _connection(target: Target, addresses: list[str]) -> Iterator[http.client.HTTPConnection]:
    """Connected to the first of the addresses that answers; cut off when the time is over."""
    sock = _connect(addresses, target.port)
    sock.settimeout(READ_SECONDS)
    if target.scheme == "https":
        sock = tls_context().wrap_socket(
            sock, server_hostname=target.host, do_handshake_on_connect=False
        )
    # Shutting the socket down ends whatever waits for it, which closing does not.
    watchdog = threading.Timer(TOTAL_SECONDS, _cut_off, [sock])
    watchdog.daemon = True
    watchdog.start()
    try:
        if isinstance(sock, ssl.SSLSocket):
            sock.do_handshake()
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.auto_open = 0
        connection.sock = sock
        with contextlib.closing(connection):
            yield connection
    finally:
        watchdog.cancel()
        sock.close()


def _connect(addresses: list[str], port: int) -> socket.socket:
    failure: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=CONNECT_SECONDS)
        except OSError as error:
            failure = error
    raise failure or OSError("no address")


def _cut_off(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def tls_context() -> ssl.SSLContext:
    """The system's certificates; the name is checked, and TLS is 1.2 or later."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _exchange(
    connection: http.client.HTTPConnection,
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
) -> tuple[int, str]:
    sent = {**headers, "Host": target.host_header, "Connection": "close"}
    connection.request("POST", target.path, body=body, headers=sent)
    with contextlib.closing(connection.getresponse()) as response:
        try:
            answer = response.read(MOST_ANSWER)
        except (OSError, http.client.HTTPException):
            # The status is the answer; what follows it is only kept to be read by people.
            answer = b""
        return response.status, answer[:KEPT_ANSWER].decode("utf-8", "replace").replace(
            "\x00", "\ufffd"
        )


def _judge(status: int) -> str:
    if status in SUCCESS:
        return ""
    if status in REDIRECTS:
        return f"Answered {status}. Redirects are not followed: enter the final URL."
    return f"Answered {status}; success is 200 to 299."


def _in_words(failure: Exception) -> str:
    match failure:
        case ssl.SSLCertVerificationError():
            return f"The certificate was refused: {failure.verify_message}."
        case ssl.SSLError():
            return "No secure connection could be made. Check that the port speaks TLS."
        case socket.gaierror():
            return "The host name could not be resolved."
        case TimeoutError():
            return "The receiver did not answer in time."
        case ConnectionRefusedError():
            return "The connection was refused."
        case http.client.HTTPException() | ConnectionError():
            return "The receiver broke the connection, or its answer is not HTTP."
    return "The receiver could not be reached."
