import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.model.matcher import Matcher, MatchOp
from barograph.model.units import Duration, Size
from barograph.tsdb.classes import RetentionClass, class_name
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import DAY_MS, BlockName
from barograph.tsdb.retention import Rules, SizedBlock, measure, remove_block, rules_of, size_cap, to_drop
from unit.tsdb.stores import T0

DAYS = ["20231110", "20231111", "20231112", "20231113", "20231114"]
"""The last one is that of T0."""
DEV = RetentionClass(name="cdev", matchers=(), retention_ms=DAY_MS, max_bytes=1500)


def rules(cap_bytes: int = 1 << 60, retention: str = "30d", *classes: RetentionClass) -> Rules:
    return rules_of(StoreConfig(retention=Duration.parse(retention)), classes, cap_bytes, T0)


def sized(*names: BlockName, size_bytes: int = 1000) -> list[SizedBlock]:
    return [SizedBlock(name, size_bytes) for name in names]


SAMPLES = [BlockName(day) for day in DAYS]
BUCKETS = [BlockName("202310", "", "1m"), BlockName("202311", "", "1m"), BlockName("202311", "", "1h")]


def test_a_day_goes_when_all_of_it_is_too_old() -> None:
    # T0 is 22:13 of the 14th, so the 12th still has two hours to keep
    assert to_drop(sized(*SAMPLES), 0, rules(retention="2d")) == SAMPLES[:2]
    assert to_drop(sized(*SAMPLES), 0, rules(retention="4d")) == []


def test_tiers_outlive_their_samples() -> None:
    old = BlockName("202201", "", "1m")
    assert to_drop(sized(*BUCKETS, old), 0, rules(retention="1d")) == [old]


def test_a_class_has_its_own_time_and_so_have_its_tiers() -> None:
    names = [BlockName(day, "cdev") for day in DAYS]
    month = BlockName("202310", "cdev", "1m")
    timed = RetentionClass(name="cdev", matchers=(), retention_ms=DAY_MS)
    assert to_drop(sized(*names, month, BlockName(DAYS[0])), 0, rules(1 << 60, "30d", timed)) == [*names[:3], month]


def test_files_of_a_class_that_is_gone_are_kept_as_the_rest() -> None:
    assert to_drop(sized(BlockName(DAYS[0], "cold")), 0, rules(retention="2d")) == [BlockName(DAYS[0], "cold")]
    assert to_drop(sized(BlockName(DAYS[0], "cold")), 0, rules()) == []


def test_a_class_keeps_within_its_own_size() -> None:
    names = [BlockName(day, "cdev") for day in DAYS[3:]]
    assert to_drop(sized(*names), 0, rules(1 << 60, "30d", DEV)) == names[:1]
    assert to_drop(sized(*names, size_bytes=700), 0, rules(1 << 60, "30d", DEV)) == []


def test_the_oldest_samples_go_first_and_buckets_last() -> None:
    blocks = sized(*BUCKETS, *SAMPLES)
    assert to_drop(blocks, 500, rules(6500)) == SAMPLES[:2]
    assert to_drop(blocks, 500, rules(3000)) == [*SAMPLES[:4], *BUCKETS[:2]]
    assert to_drop(blocks, 500, rules(0)) == [*SAMPLES[:4], *BUCKETS], "today's samples stay"


def test_days_of_a_clock_that_was_wrong_go_before_buckets_and_after_the_past() -> None:
    ahead = BlockName("20241114")
    blocks = sized(BUCKETS[1], *SAMPLES[3:], ahead)
    assert to_drop(blocks, 0, rules(3000)) == SAMPLES[3:4]
    assert to_drop(blocks, 0, rules(2000)) == [SAMPLES[3], ahead]
    assert to_drop(blocks, 0, rules(1000)) == [SAMPLES[3], ahead, BUCKETS[1]]


@given(
    st.lists(
        st.tuples(st.sampled_from([*SAMPLES, *BUCKETS, BlockName(DAYS[1], "cdev")]), st.integers(0, 5000)),
        unique_by=lambda b: b[0],
    ),
    st.integers(0, 20_000),
    st.integers(0, 1000),
)
def test_what_is_left_fits_or_is_todays_samples(found: list[tuple[BlockName, int]], cap: int, other: int) -> None:
    blocks = [SizedBlock(name, size) for name, size in found]
    gone = to_drop(blocks, other, rules(cap, "30d", DEV))
    assert len(set(gone)) == len(gone)
    left = [each for each in blocks if each.name not in gone]
    assert other + sum(each.size_bytes for each in left) <= cap or all(each.name == SAMPLES[-1] for each in left)


def test_a_tenth_of_the_disk_is_the_cap_where_it_is_less(tmp_path: Path) -> None:
    disk = os.statvfs(tmp_path)
    tenth = disk.f_blocks * disk.f_frsize // 10
    assert size_cap(tmp_path, StoreConfig(max_size=Size(1 << 60))) == tenth
    assert size_cap(tmp_path, StoreConfig(max_size=Size(1000))) == 1000


def test_everything_in_the_folder_is_measured_but_snapshots(tmp_path: Path) -> None:
    (tmp_path / "blocks-20231110.db").write_bytes(b"x" * 1000)
    (tmp_path / "blocks-20231110.db-wal").write_bytes(b"x" * 100)
    (tmp_path / "blocks-20231110.db.damaged-1").write_bytes(b"x" * 10)
    (tmp_path / "live.db").write_bytes(b"x" * 5)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    for folder in ("incoming", "snapshots"):
        (tmp_path / folder / "a").mkdir(parents=True)
        (tmp_path / folder / "a" / "blocks-20231110.db").write_bytes(b"x" * 2)
    assert measure(tmp_path) == ([SizedBlock(BlockName("20231110"), 1100)], 17)


def test_a_block_goes_with_its_companions(tmp_path: Path) -> None:
    (tmp_path / "blocks-20231110.db").write_bytes(b"x" * 1000)
    (tmp_path / "blocks-20231110.db-wal").write_bytes(b"x" * 100)
    assert remove_block(tmp_path, BlockName("20231110")) == 1100
    assert list(tmp_path.iterdir()) == []
    assert remove_block(tmp_path, BlockName("20200101")) == 0


def test_a_class_is_named_by_its_matchers() -> None:
    one, other = Matcher("job", MatchOp.EQUAL, "dev"), Matcher("env", MatchOp.REGEX, "a|b")
    assert class_name([one, other]) == class_name([other, one]) != class_name([one])
    assert BlockName.parse(BlockName("20231110", class_name([one])).file_name) == BlockName(
        "20231110", class_name([one])
    )


@pytest.mark.parametrize("field", ["retention_for", "max_size_for"])
def test_no_class_is_the_default(field: str) -> None:
    assert getattr(StoreConfig(), field) == {}
