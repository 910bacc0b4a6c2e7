"""Where a webhook may be sent: public addresses only, unless the operator allows a network.

Names are resolved here and the connection is made to the very address that was checked, so that a
name which answers differently a moment later gains nothing.
"""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], list[str]]
"""Addresses of a host name, for a port. Raises OSError."""

LONGEST_URL = 500
DEFAULT_PORTS = {"https": 443, "http": 80}

# Special-purpose blocks (IANA) that `is_global` of some Python versions lets through, tunnels that
# end at an address of somebody's choice, and what a public cloud answers on inside.
REFUSED = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
]
NEVER = [
    # Metadata and wire servers of clouds: no network that is allowed makes these a receiver.
    ipaddress.ip_network(text)
    for text in ("169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32", "fd00:ec2::/32")
]
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class UrlRefused(Exception):
    """The text says what is wrong with the address and what to enter instead."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `path` is what is asked for, with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def target_of(url: str) -> Target:
    """The URL taken apart, without asking the network. Raises UrlRefused."""
    if len(url) > LONGEST_URL:
        raise UrlRefused(f"The URL is longer than {LONGEST_URL} characters.")
    if not url.isascii() or any(sign <= " " or sign in '\\"<>^`{|}\x7f' for sign in url):
        raise UrlRefused(
            "The URL has a space or a sign that URLs do not have. Write an international name"
            " in its xn-- form, and other signs percent-encoded."
        )
    try:
        parts = urlsplit(url)
        host, given = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError as error:
        raise UrlRefused(
            "This is not a URL. Enter one such as https://example.com/hook."
        ) from error
    _check_form(parts.scheme, host, has_userinfo="@" in parts.netloc, fragment=parts.fragment)
    port = given if given is not None else DEFAULT_PORTS[parts.scheme]
    if port not in settings.WEBHOOK_PORTS:
        known = ", ".join(map(str, sorted(settings.WEBHOOK_PORTS)))
        raise UrlRefused(f"Port {port} is not allowed. Use one of these: {known}.")
    literal = _literal(host)
    if literal is not None and not is_allowed(literal):
        raise UrlRefused(_not_public(host))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host if literal is None else str(literal), port, path)


def checked_addresses(target: Target, *, resolve: Resolver) -> list[str]:
    """Every address of the host, each checked: one that is not allowed refuses them all.

    Raises UrlRefused; OSError when the name cannot be resolved.
    """
    literal = _literal(target.host)
    found = [str(literal)] if literal else resolve(target.host, target.port)
    if not found:
        raise UrlRefused(f"{target.host} has no address. Check the name.")
    for text in found:
        try:
            allowed = is_allowed(ipaddress.ip_address(text))
        except ValueError:
            allowed = False
        if not allowed:
            raise UrlRefused(_not_public(target.host))
    return list(dict.fromkeys(found))


def system_resolver(host: str, port: int) -> list[str]:
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(row[4][0]) for row in rows]


def is_allowed(address: Address) -> bool:
    """Public, or in WEBHOOK_ALLOWED_NETWORKS; an IPv4 address inside an IPv6 one counts itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        inner = address.ipv4_mapped or (
            ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
        )
        if inner is not None:
            return is_allowed(inner)
    if _in(address, NEVER):
        return False
    if _in(address, [ipaddress.ip_network(text) for text in settings.WEBHOOK_ALLOWED_NETWORKS]):
        return True
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
        and not _in(address, REFUSED)
    )


def _in(address: Address, networks: list[Network]) -> bool:
    return any(net.version == address.version and address in net for net in networks)


def _check_form(scheme: str, host: str, *, has_userinfo: bool, fragment: str) -> None:
    if scheme != "https" and not (scheme == "http" and settings.WEBHOOK_ALLOW_HTTP):
        raise UrlRefused("The URL must begin with https://.")
    if has_userinfo:
        raise UrlRefused(
            "The URL has a user name or a password. Leave it out: the signature is the proof."
        )
    if fragment:
        raise UrlRefused("The URL has a part after #, which is never sent. Leave it out.")
    if not host or "%" in host or len(host) > 253:
        raise UrlRefused("The URL has no valid host name.")


def _literal(host: str) -> Address | None:
    """The address that the host is; None for a name.

    Numbers that only look like an address (`127.1`, `0x7f000001`, `2130706433`, `0177.0.0.1`) are
    refused: libraries disagree about what they mean.
    """
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2].lower()
        if ":" in host or last.isdigit() or last.startswith("0x"):
            raise UrlRefused(
                f"{host} is not an address. Write four numbers from 0 to 255, or a name."
            ) from None
        return None


def _not_public(host: str) -> str:
    return (
        f"{host} is not a public address. For a receiver in your own network, ask who runs OpsSight"
        " to add it to WEBHOOK_ALLOWED_NETWORKS."
    )
