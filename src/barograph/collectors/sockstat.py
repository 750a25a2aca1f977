"""The sockstat collector: sockets in use by protocol and state, from /proc/net/sockstat and sockstat6."""

import os
from itertools import chain
from typing import NamedTuple

import numpy as np

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, TokenLayout, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import ABSENT_FILE, lines_of
from barograph.model.batch import Batch, Family
from barograph.model.errors import CollectError, NoDataError

_USED = gauge("node_sockstat_sockets_used", "Number of IPv4 sockets in use.")
_STATES = ("inuse", "orphan", "tw", "alloc", "mem", "memory")


class _Field(NamedTuple):
    """A value: its family, where it stands among the tokens, and what it is multiplied by."""

    family: Family
    at: int
    factor: float


class SockstatConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the sockstat collector: only those of every collector."""


class SockstatCollector:
    """Fills a vector from two short files. See `model.protocols.Collector`."""

    name = "sockstat"

    def __init__(self, host: Host, config: SockstatConfig) -> None:
        del config  # nothing of its own
        net = host.paths.procfs / "net"
        self._files = (KeptFile(net / "sockstat"), KeptFile(net / "sockstat6"))
        self._layouts = [TokenLayout((), (), ())] * len(self._files)
        self._factors = np.ones(0)
        self._frame = Frame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        contents = self._read()
        tokens = [content.split() for content in contents]
        if not all(layout.fits(words) for layout, words in zip(self._layouts, tokens, strict=True)):
            self._learn(contents, tokens)
        picked = chain.from_iterable(layout.pick(words) for layout, words in zip(self._layouts, tokens, strict=True))
        try:
            self._frame.values[:] = np.array([int(value) for value in picked], np.float64) * self._factors
        except ValueError as error:
            raise CollectError(f"{self._files[0].path}: a value is not a number: {error}") from error
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        for file in self._files:
            file.close()

    def _read(self) -> list[bytes]:
        """Read both files; a kernel may lack IPv6, a network namespace the totals."""
        found: list[bytes] = []
        for file in self._files:
            try:
                found.append(file.read())
            except NoDataError:
                found.append(ABSENT_FILE)
        if found == [ABSENT_FILE] * len(found):
            raise NoDataError(f"{self._files[0].path} does not exist: this kernel has no network")
        return found

    def _learn(self, contents: list[bytes], tokens: list[list[bytes]]) -> None:
        fields: list[_Field] = []
        for i, content in enumerate(contents):
            try:
                found = list(_fields_of(content, is_ipv6=i > 0))
            except ValueError as error:
                raise CollectError(f"{self._files[i].path}: {error}") from error
            fields += found
            keys = [at for at, token in enumerate(tokens[i]) if not token.lstrip(b"-").isdigit()]
            self._layouts[i] = TokenLayout(tokens[i], keys, [field.at for field in found])
        self._factors = np.array([field.factor for field in fields])
        self._frame.reshape([SeriesSpec(field.family, {}) for field in fields])


def _fields_of(content: bytes, *, is_ipv6: bool) -> list[_Field]:
    """Find the values in lines of a protocol and pairs of state and number."""
    page_bytes = os.sysconf("SC_PAGESIZE")
    fields: list[_Field] = []
    start = 0
    for words in [] if content == ABSENT_FILE else lines_of(content):
        if len(words) < 3 or len(words) % 2 == 0:
            raise ValueError(f"a line is not a protocol and pairs of state and number: {b' '.join(words)!r}")
        protocol = text_of(words[0]).removesuffix(":")
        places = {text_of(words[i]): start + i + 1 for i in range(1, len(words), 2)}
        start += len(words)
        if protocol == "sockets":
            fields += [_Field(_USED, places["used"], 1.0)] if "used" in places and not is_ipv6 else []
            continue
        # what has no number of sockets in use has none of them
        fields += [] if "inuse" in places else [_Field(_family(protocol, "inuse"), start - 1, 0.0)]
        fields += [_Field(_family(protocol, state), places[state], 1.0) for state in _STATES if state in places]
        fields += [_Field(_family(protocol, "mem_bytes"), places["mem"], page_bytes)] if "mem" in places else []
    return fields


def _family(protocol: str, state: str) -> Family:
    return gauge(f"node_sockstat_{protocol}_{state}", f"Number of {protocol} sockets in state {state}.")


ENTRY = CollectorEntry(
    factory=SockstatCollector,
    section=SockstatConfig,
    default=True,
    summary="Sockets in use by protocol and state",
    files=("/proc/net/sockstat", "/proc/net/sockstat6"),
    families=(_USED, gauge("node_sockstat_*", "Number of sockets of a protocol in a state, or what they hold.")),
)
