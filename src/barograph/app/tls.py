"""TLS for the listening sockets: made of a certificate and a key, and made again when their files change."""

import logging
import ssl
from pathlib import Path

from barograph.model.errors import ConfigError

_log = logging.getLogger(__name__)
_Stamp = tuple[tuple[int, int, int], ...]


def check_certificate(cert_file: str, key_file: str) -> None:
    """Check that a certificate and a key can be read and belong together.

    Raises:
        ConfigError: They cannot, or do not; says which and what to do.
    """
    _load(_context(), cert_file, key_file)


class Certificate:
    """A context whose certificate is as new as its files. Used by one thread.

    Args:
        cert_file: The certificate with its chain, PEM.
        key_file: Its key, PEM, without a pass phrase.

    Raises:
        ConfigError: They cannot be used.
    """

    def __init__(self, cert_file: str, key_file: str) -> None:
        self._files = (cert_file, key_file)
        self._stamp = self._read_stamp()
        self.context = _context()
        _load(self.context, cert_file, key_file)

    def reload(self) -> bool:
        """Take the files' new content where it has changed and can be used; tells whether it was taken.

        Connections that are open keep the certificate that they began with.
        """
        stamp = self._read_stamp()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            check_certificate(*self._files)  # first apart: half a change must not spoil the context in use
            _load(self.context, *self._files)
        except ConfigError as error:
            _log.error("the certificate has changed and the old one stays in use: %s", error.message)
            return False
        _log.info("the certificate has changed: new connections get it")
        return True

    def _read_stamp(self) -> _Stamp:
        stamps = []
        for name in self._files:
            try:
                found = Path(name).stat()
            except OSError:
                stamps.append((0, 0, 0))
            else:
                stamps.append((found.st_mtime_ns, found.st_size, found.st_ino))
        return tuple(stamps)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    return context


def _load(context: ssl.SSLContext, cert_file: str, key_file: str) -> None:
    for path, name in ((cert_file, "cert_file"), (key_file, "key_file")):
        try:
            with Path(path).open("rb"):
                pass
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}", path=f"web.tls.{name}") from error
    try:
        # a key with a pass phrase would ask for it on the terminal
        context.load_cert_chain(cert_file, key_file, password=lambda: b"")
    except OSError as error:  # of TLS, or of a file that went meanwhile
        reason = error.reason if isinstance(error, ssl.SSLError) and error.reason else error.strerror or error
        words = f"{cert_file} and {key_file} cannot be used: {reason}"
        remedy = "a PEM certificate and its own key without a pass phrase are expected"
        raise ConfigError(f"{words}; {remedy}", path="web.tls") from error
