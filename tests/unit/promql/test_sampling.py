import pytest

from barograph.model.labels import Labels
from barograph.promql.sampling import label_bytes, xxh64


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"", 0xEF46DB3751D8E999),
        (b"a", 0xD24EC4F1A98C6E5B),
        (b"abc", 0x44BC2CF5AD770999),
        (b"Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1),
    ],
)
def test_the_hash_is_that_of_the_specification(data: bytes, value: int) -> None:
    assert xxh64(data) == value


def test_labels_lie_behind_their_lengths() -> None:
    assert label_bytes(Labels.of("m", job="x" * 300)) == b"\x08__name__\x01m\x03job\xff\x2c\x01\x00" + b"x" * 300
