"""The short form of each long reliability proof (`make soak`): the same program, with fewer cases."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.proofs import run_proof

# beside other tests some take minutes
pytestmark = pytest.mark.timeout(2700)
CASES = {
    "powercut": 150,
    "kill": 40,
    "eio": 24,
    "bitrot": 220,
    "formats": 16,
    "torn": 30,
    "snapshot": 8,
    "race": 900,
    "memory": 12,
    "full": 6,
    "bombs": 120,
    "rules": 25,
    "notify": 25,
    "receiver": 2,
    "deadman": 2,
}


@pytest.mark.parametrize("name", CASES)
def test_the_promise_holds(name: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    if name == "full" and os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    figures = run_proof(name, CASES[name], tmp_path)
    for figure in figures:
        record_property(figure["name"], figure["value"])
    assert figures[0]["value"] >= CASES[name]
