"""The short form of each security proof (`make soak`): the same program, with fewer cases."""

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.proofs import run_proof

# beside other tests some take minutes, and what a timeout ends here would leave its server behind
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(2700)]
WHOLE = 0
"""Of proofs that have no shorter form."""
CASES = {
    "roles": WHOLE,
    "origins": WHOLE,
    "markup": 500,
    "ssrf": 500,
    "patterns": 1_000,
    "login": 15,
    "framing": 200,
    "proxies": 200,
    "inflate": 300,
    "malformed": 6_000,
    "injection": 600,
    "openapi": 2,
    "slow": 2_000,
    "canaries": WHOLE,
    "fuzz": 500,
    "descriptors": 1_000,
    "cardinality": 20_000,
}


@pytest.mark.parametrize("name", CASES)
def test_the_promise_holds(name: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    if name == "markup" and not (shutil.which("chromium") and importlib.util.find_spec("playwright")):
        pytest.skip("needs chromium, and the Python package playwright")
    if name == "proxies" and not (shutil.which("nginx") and shutil.which("haproxy")):
        pytest.skip("needs nginx and haproxy")
    figures = run_proof(name, CASES[name], tmp_path)
    for figure in figures:
        record_property(figure["name"], figure["value"])
    assert figures[0]["value"] >= CASES[name]
