"""Frames of the link: a length, then a msgpack struct. Pure; described in docs/seams.md.

Front to keeper: `CommandFrame`. Keeper to front: `Hello` first, then `ReplyFrame`, `TickFrame`, `StatusFrame`,
`AlertsFrame`, `HealthFrame`, `CertificateFrame` and `SegmentFrame` (whose descriptor rides on its bytes).
"""

import msgspec

from barograph.model.acting import NOBODY, Actor
from barograph.model.alert_replies import AlertsNow
from barograph.model.commands import AnyCommand, AnyReply, KeeperStatus
from barograph.model.errors import LinkError

PROTOCOL = 1
MAX_FRAME_BYTES = 16 * 1024 * 1024
_LENGTH_BYTES = 4


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The first frame of a keeper."""

    protocol: int


class CommandFrame(msgspec.Struct, frozen=True, tag="command"):
    """A command and who asks for it; its answer carries the same number."""

    number: int
    command: AnyCommand
    actor: Actor = NOBODY


class ReplyFrame(msgspec.Struct, frozen=True, tag="reply"):
    """The answer to the command of this number."""

    number: int
    reply: AnyReply


class TickFrame(msgspec.Struct, frozen=True, tag="tick"):
    """A tick is committed, or at least in the head; ticks may be left out for a front that does not keep up."""

    timestamp_ms: int


class StatusFrame(msgspec.Struct, frozen=True, tag="status"):
    """The keeper's newest snapshot."""

    status: KeeperStatus


class AlertsFrame(msgspec.Struct, frozen=True, tag="alerts"):
    """Something about alerts has changed."""

    alerts: AlertsNow


class HealthFrame(msgspec.Struct, frozen=True, tag="health"):
    """The keeper's loop lives; sent again and again. `failing` says which of its parts does not, "" where all do."""

    failing: str


class CertificateFrame(msgspec.Struct, frozen=True, tag="certificate"):
    """What TLS is spoken with from now on, both PEM: the keeper reads the files, which may be closed to the front."""

    cert: bytes
    key: bytes

    def __repr__(self) -> str:
        return "CertificateFrame()"


class SegmentFrame(msgspec.Struct, frozen=True, tag="segment"):
    """A new head segment; its descriptor comes with this frame."""

    size_bytes: int


AnyFrame = (
    Hello
    | CommandFrame
    | ReplyFrame
    | TickFrame
    | StatusFrame
    | AlertsFrame
    | HealthFrame
    | CertificateFrame
    | SegmentFrame
)

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[AnyFrame] = msgspec.msgpack.Decoder(AnyFrame)


def encode_frame(frame: AnyFrame) -> bytes:
    """Return a frame's bytes, length included."""
    body = _encoder.encode(frame)
    return len(body).to_bytes(_LENGTH_BYTES, "little") + body


class FrameReader:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Take more bytes; returns the frames that are complete.

        Raises:
            LinkError: The bytes are no frames of this protocol.
        """
        self._pending += data
        frames = []
        while len(self._pending) >= _LENGTH_BYTES:
            length = int.from_bytes(self._pending[:_LENGTH_BYTES], "little")
            if length > MAX_FRAME_BYTES:
                raise LinkError(f"a frame of {length} bytes on the link, more than {MAX_FRAME_BYTES}: not our protocol")
            if len(self._pending) < _LENGTH_BYTES + length:
                break
            frames.append(_decode(bytes(self._pending[_LENGTH_BYTES : _LENGTH_BYTES + length])))
            del self._pending[: _LENGTH_BYTES + length]
        return frames


def _decode(body: bytes) -> AnyFrame:
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise LinkError(f"a frame on the link is not of our protocol: {error}") from error
