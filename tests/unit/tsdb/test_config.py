import msgspec
import pytest

from barograph.model.units import Duration
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


def test_tiers_are_named_by_their_width() -> None:
    assert StoreConfig().tier_widths_ms == {"1m": 60_000, "1h": 3_600_000}
    day = Duration.parse("1d")
    assert list(StoreConfig(tiers={"1h": day, "5m": day, "30s": day}).tier_widths_ms) == ["30s", "5m", "1h"]
    assert StoreConfig(tiers={}).tier_widths_ms == {}


@pytest.mark.parametrize(
    ("tiers", "words"),
    [
        ({"1h30m": "1d"}, "width '1h30m'"),
        ({"0s": "1d"}, "width '0s'"),
        ({"1m": "0s"}, "keeps 1m for 0"),
        ({"7m": "1d"}, "a day is no multiple"),
        ({"2d": "1d"}, "a day is no multiple"),
        ({"60s": "1d", "1m": "1d"}, "1m twice, as 60s too"),
        ({"30m": "1d", "45m": "1d"}, "has 30m and 45m"),
    ],
)
def test_a_tier_that_cannot_be_is_refused(tiers: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        StoreConfig(tiers={width: Duration.parse(kept) for width, kept in tiers.items()})
