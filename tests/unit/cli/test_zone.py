"""Whose clock a clock time is read on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from barograph.cli.zone import local_zone

BERLIN = Path("/usr/share/zoneinfo/Europe/Berlin")
SUMMER, WINTER = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
needs_zones = pytest.mark.skipif(not BERLIN.exists(), reason="this machine has no /usr/share/zoneinfo")


@needs_zones
@pytest.mark.parametrize("name", ["Europe/Berlin", ":Europe/Berlin", str(BERLIN)])
def test_tz_goes_first_and_knows_summer(name: str, tmp_path: Path) -> None:
    zone = local_zone({"TZ": name}, tmp_path / "none")
    assert SUMMER.astimezone(zone).utcoffset() == timedelta(hours=2)
    assert WINTER.astimezone(zone).utcoffset() == timedelta(hours=1)


@needs_zones
def test_else_it_is_the_machines(tmp_path: Path) -> None:
    (tmp_path / "localtime").symlink_to(BERLIN)
    zone = local_zone({}, tmp_path / "localtime")
    assert SUMMER.astimezone(zone).tzname() == "CEST"


@pytest.mark.parametrize("name", ["", "No/Such", "../../etc/passwd", "/no/such", "/etc/hostname", "UTC0"])
def test_what_is_no_zone_is_utc(name: str, tmp_path: Path) -> None:
    assert local_zone({"TZ": name}, tmp_path / "none") is UTC
