import msgspec
import pytest

from barograph.tsdb.config import StoreConfig


def test_defaults() -> None:
    config = StoreConfig()
    assert (str(config.retention), str(config.max_size)) == ("30d", "10GiB")
    assert (config.fold_ticks, config.ring_slots) == (900, 1200)


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("fold_ticks", 0, "fold_ticks is 0"),
        ("ring_slots", 900, "must exceed fold_ticks"),
        ("checkpoint_ticks", 0, "checkpoint_ticks is 0"),
        ("merge_samples", 0, "merge_samples is 0"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(setting: str, value: int, words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert({setting: value}, StoreConfig)


def test_no_retention_is_refused() -> None:
    retention = type(StoreConfig().retention)(0)
    with pytest.raises(ValueError, match="retention is 0"):
        StoreConfig(retention=retention)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `slots`"):
        msgspec.convert({"slots": 1}, StoreConfig)
