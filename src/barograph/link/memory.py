"""Memory that two processes map: a memfd, or an unlinked file where the system has none.

The keeper allocates a segment and passes its descriptor over the link; each front attaches. The memory lives as long as
somebody maps it, so nothing needs to be cleaned up after a crash.
"""

import fcntl
import mmap
import os
import tempfile
import weakref
from collections.abc import Callable

from barograph.model.errors import LinkError

_HAS_MEMFD = hasattr(os, "memfd_create")
_SEAL_FUTURE_WRITE = 0x10
"""linux/fcntl.h; Python 3.11 does not name it yet."""


class SharedSegment:
    """Memory of this process, zeroed, that others can attach by its descriptor, to read only.

    Raises:
        OSError: There is no such memory.
    """

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.descriptor = _open_memory(size_bytes)
        # also where a segment is dropped without ever having been published
        self._close = weakref.finalize(self, os.close, self.descriptor)
        try:
            self._map = mmap.mmap(self.descriptor, size_bytes)
        except OSError:
            self.close_descriptor()
            raise
        if _HAS_MEMFD:
            _seal(self.descriptor)

    @property
    def buffer(self) -> memoryview:
        """The memory, writable."""
        return memoryview(self._map)

    def close_descriptor(self) -> None:
        """Close the descriptor, once no front will attach this segment any more; the memory stays mapped."""
        self.descriptor = -1
        self._close()


class SharedSegments:
    """Allocates shared segments and tells who is told of a new one. Used by the thread that appends.

    Args:
        on_publish: Called with each published segment, on that thread.
    """

    def __init__(self, on_publish: Callable[[SharedSegment], None]) -> None:
        self._on_publish = on_publish

    def allocate(self, size_bytes: int) -> SharedSegment:
        """Return new zeroed memory.

        Raises:
            OSError: There is none.
        """
        return SharedSegment(size_bytes)

    def publish(self, segment: object) -> None:
        """Show a segment to the fronts."""
        assert isinstance(segment, SharedSegment)
        self._on_publish(segment)


def attach(descriptor: int, size_bytes: int) -> memoryview:
    """Map a segment read-only by its descriptor, which is closed.

    Raises:
        LinkError: The descriptor is not memory of that size.
    """
    try:
        return memoryview(mmap.mmap(descriptor, size_bytes, prot=mmap.PROT_READ))
    except (OSError, ValueError) as error:
        raise LinkError(f"the shared head of {size_bytes} bytes cannot be mapped: {error}") from error
    finally:
        os.close(descriptor)


def _open_memory(size_bytes: int) -> int:
    if _HAS_MEMFD:
        descriptor = os.memfd_create("barograph-head", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        reserve = os.ftruncate
    else:
        descriptor, path = tempfile.mkstemp(prefix="barograph-head-")
        os.unlink(path)  # noqa: PTH108  it lives on by its descriptor alone
        # a file with holes would end the process at the first write that finds the disk full
        reserve = _fill
    try:
        reserve(descriptor, size_bytes)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _fill(descriptor: int, size_bytes: int) -> None:
    os.posix_fallocate(descriptor, 0, size_bytes)


def _seal(descriptor: int) -> None:
    """Let nobody resize the memory (whoever maps it would die by SIGBUS), nor map it again for writing."""
    resizing = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
    for seals in (resizing, _SEAL_FUTURE_WRITE, fcntl.F_SEAL_SEAL):
        try:
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        except OSError:
            # a kernel before 5.1 knows no such seal; they guard against our own mistakes only
            continue
