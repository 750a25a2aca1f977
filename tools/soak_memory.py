"""Runs a store in ever less memory, until it cannot even begin. `make soak S=memory`.

usage: soak_memory.py [--count N] [--seed N] [--results DIR]

A writer process commits ticks back to back under a limit on its address space that some allocation sooner or later
breaks: in a tick, a fold, a merge. After each, the folder must hold every tick that was acknowledged.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from proof import Figure, Proof, conclude, read_options
from soaking import Oracle

RUNS = 200
TICKS = 400
_BELOW_BYTES = 256 << 10
"""How far below what a single tick needs the limits go."""
WRITER = str(Path(__file__).with_name("soak_snapshot.py"))
PROOF = Proof(
    row=7,
    name="memory",
    fault="Out of memory",
    promise="What was acknowledged before an allocation failed is there, and the store opens again.",
    method="Writers run under a limit of address space, from just below what 400 ticks need to less than the first one "
    "needs; each folder is compared afterwards.",
)


def address_space_bytes(place: Path, ticks: int) -> int:
    """Return the address space that a writer of so many ticks had at its most."""
    script = (
        "import os, runpy, sys\n"
        "end = os._exit\n"
        "def tell(code):\n"
        "    peak = next(line for line in open('/proc/self/status') if line.startswith('VmPeak'))\n"
        "    os.write(2, peak.split()[1].encode())\n"
        "    end(code)\n"
        "os._exit = tell\n"
        f"sys.argv = {[WRITER, '--write', str(place / f'free{ticks}'), '1', str(ticks)]!r}\n"
        f"sys.path.insert(0, {str(Path(WRITER).parent)!r})\n"
        f"runpy.run_path({WRITER!r}, run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    return int(done.stderr.split()[-1]) * 1024


def run_limited(folder: Path, limit_bytes: int) -> tuple[int, bool]:
    """Run a writer under a limit; returns the newest tick it acknowledged, and whether it came to its end."""
    command = [sys.executable, WRITER, "--write", str(folder), "1", str(TICKS)]
    done = subprocess.run(
        ["prlimit", f"--as={limit_bytes}", *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    lines = [line for line in done.stdout.split(b"\n")[:-1] if line]
    return (int(lines[-1].split()[0]) if lines else 0), done.returncode == 0


def main() -> int:
    """Run and print."""
    options = read_options("Run a store in ever less memory.", RUNS)
    lost = wrong = acked_ticks = ended = unopened = 0
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        place = Path(temporary)
        most = address_space_bytes(place, TICKS)
        reach = most - address_space_bytes(place, 1) + _BELOW_BYTES
        for number in range(options.count):
            folder = place / f"run{number}"
            acked, is_whole = run_limited(folder, most - (number + 1) * reach // options.count)
            acked_ticks += acked
            ended += not is_whole
            unopened += not acked
            if acked:
                oracle = Oracle()
                oracle.extend(acked)
                now_lost, now_wrong = oracle.check(folder)
                lost, wrong = lost + now_lost, wrong + now_wrong
    figures = [
        Figure(name="runs", value=options.count),
        Figure(name="runs that an allocation ended", value=ended),
        Figure(name="of them before the first tick", value=unopened),
        Figure(name="acknowledged ticks", value=acked_ticks),
        Figure(name="acknowledged ticks lost", value=lost, must_be=0),
        Figure(name="wrong values", value=wrong, must_be=0),
        Figure(name="address space that a run needs", value=round(most / 1e6), unit="MB"),
    ]
    return conclude(PROOF, figures, options)


if __name__ == "__main__":
    sys.exit(main())
