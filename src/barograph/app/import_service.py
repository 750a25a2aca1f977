"""The keeper's side of imports: bodies that the front has put into the data folder become part of the store.

The worker process parses and encodes, the store's thread takes the encoded spans over between ticks, and only then is
the command answered. Whatever a kill leaves behind is in one folder, which is emptied at start.
"""

import asyncio
import re
import shutil
from pathlib import Path

import apsw
import msgspec

from barograph.app.import_worker import ImportJob, ImportOutcome
from barograph.app.importing import ENCODINGS, ImportText, kept_from_ms
from barograph.formats.text_parts import FORMATS
from barograph.link import children
from barograph.model.clock import Clock
from barograph.model.commands import AnyReply, ImportSamples, Refused, SamplesImported
from barograph.model.errors import StoreError
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import INCOMING
from barograph.tsdb.load import adopt
from barograph.tsdb.store import Store

_NAME = re.compile(r"[0-9a-f]{32}")
_IDLE_S = 60.0
_MOST_LINE_BYTES = 1 << 20


class ImportService:
    """Imports into one store. Used on the keeper's event loop."""

    def __init__(self, folder: Path, store: Store, config: StoreConfig, clock: Clock) -> None:
        self._folder = folder / INCOMING
        self._store = store
        self._config = config
        self._clock = clock
        self._worker: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        shutil.rmtree(self._folder, ignore_errors=True)

    async def execute(self, command: ImportSamples) -> AnyReply:
        """Import a body; answered when all of it is durable. A repeat stores the same samples once."""
        if not _NAME.fullmatch(command.name) or command.format not in FORMATS or command.encoding not in ENCODINGS:
            return Refused(kind="bad_request", message="this is no import that the keeper knows")
        into = self._folder / f"{command.name}.blocks"
        try:
            into.mkdir(mode=0o700)
            async with self._turn:
                outcome = await self._exchange(self._job(command, into))
            if outcome.error:
                return Refused(kind="bad_request" if outcome.is_senders else "store", message=outcome.error)
            await asyncio.wrap_future(self._store.submit(adopt(into)))
        except (StoreError, apsw.Error, OSError) as error:
            return Refused(kind="store", message=str(error))
        finally:
            await asyncio.to_thread(shutil.rmtree, into, ignore_errors=True)
        counts = outcome.counts
        return SamplesImported(samples=counts.samples, skipped=counts.skipped, notes=counts.notes)

    async def close(self) -> None:
        """End the worker."""
        if self._idle is not None:
            self._idle.cancel()
        await self._end_worker()

    def _job(self, command: ImportSamples, into: Path) -> ImportJob:
        now_ms = self._clock.now_ms()
        text = ImportText(
            format=command.format,
            newest_ms=now_ms + self._config.future_limit.ms,
            csv_format=command.csv_format,
            skip_bad=command.skip_bad,
            default_ms=command.default_ms or now_ms,
            kept_from_ms=kept_from_ms(self._config, now_ms),
        )
        return ImportJob(
            text=text,
            body=str(self._folder / f"{command.name}.body"),
            encoding=command.encoding,
            folder=str(into),
            most_bytes=command.most_bytes,
            span_samples=self._config.merge_samples,
        )

    async def _exchange(self, job: ImportJob) -> ImportOutcome:
        """Have the worker do a job.

        Raises:
            StoreError: It ended before it was done.
        """
        if self._idle is not None:
            self._idle.cancel()
        worker = self._worker
        # one that was told to rest reads nothing any more, also before it has ended
        if worker is None or worker.returncode is not None or worker.stdin is None or worker.stdin.is_closing():
            await self._end_worker()
            worker = await self._start()
        assert worker.stdin is not None and worker.stdout is not None
        try:
            worker.stdin.write(msgspec.json.encode(job) + b"\n")
            await worker.stdin.drain()
            line = await worker.stdout.readline()
        except ConnectionError:
            line = b""
        except BaseException:
            await self._end_worker()  # its answer would be taken for the next job's
            raise
        if not line:
            await self._end_worker()
            raise StoreError("the import's worker ended before it was done: was its memory short? Send a smaller body")
        self._idle = asyncio.get_running_loop().call_later(_IDLE_S, self._rest)
        return msgspec.json.decode(line, type=ImportOutcome)

    async def _start(self) -> asyncio.subprocess.Process:
        self._worker = await children.start(
            "barograph.app.import_worker",
            folder=self._folder.parent,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_MOST_LINE_BYTES,
            # a terminal's Ctrl-C is the keeper's to hear; it ends the worker itself
            process_group=0,
        )
        return self._worker

    def _rest(self) -> None:
        """Give the idle worker's memory back: it ends when its input does."""
        if self._worker is not None and self._worker.stdin is not None:
            self._worker.stdin.close()

    async def _end_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            await children.end(worker)
