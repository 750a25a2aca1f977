import pytest

from barograph.outbound.address_rules import AddressRules

NOT_PUBLIC = [
    "127.0.0.1",
    "127.255.0.9",
    "0.0.0.0",
    "::",
    "::1",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "240.0.0.1",
    "255.255.255.255",
    "224.0.0.1",
    "ff02::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "::7f00:1",
    "::169.254.169.254",
    "fec0::1",
    "192.0.0.170",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "::ffff:0:127.0.0.1",
    "::ffff:0:10.0.0.1",
    "192.88.99.1",
    "3fff::1",
    "3fff:fff::1",
    "5f00::1",
]
PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
    "::ffff:0:8.8.8.8",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert address in AddressRules().refuse("hooks.example", address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_not(address: str) -> None:
    assert AddressRules().refuse("hooks.example", address) == ""


@pytest.mark.parametrize(
    ("allowed", "host", "address"),
    [
        ("Hooks.LAN", "hooks.lan", "10.0.0.1"),
        ("hooks.lan.", "hooks.lan.", "10.0.0.1"),
        ("10.1.0.0/16", "anything", "10.1.2.3"),
        ("10.1.2.3", "anything", "10.1.2.3"),
        ("fd00::/8", "anything", "fd00::5"),
        ("127.0.0.0/8", "anything", "::ffff:127.0.0.1"),
    ],
)
def test_what_the_configuration_names_is_allowed(allowed: str, host: str, address: str) -> None:
    assert AddressRules([allowed]).refuse(host, address) == ""


@pytest.mark.parametrize(
    ("allowed", "host", "address"),
    [("hooks.lan", "evil-hooks.lan", "10.0.0.1"), ("10.1.0.0/16", "x", "10.2.0.1"), ("::/0", "x", "10.0.0.1")],
)
def test_and_nothing_near_it(allowed: str, host: str, address: str) -> None:
    assert AddressRules([allowed]).refuse(host, address)


def test_a_network_with_stray_bits_is_no_network() -> None:
    with pytest.raises(ValueError, match="host bits"):
        AddressRules(["10.1.2.3/16"])
