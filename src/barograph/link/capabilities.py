"""Linux capabilities of this thread: which it holds, and how it lets go of them."""

import ctypes

DAC_OVERRIDE, DAC_READ_SEARCH = 1, 2
_VERSION = 0x20080522
_MOST = 64
# linux/prctl.h
_CAPBSET_DROP, _SET_NO_NEW_PRIVS, _CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL = 24, 38, 47, 4


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Half(ctypes.Structure):
    """One of two: the first has the numbers below 32, the second the others."""

    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def held() -> frozenset[int]:
    """Return the capabilities that this thread may use; none where the system does not tell."""
    halves = (_Half * 2)()
    _call("capget", ctypes.byref(_Header(_VERSION, 0)), halves)
    bits = halves[0].permitted | halves[1].permitted << 32
    return frozenset(number for number in range(_MOST) if bits >> number & 1)


def use(permitted: frozenset[int], effective: frozenset[int]) -> None:
    """Have no capabilities but these; what the system refuses stays as it is."""
    halves = (_Half * 2)()
    for half, first in zip(halves, (0, 32), strict=True):
        half.permitted = sum(1 << number - first for number in permitted if first <= number < first + 32)
        half.effective = sum(1 << number - first for number in effective if first <= number < first + 32)
    _call("capset", ctypes.byref(_Header(_VERSION, 0)), halves)


def bequeath_none() -> None:
    """Let no program that this thread starts have capabilities of it; this thread keeps its own.

    Root's programs are root's all the same.
    """
    _prctl(_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL)


def drop(kept: frozenset[int]) -> None:
    """Let go of all capabilities but these, for good; what the system refuses stays as it is.

    For this thread and those that it starts: to be called before there are others.
    """
    # neither a setuid program nor an exec by root brings any back
    _prctl(_SET_NO_NEW_PRIVS, 1)
    for number in range(_MOST):
        if number not in kept:
            _prctl(_CAPBSET_DROP, number)  # refused without CAP_SETPCAP, and the line above is enough
    bequeath_none()
    use(kept, kept)


def _prctl(option: int, argument: int) -> None:
    _call("prctl", ctypes.c_int(option), *(ctypes.c_ulong(each) for each in (argument, 0, 0, 0)))


def _call(name: str, *arguments: object) -> None:
    # systems other than Linux have no such functions, and no capabilities either
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*arguments)
