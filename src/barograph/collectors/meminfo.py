"""The meminfo collector: every field of /proc/meminfo as a gauge, in bytes where the kernel counts in kB."""

import numpy as np

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, TokenLayout, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.model.batch import Batch
from barograph.model.errors import CollectError
from barograph.model.sample import FloatArray

FAMILIES = (
    gauge("node_memory_*_bytes", "A field of /proc/meminfo that is counted in bytes."),
    gauge("node_memory_*", "A field of /proc/meminfo that is a plain count (huge pages)."),
)


class MeminfoConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the meminfo collector: only those of every collector."""


class MeminfoCollector:
    """Fills one value for each line. See `model.protocols.Collector`."""

    name = "meminfo"

    def __init__(self, host: Host, config: MeminfoConfig) -> None:
        del config  # nothing of its own
        self._file = KeptFile(host.paths.procfs / "meminfo")
        self._frame = Frame(self.name)
        self._layout = TokenLayout((), (), ())
        self._scale: FloatArray = np.ones(0)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        data = self._file.read()
        tokens = data.split()
        if not self._layout.fits(tokens):
            self._learn(data, tokens)
        values = self._frame.values
        try:
            values[:] = list(map(float, self._layout.pick(tokens)))
        except ValueError as error:
            raise CollectError(f"{self._file.path}: a size is not a number: {error}") from error
        np.multiply(values, self._scale, out=values)
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._file.close()

    def _learn(self, data: bytes, tokens: list[bytes]) -> None:
        keys: list[int] = []
        values: list[int] = []
        scale: dict[str, float] = {}
        position = 0
        for line in data.split(b"\n"):
            fields = line.split()
            if len(fields) >= 2 and fields[0].endswith(b":") and fields[1].isdigit():
                in_bytes = fields[2:] == [b"kB"]
                name = metric_name(text_of(fields[0]), in_bytes=in_bytes)
                if name not in scale:
                    scale[name] = 1024.0 if in_bytes else 1.0
                    keys.append(position)
                    values.append(position + 1)
            position += len(fields)
        if not scale:
            raise CollectError(f"{self._file.path} has no field")
        self._layout = TokenLayout(tokens, keys, values)
        self._scale = np.array(list(scale.values()))
        self._frame.reshape([SeriesSpec(gauge(name, _help(name)), {}) for name in scale])


def metric_name(field: str, *, in_bytes: bool) -> str:
    """Return the metric's name for a field: `Active(anon):` becomes `node_memory_Active_anon_bytes`."""
    stem = "".join(letter if letter.isalnum() else "_" for letter in field.rstrip(":").rstrip(")"))
    return f"node_memory_{stem}{'_bytes' if in_bytes else ''}"


def _help(name: str) -> str:
    return f"Field {name.removeprefix('node_memory_')} of /proc/meminfo."


ENTRY = CollectorEntry(
    factory=MeminfoCollector,
    section=MeminfoConfig,
    default=True,
    summary="Memory, every field the kernel counts",
    files=("/proc/meminfo",),
    families=FAMILIES,
)
