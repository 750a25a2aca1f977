"""The keeper: collects, stores and decides; owns every writing connection, and starts the front.

`barograph serve` becomes this process by exec (`python -m barograph.app.keeper`, flags in BAROGRAPH_SERVE_OPTIONS). The
start reads top to bottom in `Keeper.__init__` and `run`, the stop in `_stop`, in reverse.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from barograph.app import handover, snapshots, tls
from barograph.app.alert_service import AlertService, AlertServiceParts
from barograph.app.alert_service import prepare as prepare_alerts
from barograph.app.config import Config, ServeOptions, encode_config, keep_listening, load_effective, rules_folder
from barograph.app.freed_memory import FreedMemory
from barograph.app.heartbeat import FRESH_S, Followed, front_failure
from barograph.app.import_service import ImportService
from barograph.app.lifecycle import (
    CollectionsBound,
    PrivateFiles,
    allow_descriptors,
    announce,
    go_first,
    name_thread,
    wait_for_plausible_clock,
)
from barograph.app.listen import bind, remove_sockets, url_of
from barograph.app.own_process import read_own_process
from barograph.app.people_commands import PeopleCommands
from barograph.app.publishing import Publisher
from barograph.app.recorder import ProcessRecorder
from barograph.app.retention_classes import retention_classes
from barograph.app.rule_service import RuleService, RuleServiceParts
from barograph.app.store_commands import StoreCommands
from barograph.app.store_metrics import report_store
from barograph.app.supervise import FrontSupervisor
from barograph.collectors.config import build_collectors
from barograph.collectors.process_groups import ProcessCollector
from barograph.collectors.procfs import Paths
from barograph.identity.principal import LOCAL_ADMIN
from barograph.identity.secrets import hash_secret
from barograph.ingest.ticker import Ticker, TickerParts
from barograph.link.memory import SharedSegments
from barograph.link.server import LinkServer
from barograph.model.acting import Actor
from barograph.model.alert_commands import AlertCommand
from barograph.model.clock import SystemClock
from barograph.model.commands import (
    AnyCommand,
    AnyReply,
    CleanTombstones,
    DeleteSamples,
    Done,
    ImportSamples,
    KeeperStatus,
    Refused,
    Reload,
    TakeSnapshot,
)
from barograph.model.errors import AccessError, BarographError, ConfigError, StoreError
from barograph.model.processes import ProcessSample
from barograph.model.rule_commands import ShowRuleAlerts, ShowRules
from barograph.model.schedule import ScheduledCollector
from barograph.state.sqlite import open_state
from barograph.telemetry.logs import configure_logging
from barograph.telemetry.metrics import Telemetry, process_metrics
from barograph.tsdb.process_reader import ProcessLogReader
from barograph.tsdb.store import Store

_log = logging.getLogger(__name__)
_FRONT_GRACE_S = 1.2
_NEXT_START = ("store", "paths", "instance")
"""Sections that a reload leaves as they are."""
_FRONTS = ("web", "query", "identity", "log")
"""Sections that a front has read."""


class Keeper:
    """One keeper process: its parts, and what is done with them."""

    def __init__(self, options: ServeOptions, config: Config) -> None:
        self._options = options
        self._config = config
        self._clock = SystemClock()
        self._folder = Path(options.data)
        self._publisher = Publisher()
        self._exit_code = 0
        self._stopping = asyncio.Event()
        self._stop_ticker = threading.Event()
        self._started_ms = self._clock.now_ms()

        segments = SharedSegments(self._publisher.segment)
        classes = retention_classes(config.store)
        self._store = Store.open(self._folder, config.store, self._clock, segments, classes=classes)
        self._store_commands = StoreCommands(self._store)
        self._imports = ImportService(self._folder, self._store, config.store, self._clock)
        self._files = PrivateFiles(self._folder)
        self._token = self._files.local_token()
        self._state = open_state(self._folder)
        self._people = PeopleCommands(self._state, config.identity, self._clock)
        alert_parts = AlertServiceParts(
            state=self._state,
            clock=self._clock,
            processes=ProcessLogReader(self._folder),
            publish=self._publisher.alerts,
            living=self._publisher.health,
        )
        self._alerts = AlertService(alert_parts, config)
        self._alerts.heartbeat.watch("front", self._check_front)
        self._tick_pulse = self._alerts.heartbeat.pulse("ticks", self._longest_silence)
        self._certificates = tls.Certificates(self._publisher.certificate)
        self._certificates.use(tls.prepare(config.web.tls.cert_file, config.web.tls.key_file))
        self._listening = bind(config.web.listen)
        self._telemetry = Telemetry()
        report_store(self._telemetry, self._store.stats, lambda: bool(self._state.trouble))
        self._recorder = ProcessRecorder(self._folder, config.store.process_log, self._telemetry)
        process_metrics(self._telemetry, "keeper", read_own_process)
        self._restarts = self._telemetry.counter(
            "barograph_front_restarts_total", "Times that a front was started again."
        )
        self._restarts.labels()
        rule_parts = RuleServiceParts(
            data=self._folder,
            appender=self._store,
            sink=self._alerts.book,
            telemetry=self._telemetry,
            clock=self._clock,
            files_folder=rules_folder(Path(options.config) if options.config else None),
        )
        self._rules = RuleService(rule_parts, config)
        self._alerts.views.rule_of = self._rules.rule_of
        self._publisher.follow_segments(self._rules.attach)
        self._rules.start()
        parts = TickerParts(
            appender=self._store,
            maintain=self._maintain,
            on_tick=self._ticked,
            telemetry=self._telemetry,
            clock=self._clock,
            instance=config.instance_name,
            follower=Followed(self._rules.follower, self._alerts.heartbeat.pulse("rules", self._longest_silence)),
        )
        self._ticker = Ticker(self._collectors(config), parts)
        self._freed_memory = FreedMemory(self._clock)
        self._supervisor = FrontSupervisor(
            self._prepare_front, _close_all, self._restarts.inc, self._clock, self._folder
        )

    async def run(self) -> int:
        """Keep, until a signal or the end of the ticker; returns the exit status."""
        loop = asyncio.get_running_loop()
        self._publisher.open(LinkServer(self._execute))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload_on_signal)
        self._publish_status()
        self._alerts.announce()
        background = [asyncio.create_task(each) for each in (self._alerts.run(), self._certificates.watch())]
        ticking = threading.Thread(target=self._tick, name="ticker", args=(loop,))
        ticking.start()
        fronting = asyncio.create_task(self._supervisor.run())
        try:
            self._tell()
            # what is alive now lives on: a collection need not walk it again and again
            gc.collect()
            gc.freeze()
            gc.callbacks.append(CollectionsBound(self._clock))
            await self._stopping.wait()
        finally:
            # whatever went wrong: a ticker left behind would keep the process alive, and deaf to signals
            for task in background:
                task.cancel()
            await self._stop(ticking, fronting)
        return self._exit_code

    def _tell(self) -> None:
        """Say to the person who started it where it is."""
        tcp = next(each for each in self._listening if each.family != socket.AF_UNIX)
        url = url_of(tcp, is_tls=bool(self._config.web.tls.cert_file))
        announce(self._files, url, self._people.sessions, self._config.web.external_url)

    async def _stop(self, ticking: threading.Thread, fronting: "asyncio.Task[None]") -> None:
        self._stop_ticker.set()
        self._ticker.stop()
        await self._supervisor.stop(_FRONT_GRACE_S)
        await fronting
        await self._imports.close()
        await asyncio.to_thread(ticking.join)
        if self._publisher.link is not None:
            self._publisher.link.close()
        self._recorder.close()
        self._rules.close()
        self._alerts.close()
        self._store.close()
        self._state.close()
        self._files.remove_link()
        remove_sockets(self._config.web.listen)
        _close_all([listening.detach() for listening in self._listening])

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """The ticker's thread. Should it ever end by itself, the whole service does, so that an init system sees it."""
        go_first()
        name_thread("ticker")
        try:
            if wait_for_plausible_clock(self._clock, self._stop_ticker):
                self._ticker.run()
        except BaseException:
            _log.exception("the ticker ended: this process ends too")
        if not self._stop_ticker.is_set():
            self._exit_code = 1
            loop.call_soon_threadsafe(self._stopping.set)

    async def _check_front(self) -> str:
        """Ask the front whether it lives, as anybody would."""
        tcp = next(each for each in self._listening if each.family != socket.AF_UNIX)
        return await front_failure(url_of(tcp, is_tls=bool(self._config.web.tls.cert_file)))

    def _longest_silence(self) -> float:
        return 3 * self._config.collectors.interval.seconds + FRESH_S

    def _ticked(self, timestamp_ms: int) -> None:
        self._tick_pulse.beat()
        self._publisher.tick(timestamp_ms)
        self._publish_status()

    def _maintain(self, budget_s: float) -> None:
        self._store.maintain(budget_s)
        self._freed_memory.give_back()
        for notice in self._store.take_notices():
            _log.warning("%s", notice)

    def _publish_status(self) -> None:
        """Give the fronts a snapshot where something in it has changed."""
        version, collectors = self._ticker.health()
        stats = self._store.stats
        trouble = self._state.trouble
        status_version = self._publisher.next_status(version, hash((stats.reason, trouble)))
        if not status_version:
            return
        if not stats.read_only:
            self._files.write_rest()
        self._publisher.status(
            KeeperStatus(
                version=status_version,
                instance=self._config.instance_name,
                started_ms=self._started_ms,
                interval_ms=self._config.collectors.interval.ms,
                store_read_only=stats.read_only,
                store_reason=stats.reason,
                state_reason=trouble,
                collectors=collectors,
            )
        )

    def _collectors(self, config: Config) -> list[ScheduledCollector]:
        paths = Paths(
            procfs=Path(config.paths.procfs),
            sysfs=Path(config.paths.sysfs),
            rootfs=Path(config.paths.rootfs),
            udev_data=Path(config.paths.udev_data),
        )
        built = build_collectors(config.collectors, paths, self._clock)
        for scheduled in built:
            if isinstance(scheduled.collector, ProcessCollector):
                scheduled.collector.sink = self._take_processes
        return built

    def _take_processes(self, sample: ProcessSample) -> None:
        self._recorder.take(sample)
        self._alerts.suspects.take(sample)

    def _prepare_front(self) -> tuple[list[str], list[int]]:
        assert self._publisher.link is not None
        link = self._publisher.link.open().detach()
        listening = tuple(os.dup(listening.fileno()) for listening in self._listening)
        options = handover.Handover(
            config=encode_config(self._config),
            data=str(self._folder),
            token_hash=hash_secret(self._token.reveal()),
            listen=listening,
            link=link,
            certificate=self._certificates.pair,
        )
        memory = handover.write_handover(options)
        return [str(memory)], [memory, link, *listening]

    async def _execute(self, command: AnyCommand, actor: Actor) -> AnyReply:
        """Carry out a command, and note in the audit log who asked for it."""
        try:
            reply = self._people.audit.admit(command, actor) or await self._carry_out(command, actor)
        except Exception as error:
            self._people.audit.note(command, actor, Refused(kind="store", message=type(error).__name__))
            raise
        self._people.audit.note(command, actor, reply)
        return reply

    async def _carry_out(self, command: AnyCommand, actor: Actor) -> AnyReply:
        match command:
            case Reload():
                return self._reload()
            case TakeSnapshot():
                return await snapshots.take(self._folder, self._clock)
            case ImportSamples():
                return await self._imports.execute(command)
            case DeleteSamples() | CleanTombstones():
                return await self._store_commands.execute(command)
            case _ if isinstance(command, AlertCommand):
                return await self._alerts.execute(command, actor)
            case ShowRules() | ShowRuleAlerts():
                return self._rules.execute(command)
            case _:
                return await self._people.execute(command, actor)

    def _reload_on_signal(self) -> None:
        reply = self._reload()
        self._people.audit.note(Reload(), Actor(name=LOCAL_ADMIN, via="signal"), reply)
        if isinstance(reply, Refused):
            _log.error("the configuration stays as it was: %s", reply.message)

    def _reload(self) -> Done | Refused:
        """Read the configuration again; apply all of it, or nothing."""
        try:
            config = load_effective(self._options, os.environ)
            # what waits for the next start stays as it was, in words and in deed
            waiting = [name for name in _NEXT_START if getattr(self._config, name) != getattr(config, name)]
            config = msgspec.structs.replace(config, **{name: getattr(self._config, name) for name in waiting})
            if self._config.web.listen != config.web.listen:
                waiting.append("web.listen")
                config = keep_listening(config, self._config.web)
            certificate = tls.prepare(config.web.tls.cert_file, config.web.tls.key_file)
            collectors = self._collectors(config)
            rules = self._rules.prepare(config)
            telling = prepare_alerts(config)
        except ConfigError as error:
            return Refused(kind="config", message=str(error))
        before, self._config = self._config, config
        for name in waiting:
            _log.warning("%s has changed: that takes effect at the next start", name)
        configure_logging(config.log.format, config.log.level, "keeper")
        self._people.sessions.config = config.identity
        self._ticker.replace(collectors)
        self._rules.replace(rules, config)
        self._certificates.use(certificate)
        self._alerts.replace(telling)
        if any(getattr(before, name) != getattr(config, name) for name in _FRONTS):
            self._supervisor.replace()
        _log.info("the configuration was read again")
        return Done()


def _close_all(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


SWITCH_S = 0.0005
"""So long the ticker waits for another thread to let go of the interpreter, each time it needs it."""


def main() -> None:
    """Start a keeper from the options that `barograph serve` left in the environment."""
    try:
        options = msgspec.json.decode(os.environ.pop("BAROGRAPH_SERVE_OPTIONS"), type=ServeOptions)
        left_out: list[str] = []  # said once it is known how things are logged
        config = load_effective(options, os.environ, left_out.append)
        configure_logging(config.log.format, config.log.level, "keeper")
        for words in left_out:
            _log.warning("%s", words)
        sys.setswitchinterval(SWITCH_S)
        code = asyncio.run(_serve(options, config))
    except KeyError:
        sys.exit("barograph: a keeper is started by `barograph serve`, not by hand")
    except (ConfigError, StoreError, AccessError) as error:
        print(f"barograph: {error}", file=sys.stderr)  # noqa: T201  to the person who started it
        sys.exit(2)
    except BarographError as error:
        print(f"barograph: {error}", file=sys.stderr)  # noqa: T201  to the person who started it
        sys.exit(1)
    sys.exit(code)


async def _serve(options: ServeOptions, config: Config) -> int:
    allow_descriptors()
    return await Keeper(options, config).run()


if __name__ == "__main__":
    main()
