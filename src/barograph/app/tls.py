"""TLS for the listening sockets: the keeper reads certificate and key, and reads them again when their files change."""

import asyncio
import logging
import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from barograph.link.framing import CertificateFrame
from barograph.model.errors import ConfigError

_log = logging.getLogger(__name__)
_LOOK_S = 5.0
_Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Prepared:
    """The files of a certificate as they were read, and found to be right."""

    files: tuple[str, ...] = ()
    stamp: _Stamp = ()
    pair: CertificateFrame | None = field(default=None, repr=False)
    """None without TLS, and then there are no files."""


class Certificates:
    """The keeper's: reads the files, now and when they change. Used on its event loop.

    Args:
        publish: Called with each pair that takes another's place.
    """

    def __init__(self, publish: Callable[[CertificateFrame], None]) -> None:
        self._publish = publish
        self._used = Prepared()

    @property
    def pair(self) -> CertificateFrame | None:
        """What a new front is started with; None without TLS."""
        return self._used.pair

    def use(self, prepared: Prepared) -> None:
        """Serve with this from now on."""
        before, self._used = self._used, prepared
        if prepared.pair is not None and prepared.pair != before.pair:
            self._publish(prepared.pair)

    async def watch(self) -> None:
        """Use the files' new content whenever it has changed and can be used."""
        while True:
            await asyncio.sleep(_LOOK_S)
            await self.look()

    async def look(self) -> None:
        """Use the files' new content if it has changed and can be used."""
        used = self._used
        if not used.files:
            return
        newer = await asyncio.to_thread(_newer, used)
        if newer is not None and self._used is used:
            self.use(newer)


def prepare(cert_file: str, key_file: str) -> Prepared:
    """Read a certificate and its key, both PEM, and check that they belong together; "" without TLS.

    Raises:
        ConfigError: They cannot be read, or do not; says which and what to do.
    """
    if not cert_file:
        return Prepared()
    files = (cert_file, key_file)
    stamp = _stamp(files)
    pair = CertificateFrame(_read(cert_file, "cert_file"), _read(key_file, "key_file"))
    try:
        _load(_context(), pair)
    except OSError as error:
        reason = error.reason if isinstance(error, ssl.SSLError) and error.reason else error.strerror or error
        words = f"{cert_file} and {key_file} cannot be used: {reason}"
        remedy = "a PEM certificate and its own key without a pass phrase are expected"
        raise ConfigError(f"{words}; {remedy}", path="web.tls") from error
    return Prepared(files, stamp, pair)


class Certificate:
    """The front's: the context of its listening sockets, and what it is spoken with. Used by one thread."""

    def __init__(self, pair: CertificateFrame) -> None:
        self.context = _context()
        _load(self.context, pair)

    def take(self, pair: CertificateFrame) -> None:
        """Use another, which the keeper has checked. Connections that are open keep the one that they began with."""
        try:
            _load(self.context, pair)
        except OSError as error:  # no descriptor is left: the next change may find one
            _log.error("the certificate has changed and the old one stays in use: %s", error)
            return
        _log.info("the certificate has changed: new connections get it")


def _newer(used: Prepared) -> Prepared | None:
    """Return what the files hold now; None where they have not changed, or cannot be used, which is said once."""
    stamp = _stamp(used.files)
    if stamp == used.stamp:
        return None
    try:
        return prepare(*used.files)
    except ConfigError as error:
        _log.error("the certificate has changed and the old one stays in use: %s", error.message)
        return Prepared(used.files, stamp, used.pair)


def _stamp(files: tuple[str, ...]) -> _Stamp:
    stamps = []
    for name in files:
        try:
            found = Path(name).stat()
        except OSError:
            stamps.append((0, 0, 0))
        else:
            stamps.append((found.st_mtime_ns, found.st_size, found.st_ino))
    return tuple(stamps)


def _read(path: str, name: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", path=f"web.tls.{name}") from error


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    return context


def _load(context: ssl.SSLContext, pair: CertificateFrame) -> None:
    # OpenSSL's functions that take bytes are not Python's, which knows paths alone
    with _path(pair.cert) as cert, _path(pair.key) as key:
        # a key with a pass phrase would ask for it on the terminal
        context.load_cert_chain(cert, key, password=lambda: b"")


@contextmanager
def _path(content: bytes) -> Iterator[str]:
    """A path of bytes that lie in memory alone."""
    with os.fdopen(os.memfd_create("barograph-tls"), "wb") as file:
        file.write(content)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"
