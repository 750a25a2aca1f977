"""Fuzzes one target until its runs are over: `python one.py NAME CORPUS -runs=N`. Started by tools/soak_fuzz.py."""

import sys

import atheris

with atheris.instrument_imports(include=["barograph"]):
    from fuzz.targets import run

if __name__ == "__main__":
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, lambda data: run(name, data))
    atheris.Fuzz()
