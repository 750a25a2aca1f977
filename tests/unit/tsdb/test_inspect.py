from pathlib import Path

import numpy as np
import pytest

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.errors import FolderError
from barograph.model.labels import Labels
from barograph.tsdb.inspect import ChurnReport, inspect
from unit.tsdb.stores import T0, Kit, schema_of

DAY_S = 86_400


def test_a_folder_is_looked_through(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    for day, names in enumerate(("ab", "bcd")):
        for second in range(12):
            kit.tick(schema_of(*names), day * DAY_S + second, range(len(names)))
            kit.store.maintain(1e9)
    (tmp_path / "notes").write_text("xyz")
    report = inspect(tmp_path, 2)
    assert [(f.name, f.series) for f in report.files] == [
        ("blocks-20231114.db", 2),
        ("blocks-20231115.db", 4),
        ("ballast", 0),
        ("live.db", 0),
        ("lock", 0),
        ("notes", 0),
    ]
    assert report.samples == 12 * 2 + 8 * 4
    assert report.size_bytes == sum(file.size_bytes for file in report.files)
    assert report.bytes_per_sample == report.size_bytes / report.samples
    assert [(f.name, f.samples) for f in report.families] == [("m", report.samples)]
    assert report.metrics == [("m", 4)]
    assert report.labels == [("i", 4)]
    assert len(report.pairs) == 2
    assert report.churn == [ChurnReport(period="20231115", series=4, appeared=2, ended=0)], (
        "a stale marker still counts"
    )
    assert report.ring is not None
    assert (report.ring.last_tick, report.ring.unfolded_ticks, report.ring.series) == (24, 4, 4)
    kit.store.close()


def test_metrics_are_told_apart_by_what_they_take(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    families = (Family("quiet", MetricType.GAUGE, ""), Family("busy", MetricType.GAUGE, ""))
    schema = Schema(families, (Labels.of("busy"), Labels.of("quiet")), (1, 0))
    for second in range(12):
        values = np.array([second * 0.37, 5.0])
        kit.store.append(Batch("host/1s", schema, T0 + second * 1000, values))
        kit.store.commit()
    kit.store.close()
    report = inspect(tmp_path)
    assert [(f.name, f.samples, f.chunk_bytes > 0) for f in report.families] == [
        ("busy", 12, True),
        ("quiet", 12, False),
    ]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    kit.tick(schema_of("a"), 0, [1.0])
    kit.store.close()
    (tmp_path / "blocks-20231114.db").write_bytes(b"x" * 8192)
    (tmp_path / "live.db").write_bytes(b"x" * 8192)
    report = inspect(tmp_path)
    assert [each.partition(":")[0] for each in report.unreadable] == ["blocks-20231114.db", "live.db"]
    assert (report.samples, report.bytes_per_sample) == (0, 0.0)


def test_a_folder_without_a_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="holds no Barograph store"):
        inspect(tmp_path)
