"""A disk that is full where the output goes, and a reader that has enough, as the shell meets them."""

import subprocess
import sys

import pytest


def run_into(device: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    with open(device, "w") as output:  # noqa: PTH123  a device
        return subprocess.run(
            [sys.executable, "-m", "barograph", *arguments],
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=180,
        )


@pytest.mark.parametrize("command", [("version",), ("config", "schema")])
def test_output_that_cannot_be_written_is_said_and_fails(command: tuple[str, ...]) -> None:
    done = run_into("/dev/full", *command)
    assert (done.returncode, done.stderr) == (1, "barograph: No space left on device\n")


def test_a_reader_that_has_enough_is_no_failure() -> None:
    command = f"set -o pipefail; {sys.executable} -m barograph version | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=180)
    assert (done.returncode, done.stderr) == (0, "")
