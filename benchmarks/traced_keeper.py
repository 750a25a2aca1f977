"""A keeper that notes when each part of an alert's way is done. Run by bench_alert_latency.py in place of `barograph`.

It takes the command line of `barograph`, and becomes a keeper as that does; what it noted goes, at its end, as JSON to
the file that BENCH_ALERT_TRACE names: a list of `[part, seconds since the epoch]`, in order. It changes nothing.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from barograph.alerts.book import AlertBook
from barograph.alerts.dispatch import Dispatcher
from barograph.app import keeper
from barograph.app.suspects import Suspects
from barograph.cli.main import main as command
from barograph.ingest.round import Round
from barograph.model.clock import SystemClock
from barograph.outbound.client import OutboundClient
from barograph.state.deliveries import SqliteDeliveries
from barograph.tsdb.store import Store

TRACE = "BENCH_ALERT_TRACE"
PARTS = (
    "collected",
    "committed",
    "rules evaluated",
    "transition durable",
    "notifier awake",
    "processes frozen",
    "message durable",
    "sent",
)
"""In the order of the way."""


def main() -> None:
    """Become a keeper, or be one."""
    if "BAROGRAPH_SERVE_OPTIONS" in os.environ:
        _keep()
    else:
        become = os.execve

        def execute(path: str, arguments: list[str], environment: dict[str, str]) -> None:
            become(path, [arguments[0], str(Path(__file__).resolve())], environment)

        os.execve = execute  # type: ignore[assignment]
        command()


def _keep() -> None:
    """Be a keeper that notes."""
    noted: list[tuple[str, float]] = []
    now_s = SystemClock().now_s

    def note(kind: type, method: str, *, before: str = "", after: str = "") -> None:
        """Note when a method is called, and when it has returned."""
        work: Callable[..., Any] = getattr(kind, method)

        def noting(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401  whatever it is
            if before:
                noted.append((before, now_s()))
            result = work(*arguments, **named)
            if after:
                noted.append((after, now_s()))
            return result

        setattr(kind, method, noting)

    note(Round, "collect", after="collected")
    note(Store, "commit", after="committed")
    note(AlertBook, "receive", before="rules evaluated", after="transition durable")
    note(Dispatcher, "step", before="notifier awake")
    note(Suspects, "freeze", after="processes frozen")
    note(SqliteDeliveries, "enqueue", after="message durable")
    note(OutboundClient, "send", before="sent")
    try:
        keeper.main()
    finally:
        Path(os.environ[TRACE]).write_text(json.dumps(noted))


if __name__ == "__main__":
    main()
