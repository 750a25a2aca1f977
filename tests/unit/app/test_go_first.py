import os
import threading

import pytest

from barograph.app import lifecycle


def niceness_of_a_thread(set_niceness: int | None, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run `go_first` on a thread of its own and return what the kernel then says of it."""
    found: list[int] = []

    def refuse(*_: int) -> None:
        raise PermissionError("only root may")

    if set_niceness is None:
        monkeypatch.setattr(os, "setpriority", refuse)

    def work() -> None:
        lifecycle.go_first()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]


def test_the_ticker_goes_first_where_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    after = niceness_of_a_thread(-10, monkeypatch)
    assert after == (-10 if os.geteuid() == 0 else before)
    assert os.getpriority(os.PRIO_PROCESS, 0) == before, "other threads stay as they were"


def test_without_the_privilege_all_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert niceness_of_a_thread(None, monkeypatch) == os.getpriority(os.PRIO_PROCESS, 0)
