"""Silent deaths: freezes every thread and process of a server; its dead-man's switch must stop, /-/healthy turn red.

usage: soak_deadman.py [--count N] [--seed N] [--results DIR]

A thread is frozen with ptrace, as one that hangs is; a process with SIGSTOP. Each is let go again: then the switch must be
held again, and /-/healthy be green. `make soak S=deadman`.
"""

import ctypes
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from barograph.model.clock import SystemClock  # noqa: E402
from helpers.hook import Hook, recording  # noqa: E402
from helpers.server import Server, eventually  # noqa: E402
from proof import Figure, Options, Proof, conclude, read_options  # noqa: E402

CASES = 80
LONGEST_S = 60.0
PARTS = ("ticker", "notifier", "event loop", "front")
PROOF = Proof(
    row=32,
    name="deadman",
    fault="The silent death of any component",
    promise="The outside ping stops and `/-/healthy` turns red within a minute; both come back when the component does.",
    method="Of a running server the thread of ticks and rules, the notifier's, the one of the event loop (ptrace) and the "
    "front (SIGSTOP) are frozen one after the other; a web server on loopback notes each ping, every second while all is well. "
    "A front that answers nothing within 2 s is red too.",
)
_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def thread_of(pid: int, name: str) -> int:
    """Return the id of a process' thread of this name; the main one's for "event loop"."""
    if name == "event loop":
        return pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it ended meanwhile
            if (task / "comm").read_text().strip() == name:
                return int(task.name)
    raise LookupError(f"process {pid} has no thread {name}")


def freeze(server: Server, part: str) -> Callable[[], None]:
    """Freeze a part; returns what lets it go again."""
    if part == "front":
        front = server.front_pid
        os.kill(front, signal.SIGSTOP)
        return lambda: os.kill(front, signal.SIGCONT)
    thread = thread_of(server.process.pid, part)
    for request in (_SEIZE, _INTERRUPT):
        if _libc.ptrace(request, thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace of {part}")

    def release() -> None:
        os.waitpid(thread, 0x40000000)  # __WALL
        _libc.ptrace(_DETACH, thread, None, None)

    return release


def last_ping_after(hook: Hook, frozen_s: float) -> float:
    """Return how long after an instant the last ping came; `LONGEST_S` where they do not stop."""
    while SystemClock().now_s() - frozen_s < LONGEST_S:
        newest = max((at for at in hook.at_s if at >= frozen_s), default=frozen_s)
        if SystemClock().now_s() - newest > 8:
            return newest - frozen_s
        time.sleep(0.5)
    return LONGEST_S


def is_green(server: Server) -> bool:
    """Tell whether /-/healthy answers that all is well, within 2 s."""
    try:
        return server.request("/-/healthy", timeout_s=2.0).status == 200
    except OSError:
        return False


def red_after(server: Server, frozen_s: float) -> float:
    """Return how long after an instant /-/healthy is red; `LONGEST_S` where it stays green."""
    while SystemClock().now_s() - frozen_s < LONGEST_S:
        if not is_green(server):
            return SystemClock().now_s() - frozen_s
        time.sleep(0.5)
    return LONGEST_S


def _has_more(hook: Hook, count: int) -> bool:
    return len(hook.at_s) > count


def figures(options: Options, place: Path) -> list[Figure]:
    """Run the proof."""
    chance, took, reddened, missed, stayed = random.Random(options.seed), list[float](), list[float](), 0, 0
    with recording() as hook:
        config = place / "barograph.yml"
        config.write_text(f"notify: {{allow: [127.0.0.1], heartbeat: {{url: '{hook.url}', interval: 1s}}}}\n")
        server = Server(place / "data", "--config", str(config)).wait_ready()
        try:
            for case in range(options.count):
                count = len(hook.at_s)
                eventually(partial(_has_more, hook, count + 1), 60, "pings while all is well")
                eventually(partial(is_green, server), 60, "green while all is well")
                part = PARTS[case] if case < len(PARTS) else chance.choice(PARTS)
                frozen_s = SystemClock().now_s()
                release = freeze(server, part)
                reddened.append(red_after(server, frozen_s))
                took.append(last_ping_after(hook, frozen_s))
                missed += took[-1] >= LONGEST_S
                stayed += reddened[-1] >= LONGEST_S
                print(f"{part}: last ping after {took[-1]:.1f} s, red after {reddened[-1]:.1f} s", file=sys.stderr)
                release()
        finally:
            server.stop()
    return [
        Figure(name="parts frozen", value=options.count),
        Figure(name="after which pings went on for a minute", value=missed, must_be=0),
        Figure(name="after which `/-/healthy` stayed green for a minute", value=stayed, must_be=0),
        Figure(name="the last ping came after, at p99", value=_p99(took), unit="s"),
        Figure(name="`/-/healthy` was red after, at p99", value=_p99(reddened), unit="s"),
    ]


def _p99(seconds: list[float]) -> float:
    ordered = sorted(seconds)
    return round(ordered[int(len(ordered) * 0.99)], 1)


def main() -> int:
    """Run and print."""
    options = read_options("Freeze parts of a server.", CASES)
    with tempfile.TemporaryDirectory(prefix="barograph-") as temporary:
        return conclude(PROOF, figures(options, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
