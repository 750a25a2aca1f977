"""What the doctor asks of the machine: SQLite, privileges, pressure, the clock, open files. Reads only."""

import ctypes
import os
from pathlib import Path

import apsw

from barograph.app.finding import Finding, advice, fact, good, problem
from barograph.collectors.procfs import Paths
from barograph.collectors.timex import Timex
from barograph.model.errors import VersionError
from barograph.tsdb.sqlite import check_sqlite_version

_CAPABILITIES = {
    1: "CAP_DAC_OVERRIDE",
    2: "CAP_DAC_READ_SEARCH",
    12: "CAP_NET_ADMIN",
    17: "CAP_SYS_RAWIO",
    19: "CAP_SYS_PTRACE",
    21: "CAP_SYS_ADMIN",
    23: "CAP_SYS_NICE",
}
_WANTED = {
    "CAP_DAC_READ_SEARCH": "energy counters (rapl), the table of slabs and every file system are read",
    "CAP_SYS_PTRACE": "disk I/O of other users' processes is in the flight recorder",
    "CAP_SYS_NICE": "ticks stay on time when every core is busy",
}
"""What a capability adds."""
_UNSYNCHRONISED = 5
_FEW_DESCRIPTORS = 4096


def examine_machine(paths: Paths, process: str = "self") -> list[Finding]:
    """Return what is to be said of this machine.

    Args:
        paths: Where the kernel's file systems are.
        process: The process whose privileges count: a server's id, or `self`.
    """
    return [
        _sqlite(apsw.sqlite_lib_version()),
        _privileges(paths.procfs / process / "status"),
        _pressure(paths.procfs),
        _clock(),
        _descriptors(paths.procfs / process / "limits"),
    ]


def is_roots(paths: Paths, process: str) -> bool:
    """Tell whether a process runs as root; one that cannot be looked at does not."""
    try:
        lines = (paths.procfs / process / "status").read_text().splitlines()
    except OSError:
        return False
    return any(line.split()[2] == "0" for line in lines if line.startswith("Uid:"))


def _sqlite(version: str) -> Finding:
    try:
        check_sqlite_version(version)
    except VersionError as error:
        return problem("SQLite", str(error), "install the release's own lock file: requirements/runtime.txt")
    return good("SQLite", f"{version}, which keeps what it has committed")


def _privileges(status: Path) -> Finding:
    held = _held(status)
    if held is None:
        return advice("privileges", f"{status} cannot be read", "run this as the user that serves, or as root")
    missing = [f"with {name}, {words}" for name, words in _WANTED.items() if name not in held]
    if not missing:
        return good("privileges", "every process, file system and counter can be read")
    remedy = "packaging/barograph.service grants exactly these to a user of its own"
    return advice("privileges", "some things are not read: " + "; ".join(missing), remedy)


def _held(status: Path) -> frozenset[str] | None:
    """Return the capabilities in effect of a process, as its status says."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return None
    bits = next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)
    return frozenset(name for number, name in _CAPABILITIES.items() if bits >> number & 1)


def _pressure(procfs: Path) -> Finding:
    try:
        (procfs / "pressure" / "cpu").read_text()
    except OSError:
        remedy = "boot with `psi=1` on a kernel of 4.20 or newer; without it stalls are not seen, only load"
        return advice("pressure", "the kernel does not tell for how long programs wait (PSI)", remedy)
    return good("pressure", "the kernel tells for how long programs wait for CPU, memory and disk (PSI)")


def _clock() -> Finding:
    timex = Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    if state < 0:
        return fact("clock", f"whether the clock is synchronised cannot be told: {os.strerror(ctypes.get_errno())}")
    if state == _UNSYNCHRONISED:
        remedy = "run a time service: `timedatectl set-ntp true`, or chrony; in a container the host's counts"
        return advice("clock", "the clock is not synchronised: what happened when is uncertain", remedy)
    return good("clock", f"synchronised, off by {timex.maxerror / 1000:.0f} ms at most")


def _descriptors(limits: Path) -> Finding:
    try:
        lines = limits.read_text().splitlines()
    except OSError as error:
        return fact("open files", f"how many may be open cannot be told: {limits}: {error.strerror}")
    # name, soft, hard, unit
    hard = next((line.split()[-2] for line in lines if line.startswith("Max open files")), "unlimited")
    if hard.isdigit() and int(hard) < _FEW_DESCRIPTORS:
        words = f"at most {hard} files may be open: two for each process seen, one for each client"
        return advice("open files", words, "raise it: `LimitNOFILE=65536` in the unit, or `ulimit -Hn`")
    return good("open files", "enough may be open at once")
