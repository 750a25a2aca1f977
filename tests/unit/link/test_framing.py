import msgspec
import pytest

from barograph.link.framing import (
    MAX_FRAME_BYTES,
    AnyFrame,
    CertificateFrame,
    CommandFrame,
    FrameReader,
    Hello,
    ReplyFrame,
    SegmentFrame,
    StatusFrame,
    TickFrame,
    encode_frame,
)
from barograph.model.commands import (
    CollectorHealth,
    Done,
    EndSession,
    KeeperStatus,
    RedeemLogin,
    Refused,
    Reload,
    SessionOpened,
)
from barograph.model.errors import LinkError

STATUS = KeeperStatus(
    version=3,
    instance="here",
    started_ms=1,
    interval_ms=1000,
    store_read_only=True,
    store_reason="the disk is full",
    collectors=(CollectorHealth(name="cpu", state="ok", reason="", interval_ms=1000),),
)
FRAMES: list[AnyFrame] = [
    Hello(1),
    CommandFrame(1, RedeemLogin(code="abc", remote="127.0.0.1")),
    CommandFrame(2, EndSession(session_id="s")),
    CommandFrame(2**40, Reload()),
    ReplyFrame(1, Done()),
    ReplyFrame(2, SessionOpened(token="t", expires_ms=5)),
    ReplyFrame(3, Refused(kind="access", message="no ✗")),
    TickFrame(1_700_000_000_000),
    StatusFrame(STATUS),
    CertificateFrame(b"a certificate", b"its key"),
    SegmentFrame(1 << 33),
]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)
def test_a_frame_comes_back_as_it_was(frame: AnyFrame) -> None:
    assert FrameReader().feed(encode_frame(frame)) == [frame]


@pytest.mark.parametrize("piece_bytes", [1, 3, 5, 64])
def test_frames_survive_any_cut(piece_bytes: int) -> None:
    stream = b"".join(map(encode_frame, FRAMES))
    reader, found = FrameReader(), []
    for start in range(0, len(stream), piece_bytes):
        found += reader.feed(stream[start : start + piece_bytes])
    assert found == FRAMES


def test_nothing_comes_of_half_a_frame() -> None:
    assert FrameReader().feed(encode_frame(TickFrame(5))[:-1]) == []


def test_another_protocol_is_refused_at_its_first_bytes() -> None:
    with pytest.raises(LinkError, match=r"a frame of 542393671 bytes on the link.*not our protocol"):
        FrameReader().feed(b"GET / HTTP/1.1")


def test_the_largest_length_is_still_waited_for() -> None:
    assert FrameReader().feed(MAX_FRAME_BYTES.to_bytes(4, "little")) == []
    with pytest.raises(LinkError, match="not our protocol"):
        FrameReader().feed((MAX_FRAME_BYTES + 1).to_bytes(4, "little"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"\xff\xff\xff",
        msgspec.msgpack.encode({"type": "unknown"}),
        msgspec.msgpack.encode({"type": "tick", "timestamp_ms": "five"}),
        msgspec.msgpack.encode({"type": "command", "number": 1, "command": {"command": "format_disk"}}),
        msgspec.msgpack.encode([1, 2, 3]),
    ],
    ids=["empty", "no msgpack", "other bytes", "unknown frame", "wrong type", "unknown command", "no map"],
)
def test_a_body_that_is_not_ours_is_refused(body: bytes) -> None:
    with pytest.raises(LinkError, match="a frame on the link is not of our protocol"):
        FrameReader().feed(len(body).to_bytes(4, "little") + body)


def test_a_key_is_not_shown() -> None:
    assert "key" not in repr(CertificateFrame(b"a certificate", b"its key"))
