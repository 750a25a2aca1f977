"""The timex collector: how well the kernel's clock is kept, from adjtimex(2)."""

import ctypes
import os
from collections.abc import Callable

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading
from barograph.model.batch import Family
from barograph.model.errors import CollectError

_PREFIX = "node_timex_"
_NANOSECONDS = 0x2000
"""STA_NANO: times are in nanoseconds, else in microseconds."""
_UNSYNCHRONISED = 5
"""TIME_ERROR."""
_MICRO = 1e6
_PPM_16 = 1e6 * 65536.0
"""Parts in a million with a fraction of 16 bits."""
_LONG = ctypes.c_long


class Timex(ctypes.Structure):
    """struct timex of sys/timex.h."""

    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", _LONG),
        ("freq", _LONG),
        ("maxerror", _LONG),
        ("esterror", _LONG),
        ("status", ctypes.c_int),
        ("constant", _LONG),
        ("precision", _LONG),
        ("tolerance", _LONG),
        ("time_s", _LONG),
        ("time_us", _LONG),
        ("tick", _LONG),
        ("ppsfreq", _LONG),
        ("jitter", _LONG),
        ("shift", ctypes.c_int),
        ("stabil", _LONG),
        ("jitcnt", _LONG),
        ("calcnt", _LONG),
        ("errcnt", _LONG),
        ("stbcnt", _LONG),
        ("tai", ctypes.c_int),
        ("padding", ctypes.c_int * 11),
    ]


def _divided(field: str, divisor: float) -> Callable[[Timex, float], float]:
    return lambda timex, unit: getattr(timex, field) / divisor


def _in_unit(field: str) -> Callable[[Timex, float], float]:
    return lambda timex, unit: getattr(timex, field) / unit


_VALUES: tuple[tuple[Family, Callable[[Timex, float], float]], ...] = (
    (gauge(_PREFIX + "offset_seconds", "Time between the local clock and its reference."), _in_unit("offset")),
    (
        gauge(_PREFIX + "frequency_adjustment_ratio", "How the local clock's frequency is adjusted."),
        lambda timex, unit: 1.0 + timex.freq / _PPM_16,
    ),
    (gauge(_PREFIX + "maxerror_seconds", "Greatest error."), _divided("maxerror", _MICRO)),
    (gauge(_PREFIX + "estimated_error_seconds", "Estimated error."), _divided("esterror", _MICRO)),
    (gauge(_PREFIX + "status", "Bits of the clock's state."), _divided("status", 1.0)),
    (gauge(_PREFIX + "loop_time_constant", "Constant of the phase-locked loop."), _divided("constant", 1.0)),
    (gauge(_PREFIX + "tick_seconds", "Time between ticks of the clock."), _divided("tick", _MICRO)),
    (gauge(_PREFIX + "pps_frequency_hertz", "Frequency of pulses per second."), _divided("ppsfreq", _PPM_16)),
    (gauge(_PREFIX + "pps_jitter_seconds", "Jitter of pulses per second."), _in_unit("jitter")),
    (gauge(_PREFIX + "pps_shift_seconds", "Interval of pulses per second."), _divided("shift", 1.0)),
    (gauge(_PREFIX + "pps_stability_hertz", "Stability of pulses per second."), _divided("stabil", _PPM_16)),
    (counter(_PREFIX + "pps_jitter_total", "Pulses beyond the limit of jitter."), _divided("jitcnt", 1.0)),
    (counter(_PREFIX + "pps_calibration_total", "Calibration intervals."), _divided("calcnt", 1.0)),
    (counter(_PREFIX + "pps_error_total", "Calibration errors."), _divided("errcnt", 1.0)),
    (
        counter(_PREFIX + "pps_stability_exceeded_total", "Pulses beyond the limit of stability."),
        _divided("stbcnt", 1.0),
    ),
    (gauge(_PREFIX + "tai_offset_seconds", "International atomic time's offset."), _divided("tai", 1.0)),
)
_SYNC = gauge(_PREFIX + "sync_status", "Whether the clock is kept by a reliable server (1) or not (0).")


class TimexConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the timex collector: only those of every collector."""


class TimexCollector(PlainCollector):
    """Fills seventeen values. See `model.protocols.Collector`."""

    name = "timex"

    def __init__(self, host: Host, config: TimexConfig) -> None:
        del host, config  # the clock is asked, no file
        super().__init__()
        self._adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
        self._timex = Timex()
        self._specs = [SeriesSpec(family, {}) for family, _ in _VALUES]
        self._sync = SeriesSpec(_SYNC, {})

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        timex = self._timex
        timex.modes = 0  # ask, change nothing
        state = self._adjtimex(ctypes.byref(timex))
        if state < 0:
            raise CollectError(f"adjtimex: {os.strerror(ctypes.get_errno())}: run as root or grant access")
        unit = 1e9 if timex.status & _NANOSECONDS else _MICRO
        readings = [(spec, read(timex, unit)) for spec, (_, read) in zip(self._specs, _VALUES, strict=True)]
        return [*readings, (self._sync, float(state != _UNSYNCHRONISED))]


ENTRY = CollectorEntry(
    factory=TimexCollector,
    section=TimexConfig,
    default=True,
    summary="How well the kernel's clock is kept",
    files=("adjtimex()",),
    families=(*(family for family, _ in _VALUES), _SYNC),
)
