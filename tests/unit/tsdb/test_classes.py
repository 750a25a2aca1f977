from pathlib import Path

import apsw
import numpy as np
import pytest

from barograph.model.batch import Batch, Schema
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.units import Size
from barograph.tsdb.classes import RetentionClass, class_name
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from helpers.clock import FakeClock
from unit.tsdb.stores import FAMILY, T0, samples_of

DEV = (Matcher("job", MatchOp.EQUAL, "dev"),)
ODD = (Matcher("i", MatchOp.REGEX, "[13579]+"),)
CLASSES = tuple(RetentionClass(name=class_name(m), matchers=m, retention_ms=86_400_000) for m in (DEV, ODD))
CONFIG = StoreConfig(fold_ticks=10, ring_slots=80, checkpoint_ticks=5, merge_samples=40)


def schema(count: int) -> Schema:
    labels = tuple(Labels.of("m", i=str(i), job="dev" if i % 4 == 0 else "prod") for i in range(count))
    return Schema((FAMILY,), labels, (0,) * count)


class Rig:
    def __init__(
        self, folder: Path, classes: tuple[RetentionClass, ...] = CLASSES, config: StoreConfig = CONFIG
    ) -> None:
        self.folder = folder
        self.clock = FakeClock(T0)
        self.segments = MemorySegments()
        self.store = Store.open(folder, config, self.clock, self.segments, classes=classes)

    def run(self, schema: Schema, first: int, last: int) -> None:
        for second in range(first, last):
            values = np.arange(len(schema), dtype=np.float64) + second * 0.37
            self.store.append(Batch("host/1s", schema, T0 + second * 1000, values), own=True)
            self.store.commit()
            self.store.maintain(1e9)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("blocks-*.db"))


def everything(folder: Path) -> dict[str, dict[int, int]]:
    reader = StoreReader.open_offline(folder, CONFIG)
    found = samples_of(reader.select([], 0, 1 << 60))
    reader.close()
    return found


def test_each_class_has_files_of_its_own(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.run(schema(6), 0, 15)
    rig.run(schema(9), 15, 25)
    rig.store.close()
    dev, odd = (each.name for each in CLASSES)
    assert rig.files() == sorted(["blocks-20231114.db", f"blocks-{dev}-20231114.db", f"blocks-{odd}-20231114.db"])
    found = everything(tmp_path)
    assert {len(found[str(labels)]) for labels in schema(6).series} == {25}
    (tmp_path / f"blocks-{odd}-20231114.db").unlink()
    assert {labels.get("i") for labels in schema(9).series if str(labels) not in everything(tmp_path)} == set("1357")
    (tmp_path / f"blocks-{dev}-20231114.db").unlink()
    assert len(everything(tmp_path)) == 2


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_crash_between_the_files_of_a_fold_loses_nothing(tmp_path: Path, lost: int) -> None:
    """A fold that came to write some of its files, and no more."""
    rig = Rig(tmp_path)
    rig.run(schema(6), 0, 8)
    expected = everything(tmp_path)
    rig.store._upkeep.fold_now()
    rig.store._files.disconnect()
    # as if the last files had not been committed, nor the mark of what is folded
    for name in sorted(rig.files(), key=lambda name: ("-c" in name, name))[lost:]:
        (tmp_path / name).unlink()
    connection = apsw.Connection(str(tmp_path / "live.db"))
    connection.execute("UPDATE meta SET value = 0 WHERE key = 'folded_tick'")
    connection.close()
    rig.store._files.close()
    again = Rig(tmp_path)
    again.store.close()
    assert everything(tmp_path) == expected


def test_where_classes_change_old_files_are_still_read(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.run(schema(6), 0, 25)
    rig.store.close()
    before = everything(tmp_path)
    later = Rig(tmp_path, classes=())
    later.run(schema(6), 25, 40)
    later.store.close()
    found = everything(tmp_path)
    assert all(len(found[name]) == 40 for name in before)


def test_even_a_single_day_keeps_to_the_cap(tmp_path: Path) -> None:
    most = 600_000
    config = StoreConfig(fold_ticks=10, ring_slots=80, checkpoint_ticks=5, merge_samples=20, max_size=Size(most))
    rig = Rig(tmp_path, (), config)
    noise = np.random.default_rng(1)
    wide = schema(400)
    largest = 0
    for second in range(400):
        rig.store.append(Batch("host/1s", wide, T0 + second * 1000, noise.random(400)), own=True)
        rig.store.commit()
        rig.store.maintain(1e9)
        rig.clock.advance(1.0)
        if second % 10 == 9:
            largest = max(largest, sum(path.stat().st_size for path in tmp_path.iterdir()))
    assert rig.store.stats.spans_trimmed > 0
    assert largest <= most * 1.6, "the ring and one fold may come on top for a moment"
    rig.store.close()
    seconds = sorted(everything(tmp_path)[str(wide.series[0])])
    assert seconds[-1] == 399
    assert seconds == list(range(seconds[0], 400)), "the oldest went, and nothing between"
