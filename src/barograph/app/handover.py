"""What the keeper hands a new front: the effective configuration and descriptor numbers, in a memfd.

Not in the arguments, which any user of the machine can read, and not the file's path, so that a half-edited file never
keeps a front from starting.
"""

import os

import msgspec

from barograph.link.framing import CertificateFrame
from barograph.model.errors import LinkError


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """All that a front needs to know.

    Attributes:
        config: The effective configuration (`app.config.encode_config`).
        data: The data folder.
        token_hash: Hash of the local administrator's token.
        listen: Descriptors of the listening sockets.
        link: Descriptor of the front's end of the link.
        certificate: What TLS is spoken with; None without TLS.
    """

    config: bytes
    data: str
    token_hash: str
    listen: tuple[int, ...]
    link: int
    certificate: CertificateFrame | None = None


def write_handover(handover: Handover) -> int:
    """Write it into new memory; returns the descriptor, at its beginning."""
    descriptor = os.memfd_create("barograph-handover", 0)
    os.write(descriptor, msgspec.msgpack.encode(handover))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def read_handover(descriptor: int) -> Handover:
    """Read it, and close the descriptor.

    Raises:
        LinkError: There is none, since the front was started by something other than a keeper.
    """
    try:
        with os.fdopen(descriptor, "rb") as file:
            return msgspec.msgpack.decode(file.read(), type=Handover)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise LinkError("a front is started by `barograph serve`, not by hand") from error
