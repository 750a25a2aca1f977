import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from barograph.app import certificate_expiry
from barograph.app.certificate_expiry import certificate_end
from barograph.app.doctor_access import examine_listening
from barograph.app.finding import Level
from barograph.model.clock import SystemClock
from barograph.model.errors import ConfigError
from barograph.web.config import TlsConfig, WebConfig


def pair(folder: Path, days: int, name: str = "cert") -> tuple[str, str]:
    """A certificate that ends so many days from now, and its key."""
    files = str(folder / f"{name}.pem"), str(folder / f"{name}.key")
    # `openssl req -days` takes no time in the past, `openssl x509 -req` does
    request = str(folder / f"{name}.csr")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files[1]]
    made = ["req", "-new", *key, "-out", request, "-subj", "/CN=x"]
    signed = ["x509", "-req", "-in", request, "-signkey", files[1], "-days", str(days), "-out", files[0]]
    for command in (made, signed):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    return files


def test_the_end_of_a_certificate(tmp_path: Path) -> None:
    left = certificate_end(*pair(tmp_path, 30)) - datetime.fromtimestamp(SystemClock().now_s(), UTC)
    assert timedelta(days=29) < left < timedelta(days=31)


def test_what_has_ended_or_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expired"):
        certificate_end(*pair(tmp_path, -1))
    cert, key = pair(tmp_path, 30, "one")[0], pair(tmp_path, 30, "two")[1]
    with pytest.raises(ConfigError, match="cannot be used"):
        certificate_end(cert, key)


def test_a_handshake_without_end_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate_expiry, "_MOST_TURNS", 0)
    with pytest.raises(ConfigError, match="does not end"):
        certificate_end(*pair(tmp_path, 30))


@pytest.mark.parametrize(("days", "level"), [(90, Level.GOOD), (5, Level.ADVICE), (-1, Level.PROBLEM)])
def test_a_certificate_is_named_before_it_ends(tmp_path: Path, days: int, level: Level) -> None:
    cert, key = pair(tmp_path, days)
    web = WebConfig(listen=("0.0.0.0:443",), tls=TlsConfig(cert_file=cert, key_file=key))
    found = examine_listening(web, SystemClock())
    assert found[-1].topic == "certificate"
    assert found[-1].level == level


def test_a_certificate_that_cannot_be_read_is_broken(tmp_path: Path) -> None:
    web = WebConfig(tls=TlsConfig(cert_file=str(tmp_path / "none"), key_file=str(tmp_path / "none")))
    assert examine_listening(web, SystemClock())[-1].level == Level.PROBLEM
