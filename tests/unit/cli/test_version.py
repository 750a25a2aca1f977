"""`barograph version`."""

import json
import platform

import apsw

from unit.cli.commands import Commands


def test_it_names_what_it_stands_on(barograph: Commands) -> None:
    said = barograph("version")
    assert said.status == 0
    facts = dict(line.split(" ", 1) for line in said.out.splitlines())
    assert list(facts) == ["barograph", "python", "sqlite", "numpy", "platform"]
    assert facts["python"] == platform.python_version()
    assert facts["sqlite"] == apsw.sqlite_lib_version()


def test_as_json(barograph: Commands) -> None:
    assert json.loads(barograph("version", "--format", "json").out)["platform"] == platform.platform()


def test_there_is_no_other_format(barograph: Commands) -> None:
    said = barograph("version", "--format", "yaml")
    assert (said.status, said.out) == (2, "")
    assert "one of text, json" in said.err
