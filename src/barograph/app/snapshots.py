"""Snapshots that a running server is asked for: taken by a process of their own, so that no tick waits for a copy."""

import asyncio
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from barograph.identity.secrets import random_text
from barograph.link import children
from barograph.model.clock import Clock
from barograph.model.commands import Refused, SnapshotTaken

FOLDER = "snapshots"
_NICENESS = 10


async def take(folder: Path, clock: Clock) -> SnapshotTaken | Refused:
    """Take a snapshot of a data folder into its `snapshots` folder; answered once it is verified and synced."""
    moment = datetime.fromtimestamp(clock.now_ms() / 1000, tz=UTC)
    name = f"{moment:%Y%m%dT%H%M%SZ}-{random_text()[:8]}"
    target = folder / FOLDER / name
    process = await children.start(
        "barograph",
        "store",
        "snapshot",
        str(target),
        "--data",
        str(folder),
        folder=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=_yield_to_others,
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        # the server stops: a copy that nobody waits for is not gone on with
        await children.end(process)
        shutil.rmtree(target, ignore_errors=True)
        raise
    if process.returncode == 0:
        return SnapshotTaken(name=name)
    return Refused(kind="store", message=said.decode(errors="replace").strip().removeprefix("barograph: "))


def _yield_to_others() -> None:
    os.nice(_NICENESS)
