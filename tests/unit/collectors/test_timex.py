import ctypes

import pytest

from barograph.collectors import timex
from barograph.collectors.procfs import Paths
from barograph.collectors.timex import Timex, TimexCollector, TimexConfig
from barograph.model.errors import CollectError
from helpers.collectors import as_dict, host_of


class _Clock:
    """Answers in the kernel's place."""

    def __init__(self, state: int, **fields: int) -> None:
        self.state, self.fields = state, fields

    def adjtimex(self, pointer: object) -> int:
        for name, value in self.fields.items():
            setattr(pointer._obj, name, value)  # type: ignore[attr-defined]
        return self.state


def read(monkeypatch: pytest.MonkeyPatch, clock: _Clock) -> dict[str, float]:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: clock)
    return as_dict(TimexCollector(host_of(Paths()), TimexConfig()).collect(1))


def test_the_running_kernel_answers() -> None:
    assert ctypes.sizeof(Timex) == 208
    found = as_dict(TimexCollector(host_of(Paths()), TimexConfig()).collect(1))
    assert len(found) == 17
    assert found["node_timex_tick_seconds"] == pytest.approx(0.01, rel=0.1)
    assert found["node_timex_frequency_adjustment_ratio"] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("status", "offset"), [(0x2000, 5e-6), (0, 5e-3)])
def test_units_are_as_the_state_says(monkeypatch: pytest.MonkeyPatch, status: int, offset: float) -> None:
    found = read(monkeypatch, _Clock(0, status=status, offset=5000, maxerror=7, freq=65536, tai=37))
    assert found["node_timex_offset_seconds"] == pytest.approx(offset)
    assert found["node_timex_maxerror_seconds"] == pytest.approx(7e-6)
    assert found["node_timex_frequency_adjustment_ratio"] == 1.000001
    assert found["node_timex_tai_offset_seconds"] == 37
    assert found["node_timex_sync_status"] == 1


def test_a_clock_that_nobody_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, _Clock(timex._UNSYNCHRONISED))["node_timex_sync_status"] == 0


def test_a_forbidden_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CollectError, match="adjtimex: "):
        read(monkeypatch, _Clock(-1))
