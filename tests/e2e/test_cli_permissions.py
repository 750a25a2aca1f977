"""Commands on files and folders of another user: each names what it may not read, and what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.permissions import NOBODY, bow_to_permissions

pytestmark = pytest.mark.e2e


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A data folder and a configuration file of another user."""
    if os.geteuid() != 0:
        pytest.skip("giving a file to another user needs root")
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    config = tmp_path / "barograph.yml"
    config.write_text("{}\n")
    config.chmod(0o600)
    for path in (data, config):
        os.chown(path, NOBODY, NOBODY)
    return tmp_path


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("serve --data {}/data --listen 127.0.0.1:0", 2, "/data cannot be written by user id 0 (Permission denied)"),
        ("serve --data {}/new --config {}/barograph.yml", 2, "/barograph.yml: cannot be read: Permission denied"),
        ("check config {}/barograph.yml", 1, "/barograph.yml: cannot be read: Permission denied"),
        ("query 1 --data {}/data", 1, "/data cannot be read: Permission denied; run this as the user that serves"),
        (
            "query 1 --data {}/data/below",
            1,
            "below cannot be read: Permission denied; run this as the user that serves",
        ),
    ],
)
def test_what_may_not_be_read_is_named(theirs: Path, command: str, status: int, said: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "barograph", *command.format(theirs, theirs).split()],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=bow_to_permissions,
    )
    assert said in ended.stdout + ended.stderr
    assert ended.returncode == status
    assert "Traceback" not in ended.stderr
