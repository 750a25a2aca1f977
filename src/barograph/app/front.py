"""The front: HTTP, queries and the live stream, over the keeper's head and block files.

The keeper starts it as `python -m barograph.app.front FD`, without privileges. It builds its own object graph from what
the keeper hands over, and ends when the keeper does.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
import threading
from importlib.metadata import version
from pathlib import Path

from barograph.app.catching_up import CatchingUp
from barograph.app.config import Config, decode_config
from barograph.app.facts import shown_config, shown_settings
from barograph.app.freed_memory import EVERY_S, libc_trim
from barograph.app.handover import Handover, read_handover
from barograph.app.newest import newest_samples
from barograph.app.own_process import read_own_process
from barograph.app.tls import Certificate
from barograph.identity.gatekeeper import Gatekeeper
from barograph.identity.throttle import AttemptLimit
from barograph.link.capabilities import DAC_OVERRIDE, DAC_READ_SEARCH, held
from barograph.link.client import LinkClient, LinkEvents
from barograph.link.framing import CertificateFrame
from barograph.model.clock import SystemClock
from barograph.model.errors import BarographError
from barograph.model.label_scope import ScopedQuerier
from barograph.promql.engine import Engine
from barograph.telemetry.logs import configure_logging
from barograph.telemetry.metrics import Telemetry, process_metrics
from barograph.tsdb.export import Export
from barograph.tsdb.filenames import INCOMING
from barograph.tsdb.process_reader import ProcessLogReader
from barograph.tsdb.reader import StoreReader
from barograph.web.app import create_app
from barograph.web.deps import Facts, Now, WebDeps
from barograph.web.serve import Http, run_loop

_log = logging.getLogger(__name__)
_LAST_WORDS_S = 0.5


class Front:
    """One front process."""

    def __init__(self, handover: Handover, config: Config) -> None:
        self._handover = handover
        self._clock = SystemClock()
        self._reader = StoreReader(Path(handover.data), config.store)
        self._config = config
        self._now = Now(heard_s=self._clock.monotonic_s())
        self._exit_code = 0
        self._certificate = Certificate(handover.certificate) if handover.certificate is not None else None

    async def run(self) -> int:
        """Serve until told to stop or the keeper is gone; returns the exit status."""
        link = LinkClient(socket.socket(fileno=self._handover.link), self._events())
        telemetry = Telemetry()
        process_metrics(telemetry, "front", read_own_process)
        querier = ScopedQuerier(self._reader)
        catching_up = CatchingUp(self._reader, self._clock)
        # before all others that hear of a tick: they find it under way
        self._now.on_tick.insert(0, catching_up.look)
        self._now.on_close.append(catching_up.close)
        deps = WebDeps(
            config=self._config.web,
            engine=Engine(querier, self._config.query, self._clock),
            querier=querier,
            commands=link,
            gatekeeper=Gatekeeper(self._handover.token_hash, link, self._clock),
            attempts=AttemptLimit(self._config.identity.login_attempts_per_minute, self._clock),
            exposition=newest_samples(self._reader, telemetry),
            telemetry=telemetry,
            clock=self._clock,
            static=Path(__file__).resolve().parents[1] / "web" / "static",
            version=version("barograph"),
            now=self._now,
            processes=ProcessLogReader(Path(self._handover.data)),
            facts=Facts(
                config_yaml=shown_config(self._config),
                settings=shown_settings(self._config),
                retention=f"{self._config.store.retention} or {self._config.store.max_size}",
                configured_ms=self._clock.now_ms(),
                damaged=lambda: self._reader.damaged,
            ),
            fresh=catching_up.wait,
            incoming=Path(self._handover.data) / INCOMING,
            export=lambda selectors, start_ms, end_ms: Export(self._reader, selectors, start_ms, end_ms),
        )
        self._http = Http(
            create_app(deps),
            [socket.socket(fileno=number) for number in self._handover.listen],
            self._certificate.context if self._certificate is not None else None,
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        # what is alive now lives on: a collection need not walk it again and again
        gc.collect()
        gc.freeze()
        giving_back = asyncio.create_task(_give_back_memory())
        await self._http.run()
        giving_back.cancel()
        link.close()
        self._reader.close()
        return self._exit_code

    def _events(self) -> LinkEvents:
        return LinkEvents(
            on_tick=self._now.ticked,
            on_status=lambda status: setattr(self._now, "status", status),
            on_segment=self._reader.attach,
            on_lost=self._lost,
            on_alerts=self._now.alerts_changed,
            on_certificate=self._take_certificate,
            on_health=lambda failing: self._now.keeper_lives(failing, self._clock.monotonic_s()),
        )

    def _take_certificate(self, pair: CertificateFrame) -> None:
        if self._certificate is not None:
            self._certificate.take(pair)

    def _stop(self) -> None:
        self._now.close()
        self._http.stop()

    def _lost(self, reason: str) -> None:
        """The keeper is gone: end within a second, whatever is under way."""
        _log.warning("the keeper is gone (%s): this front ends", reason)
        self._exit_code = 1
        last = threading.Timer(_LAST_WORDS_S, os._exit, (1,))
        last.daemon = True
        last.start()
        self._stop()


async def _give_back_memory() -> None:
    trim = libc_trim()
    while True:
        await asyncio.sleep(EVERY_S)
        await asyncio.to_thread(trim)


_SWITCH_S = 0.0005


def main() -> None:
    """Start a front from the descriptor that the keeper names."""
    try:
        handover = read_handover(int(sys.argv[1]))
        config = decode_config(handover.config)
    except (BarographError, IndexError, ValueError) as error:
        print(f"barograph: {error}", file=sys.stderr)  # noqa: T201  logging is not set up yet
        sys.exit(2)
    configure_logging(config.log.format, config.log.level, "front")
    if held() - {DAC_OVERRIDE, DAC_READ_SEARCH}:
        _log.warning("the system did not let the front go without the privileges of the keeper: it has them all")
    # the loop, when something has come for it, waits this long for a query to let go of the interpreter
    sys.setswitchinterval(_SWITCH_S)
    sys.exit(run_loop(Front(handover, config).run()))


if __name__ == "__main__":
    main()
