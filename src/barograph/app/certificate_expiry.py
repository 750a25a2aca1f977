"""When a certificate ends, found by a handshake with itself in memory: the standard library has no other way to ask."""

import ssl
from datetime import UTC, datetime

from barograph.model.errors import ConfigError

_FORMAT = "%b %d %H:%M:%S %Y %Z"
_MOST_TURNS = 10


def certificate_end(cert_file: str, key_file: str) -> datetime:
    """Return the instant until which a certificate is good.

    Raises:
        ConfigError: It has ended, is not good yet, or cannot be used; says which.
        OSError: A file cannot be read.
    """
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        server.load_cert_chain(cert_file, key_file, password=lambda: b"")
        # trusted as it stands, so that nothing but its time can be wrong with it
        client.load_verify_locations(cert_file)
        client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        client.check_hostname = False
        found = _shake_hands(server, client)
    except ssl.SSLCertVerificationError as error:
        raise ConfigError(f"{cert_file}: {error.verify_message}", path="web.tls.cert_file") from error
    except ssl.SSLError as error:
        raise ConfigError(f"{cert_file} cannot be used: {error.reason or error}", path="web.tls") from error
    return datetime.strptime(found, _FORMAT).replace(tzinfo=UTC)


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> str:
    """Return `notAfter` of what the server shows."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asked = client.wrap_bio(to_client, to_server)
    shown = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(_MOST_TURNS):
        for side in (asked, shown):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
        certificate = asked.getpeercert() if asked.version() else None
        if certificate:
            return str(certificate["notAfter"])
    raise ConfigError("the certificate cannot be used: the handshake does not end", path="web.tls")
