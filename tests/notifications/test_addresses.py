import ipaddress

import pytest
from django.conf import LazySettings

from notifications.services.addresses import (
    UrlRefused,
    checked_addresses,
    is_allowed,
    system_resolver,
    target_of,
)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "//example.com/",
        "example.com",
        "https://",
        "https:///path",
        "https://user:secret@example.com/",
        "https://example.com@10.0.0.1/",
        "https://example.com/#part",
        "https://example.com:22/",
        "https://example.com:6379/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: internal",
        "https://example.com\\@internal/",
        "https://exämple.com/",
        "https://①②⑦.⓪.⓪.①/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.01/",
        "https://10.0.0.1./",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://[fd00:ec2::254]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[2002:7f00:1::]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://168.63.129.16/",
        "https://100.100.100.200/",
        "https://0.0.0.0/",
        "https://[::]/",
        "https://" + "a" * 600 + ".com/",
    ],
)
def test_refuses_what_is_no_public_https_address(url: str) -> None:
    with pytest.raises(UrlRefused):
        target_of(url)


def test_takes_a_public_url_apart() -> None:
    target = target_of("https://Hooks.example.com:8443/a/b?c=d")

    assert (target.host, target.port, target.path) == ("hooks.example.com", 8443, "/a/b?c=d")
    assert target.host_header == "hooks.example.com:8443"
    assert target_of("https://example.com.").host_header == "example.com"
    assert target_of("https://[2606:4700:4700::1111]/").host_header == "[2606:4700:4700::1111]"


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.0.192",
        "192.88.99.1",
        "198.18.0.1",
        "203.0.113.5",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "0.1.2.3",
        "fc00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "::1",
        "::",
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "2002:a00:1::1",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
    ],
)
def test_an_address_that_is_not_public_is_refused(text: str) -> None:
    assert not is_allowed(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text", ["93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "64:ff9b::8.8.8.8"]
)
def test_a_public_address_is_allowed(text: str) -> None:
    assert is_allowed(ipaddress.ip_address(text))


def test_an_operator_allows_networks_by_name_but_never_metadata(settings: LazySettings) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["10.20.0.0/16", "169.254.0.0/16", "fd12::/16"]

    assert is_allowed(ipaddress.ip_address("10.20.3.4"))
    assert is_allowed(ipaddress.ip_address("::ffff:10.20.3.4"))
    assert is_allowed(ipaddress.ip_address("fd12::5"))
    assert not is_allowed(ipaddress.ip_address("10.21.3.4"))
    assert not is_allowed(ipaddress.ip_address("169.254.169.254"))


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    target = target_of("https://hooks.example.com/")

    with pytest.raises(UrlRefused, match="not a public address"):
        checked_addresses(target, resolve=lambda *_: ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(UrlRefused, match="has no address"):
        checked_addresses(target, resolve=lambda *_: [])


def test_the_refusal_does_not_tell_what_the_name_resolves_to() -> None:
    with pytest.raises(UrlRefused) as refused:
        checked_addresses(target_of("https://db.internal/"), resolve=lambda *_: ["10.9.8.7"])

    assert "10.9.8.7" not in str(refused.value)


def test_the_system_answers_for_this_machine() -> None:
    assert system_resolver("127.0.0.1", 443) == ["127.0.0.1"]
