"""Promises of time and of ticks, on a machine that may be busy with other things."""

from collections.abc import Callable


def at_best(attempt: Callable[[], float], below: float, what: str, tries: int = 6) -> None:
    """Fail unless one of some attempts comes to less than what is promised; each returns what it came to.

    A busy machine makes some attempts late, or costs a tick; what is slow by itself is so each time.
    """
    found: list[float] = []
    while len(found) < tries:
        found.append(attempt())
        if found[-1] < below:
            return
    raise AssertionError(f"{what}: {', '.join(f'{each:.3g}' for each in found)}, never below {below:g}")
