"""Memory that two processes map: a memfd, or an unlinked file where the system has none.

The keeper allocates a segment and passes its descriptor over the link; each front attaches. The memory lives as long as
somebody maps it, so nothing needs to be cleaned up after a crash.
"""

import mmap
import os
import tempfile
from collections.abc import Callable

from barograph.model.errors import LinkError


class SharedSegment:
    """Memory of this process that others can attach by its descriptor."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.descriptor = _open_memory()
        try:
            os.ftruncate(self.descriptor, size_bytes)
            self._map = mmap.mmap(self.descriptor, size_bytes)
        except OSError:
            os.close(self.descriptor)
            raise

    @property
    def buffer(self) -> memoryview:
        """The memory, writable."""
        return memoryview(self._map)

    def close_descriptor(self) -> None:
        """Close the descriptor, once no front will attach this segment any more; the memory stays mapped."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class SharedSegments:
    """Allocates shared segments and tells who is told of a new one. Used by the thread that appends.

    Args:
        on_publish: Called with each published segment, on that thread.
    """

    def __init__(self, on_publish: Callable[[SharedSegment], None]) -> None:
        self._on_publish = on_publish

    def allocate(self, size_bytes: int) -> SharedSegment:
        """Return new zeroed memory."""
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


def _open_memory() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("barograph-head", os.MFD_CLOEXEC)
    descriptor, path = tempfile.mkstemp(prefix="barograph-head-")
    os.unlink(path)  # noqa: PTH108  it lives on by its descriptor alone
    return descriptor
