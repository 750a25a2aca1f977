"""The unit and the container recipe: as closed as they say, and every opening has its reason beside it."""

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "packaging" / "barograph.service"
RECIPE = ROOT / "packaging" / "Containerfile"
NEEDS = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze (Debian's systemd)")


def settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";")):
            found.setdefault(name, []).append(value)
    return found


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", RECIPE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line.strip())]


@NEEDS
def test_systemd_rates_the_unit_ok_or_better() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=30", str(UNIT)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert re.search(r"Overall exposure level for barograph.service: [0-2]\.\d OK", answer.stdout)


@NEEDS
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    text = UNIT.read_text().replace("/opt/barograph/bin/barograph", "/bin/true")
    (tmp_path / "barograph.service").write_text(text)
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "barograph.service")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    ours = [line for line in answer.stderr.splitlines() if "barograph.service" in line]
    assert ours == []


def test_every_capability_has_its_reason() -> None:
    found = settings()
    granted = found["CapabilityBoundingSet"][0].split()
    assert granted == found["AmbientCapabilities"][0].split()
    for name in granted:
        assert re.search(rf"^#   {name}  +\S", UNIT.read_text(), re.MULTILINE), name
    assert found["DynamicUser"] == ["yes"]
    assert found["ProtectSystem"] == ["strict"]


def test_the_recipe_is_unprivileged_and_pinned() -> None:
    found = instructions()
    images = [rest.split()[0] for word, rest in found if word == "FROM"]
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+", image) for image in images)
    users = [rest for word, rest in found if word == "USER"]
    assert users == ["65532:65532"]
    words = [word for word, _ in found]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert {"VOLUME", "HEALTHCHECK", "EXPOSE"} <= set(words)
    for word, rest in found:
        if word in ("ENTRYPOINT", "CMD", "VOLUME"):
            assert isinstance(json.loads(rest), list), "a list needs no shell"


def test_the_recipe_installs_what_is_locked_from_files_that_are_there() -> None:
    copied = [rest.split()[0] for word, rest in instructions() if word == "COPY" and "--from" not in rest]
    assert copied == ["requirements/runtime.txt", "dist/*.whl"]
    assert (ROOT / copied[0]).exists()
    installs = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert installs
    assert all("--require-hashes" in rest and "--no-deps" in rest for rest in installs)


def test_the_unit_is_an_ini_file_of_three_sections() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read(UNIT)
    assert parser.sections() == ["Unit", "Service", "Install"]
