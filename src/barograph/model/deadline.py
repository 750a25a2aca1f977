"""Calls that may hang, run where they block nobody.

A read of a dead mount or a stuck device cannot be interrupted in Python. So such calls run on a worker thread; one that
overstays its budget is abandoned with its thread (which ends when the kernel lets go), and a new worker takes the rest.
Used by the ticker for collectors and by the filesystem collector for mounts. A run costs one hand-over to a waiting
thread, however many calls it has.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from barograph.model.clock import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """How one call ended. Exactly one of the three is the case: a value, an error, or hung."""

    value: T | None
    error: Exception | None
    hung: bool
    duration_s: float


class _Run(Generic[T]):
    """One list of calls on its way through a worker. All but `finished` is guarded by `lock`."""

    def __init__(self, calls: Sequence[Callable[[], T]], first: int, now_s: float) -> None:
        self.calls = calls
        self.position = first
        self.started_s = now_s
        self.outcomes: dict[int, Outcome[T]] = {}
        self.finished = threading.Event()
        self.abandoned = False
        self.lock = threading.Lock()


class DeadlineRunner(Generic[T]):
    """Runs lists of calls in order, each within a budget. Used by one thread at a time."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._worker: _Worker[T] | None = None
        self._stuck: list[_Worker[T]] = []

    def run(self, calls: Sequence[Callable[[], T]], budget_s: float) -> list[Outcome[T]]:
        """Run `calls` in order; each may take `budget_s`. Returns one outcome for each, in order.

        A call that is still running at its budget is reported as hung and left behind on its thread; none is begun
        after it has been reported so.
        """
        outcomes: dict[int, Outcome[T]] = {}
        position = 0
        while position < len(calls):
            run = _Run(calls, position, self._clock.monotonic_s())
            if self._worker is None:
                self._worker = _Worker(self._name, self._clock)
            self._worker.start(run)
            self._watch(run, budget_s)
            outcomes.update(run.outcomes)
            position = len(calls)
            if run.abandoned:
                outcomes[run.position] = Outcome(None, None, True, self._clock.monotonic_s() - run.started_s)
                self._stuck.append(self._worker)
                self._worker = None
                position = run.position + 1
        return [outcomes[i] for i in range(len(calls))]

    @property
    def stuck_count(self) -> int:
        """How many abandoned threads still wait for the kernel."""
        self._stuck = [worker for worker in self._stuck if worker.thread.is_alive()]
        return len(self._stuck)

    def close(self) -> None:
        """Let the waiting worker end. Abandoned ones are daemons and end with the process."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _watch(self, run: _Run[T], budget_s: float) -> None:
        """Wait until the run is finished, or abandon it when its current call overstays."""
        left_s = budget_s
        while not run.finished.wait(left_s):
            with run.lock:
                # the last call may have ended just now, or another may have begun since `left_s` was taken
                left_s = run.started_s + budget_s - self._clock.monotonic_s()
                if left_s <= 0 and not run.finished.is_set():
                    run.abandoned = True
                    return
            left_s = max(left_s, 0.0)


class _Worker(Generic[T]):
    """A daemon thread that takes one run after the other."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._clock = clock
        self._wake = threading.Semaphore(0)
        self._next: _Run[T] | None = None
        self.thread = threading.Thread(target=self._work, name=name, daemon=True)
        self.thread.start()

    def start(self, run: _Run[T]) -> None:
        self._next = run
        self._wake.release()

    def stop(self) -> None:
        self._next = None
        self._wake.release()

    def _work(self) -> None:
        while True:
            self._wake.acquire()
            run, self._next = self._next, None
            if run is None or not self._complete(run):
                return

    def _complete(self, run: _Run[T]) -> bool:
        """Work through a run; False when it was abandoned meanwhile, so that this thread ends."""
        with run.lock:
            if run.abandoned:  # before this thread was given the processor
                return False
            position, run.started_s = run.position, self._clock.monotonic_s()
        while position < len(run.calls):
            value: T | None = None
            error: Exception | None = None
            try:
                value = run.calls[position]()
            except Exception as raised:
                error = raised
            with run.lock:
                if run.abandoned:
                    return False
                now_s = self._clock.monotonic_s()
                run.outcomes[position] = Outcome(value, error, False, now_s - run.started_s)
                position += 1
                run.started_s, run.position = now_s, position
                if position == len(run.calls):
                    run.finished.set()
        return True
