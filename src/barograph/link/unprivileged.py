"""Runs a module as `python -m` does, unprivileged: `python -m barograph.link.unprivileged KEPT MODULE ARGUMENT...`.

KEPT are the numbers of the capabilities that stay, with commas between. Capabilities belong to threads, and some
modules start threads when they are imported: so all others go here, before anything else is.
"""

import runpy
import sys

from barograph.link.capabilities import drop


def main() -> None:
    """Drop what is held, then run the module."""
    kept, module, *arguments = sys.argv[1:]
    drop(frozenset(int(number) for number in kept.split(",") if number))
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
