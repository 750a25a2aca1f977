"""The export: every sample once, in order, a bounded number at a time."""

from pathlib import Path

import apsw
import numpy as np
import pytest

from barograph.model.batch import Family, MetricType
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.sample import ABSENT, STALE
from barograph.tsdb import export as export_module
from barograph.tsdb.export import Export, family_of
from barograph.tsdb.filenames import DAY_MS
from barograph.tsdb.load import BulkLoader
from barograph.tsdb.reader import StoreReader
from helpers.clock import FakeClock
from unit.tsdb.stores import FAMILY, SMALL, T0, Kit, labels_of, schema_of

EVER = (0, 1 << 52)


def exported(export: Export) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for runs in export:
        for run in runs:
            rows = zip(run.timestamps_ms.tolist(), run.values.tolist(), strict=True)
            found.setdefault(str(run.labels), []).extend(rows)
    return found


def load(folder: Path, series: int, days: int) -> None:
    # midnights are among them
    times = T0 // DAY_MS * DAY_MS + DAY_MS + np.arange(0, days * DAY_MS, DAY_MS // 4)
    values = np.arange(float(series * len(times))).reshape(series, len(times))
    with BulkLoader.open(folder, SMALL, FakeClock(T0)) as loader:
        loader.write_columns([labels_of(str(i)) for i in range(series)], times, values, [FAMILY] * series)


def test_everything_is_exported_once_whatever_the_size_of_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path, 5, 3)
    reader = StoreReader.open_offline(tmp_path, SMALL)
    whole = exported(Export(reader, [()], *EVER))
    assert [len(rows) for rows in whole.values()] == [12] * 5
    for samples in (1, 13, 30, 100):
        monkeypatch.setattr(export_module, "_STEP_SAMPLES", samples)
        export = Export(reader, [()], *EVER)
        assert exported(export) == whole
        assert export.series_done == export.series_count == 5
    reader.close()


def test_steps_are_small_and_known_series_come_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path, 9, 3)
    reader = StoreReader.open_offline(tmp_path, SMALL)
    monkeypatch.setattr(export_module, "_STEP_SAMPLES", 48)
    steps = [(len(runs), sum(len(run.values) for run in runs)) for runs in Export(reader, [()], *EVER)]
    # the first series tells how long series are: day by day, then four at a time
    assert steps == [(1, 4)] * 3 + [(4, 48), (4, 48)] and all(samples <= 48 for _, samples in steps)
    reader.close()


def test_a_selection_and_a_range(tmp_path: Path) -> None:
    load(tmp_path, 3, 2)
    reader = StoreReader.open_offline(tmp_path, SMALL)
    selectors = [(Matcher("i", MatchOp.EQUAL, "0"),), (Matcher("i", MatchOp.REGEX, "0|2"),)]
    first_ms = T0 // DAY_MS * DAY_MS + DAY_MS
    export = Export(reader, selectors, first_ms + 1, first_ms + DAY_MS // 2)
    assert export.series_count == 2 and export.label_names == ["i"]
    quarter = DAY_MS // 4
    assert exported(export) == {
        str(labels_of("0")): [(first_ms + quarter, 1.0), (first_ms + 2 * quarter, 2.0)],
        str(labels_of("2")): [(first_ms + quarter, 17.0), (first_ms + 2 * quarter, 18.0)],
    }
    assert exported(Export(reader, [()], first_ms + 1, first_ms + 2)) == {}
    reader.close()


def test_an_empty_store_exports_nothing(tmp_path: Path) -> None:
    Kit(tmp_path).store.close()
    reader = StoreReader.open_offline(tmp_path, SMALL)
    export = Export(reader, [()], *EVER)
    assert list(export) == [] and export.series_count == 0
    reader.close()


def test_the_head_is_exported_too_without_absent_places(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    for second in range(25):
        absent = ABSENT if second % 2 else float(second)
        kit.tick(schema_of("x", "y"), second, [absent, STALE if second == 3 else 1.0])
        kit.store.maintain(1e9)
    reader = kit.reader()
    found = exported(Export(reader, [()], *EVER))
    assert [at for at, _ in found[str(labels_of("x"))]] == [T0 + 1000 * second for second in range(0, 25, 2)]
    assert len(found[str(labels_of("y"))]) == 25
    assert reader.time_range() == (T0, T0 + 24_000)
    reader.close()
    kit.store.close()


def test_what_is_damaged_is_said(tmp_path: Path) -> None:
    load(tmp_path, 2, 1)
    path = next(tmp_path.glob("blocks-*.db"))
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE blocks SET payload = zeroblob(length(payload))")
    connection.close()
    reader = StoreReader.open_offline(tmp_path, SMALL)
    export = Export(reader, [()], *EVER)
    list(export)
    assert any("damaged" in warning for warning in export.warnings)
    reader.close()


def test_families_are_found_by_name() -> None:
    histogram = Family("h", MetricType.HISTOGRAM, "")
    gauge = Family("g", MetricType.GAUGE, "")
    families = {"h": histogram, "g": gauge}
    assert family_of("h_bucket", families) is histogram
    assert family_of("g", families) is gauge
    assert family_of("g_sum", families) == Family("g_sum", MetricType.UNTYPED, "")
    assert family_of("z", families).type is MetricType.UNTYPED
