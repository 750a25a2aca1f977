"""Logging as a server configures it, for the length of a test."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def untouched_logs() -> Iterator[None]:
    """Let a block configure logging; afterwards all is as before."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    levels = {each: each.level for each in (root, logging.getLogger("barograph"), logging.getLogger("__main__"))}
    try:
        yield
    finally:
        root.handlers[:] = handlers
        for each, level in levels.items():
            each.setLevel(level)
