"""Runs a command line in this process."""

from dataclasses import dataclass

import pytest

from barograph.cli.main import run


@dataclass(frozen=True)
class Outcome:
    """Exit status and what was said."""

    status: int
    out: str
    err: str


class Commands:
    """Runs command lines and captures what they say."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *arguments: str) -> Outcome:
        self._capture.readouterr()
        status = run(arguments)
        said = self._capture.readouterr()
        return Outcome(status, said.out, said.err)
