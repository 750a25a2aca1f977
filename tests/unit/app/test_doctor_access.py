from typing import Any

import pytest

from barograph.app.doctor_access import examine_listening, examine_people
from barograph.app.finding import Level
from barograph.web.config import TlsConfig, WebConfig
from helpers.clock import FakeClock

DAY_S = 86_400
NOW_MS = 1_700_000_000_000


def token(**changed: Any) -> dict[str, Any]:
    now_s = NOW_MS / 1000
    made = {"id": "t1", "prefix": "bgt_abc", "name": "grafana", "user": "ann", "scopes": ["read"]}
    return {**made, "created": now_s, "last_used": None, "expires": now_s + DAY_S, **changed}


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:10132", "programs of this machine, whoever runs them"),
        ("[::1]:10132", "[::1]:10132: programs of this machine"),
        ("unix:/run/barograph.sock", "that run as this user or its group"),
        ("0.0.0.0:443", "whoever reaches any address of this machine, over TLS"),
        ("10.1.2.3:443", "the local network, over TLS"),
        ("8.8.8.8:443", "the internet, over TLS"),
        ("metrics.example:443", "whoever reaches that name, over TLS"),
    ],
)
def test_who_reaches_an_address(address: str, words: str) -> None:
    tls = TlsConfig(cert_file="/none", key_file="/none")
    found = examine_listening(WebConfig(listen=(address,), tls=tls), FakeClock(NOW_MS))
    assert words in found[0].words


def test_proxies_are_named_with_where_people_come() -> None:
    web = WebConfig(
        listen=("10.0.0.1:80",), trusted_proxies=("10.0.0.2", "unix"), external_url="https://metrics.example"
    )
    address, proxies = examine_listening(web, FakeClock(NOW_MS))
    assert "by way of the trusted proxies alone" in address.words
    assert "10.0.0.2, unix" in proxies.words
    assert "https://metrics.example" in proxies.words


def test_nobody_has_a_user_yet() -> None:
    found = examine_people([], [], [], FakeClock(NOW_MS))
    assert [(finding.topic, finding.level) for finding in found] == [
        ("users", Level.ADVICE),
        ("tokens", Level.FACT),
        ("sessions", Level.FACT),
    ]


def test_users_by_role_and_sessions_by_source() -> None:
    users = [{"name": name, "role": role} for name, role in (("ann", "admin"), ("bob", "viewer"), ("cay", "viewer"))]
    sessions = [{"user": f"u{n}", "source": "::1"} for n in range(7)]
    found = {finding.topic: finding.words for finding in examine_people(users, [], sessions, FakeClock(NOW_MS))}
    assert found["users"] == "admin: ann; viewer: bob, cay"
    assert found["sessions"] == "7 open: u0 from ::1, u1 from ::1, u2 from ::1, u3 from ::1, u4 from ::1 and 2 more"


@pytest.mark.parametrize(
    ("changed", "level", "words"),
    [
        ({}, Level.FACT, "for read"),
        ({"expires": None}, Level.ADVICE, "never ends"),
        ({"expires": NOW_MS / 1000 - 1}, Level.FACT, "has expired"),
        ({"created": NOW_MS / 1000 - 400 * DAY_S}, Level.ADVICE, "not used for half a year"),
        ({"created": NOW_MS / 1000 - 400 * DAY_S, "last_used": NOW_MS / 1000}, Level.FACT, "for read"),
    ],
)
def test_tokens_that_should_go(changed: dict[str, Any], level: Level, words: str) -> None:
    found = examine_people([], [token(**changed)], [], FakeClock(NOW_MS))[2]
    assert found.level == level
    assert words in found.words
    assert not found.remedy or "token revoke t1" in found.remedy
