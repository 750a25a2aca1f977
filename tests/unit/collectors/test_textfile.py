import os
from pathlib import Path

import pytest

from barograph.collectors import textfile
from barograph.collectors.textfile import TextfileCollector, TextfileConfig
from barograph.model.batch import MetricType
from helpers.collectors import as_dict, families_of, host_in, lay_out


def collector(folder: Path, *directories: str) -> TextfileCollector:
    return TextfileCollector(host_in(folder), TextfileConfig(directory=tuple(str(folder / d) for d in directories)))


def read(folder: Path, *directories: str) -> dict[str, float]:
    found = as_dict(collector(folder, *(directories or ("in",))).collect(1))
    return {key: value for key, value in found.items() if not key.startswith("node_textfile_mtime")}


def test_files_are_read_with_their_time(tmp_path: Path) -> None:
    lay_out(tmp_path, {"in/b.prom": "b 2\n", "in/a.prom": 'a{x="y"} 1\n', "in/c.txt": "c 3\n"})
    for name in ("a", "b"):
        os.utime(tmp_path / f"in/{name}.prom", ns=(0, 1_500_000_000))
    assert as_dict(collector(tmp_path, "in").collect(1)) == {
        'a{x="y"}': 1,
        f'node_textfile_mtime_seconds{{file="{tmp_path}/in/a.prom"}}': 1.5,
        "b": 2,
        f'node_textfile_mtime_seconds{{file="{tmp_path}/in/b.prom"}}': 1.5,
        "node_textfile_scrape_error": 0,
    }


def test_types_and_help_stay(tmp_path: Path) -> None:
    lay_out(tmp_path, {"in/a.prom": "# HELP a_total What.\n# TYPE a_total counter\na_total 1\nplain 2\n"})
    families = families_of(collector(tmp_path, "in").collect(1))
    assert (families["a_total"].type, families["a_total"].help) == (MetricType.COUNTER, "What.")
    assert families["plain"].help == f"Metric read from {tmp_path}/in/a.prom"


def test_histograms_and_summaries(tmp_path: Path) -> None:
    text = (
        '# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_sum 2\nh_count 1\n'
        '# TYPE s summary\ns{quantile="0.5"} 3\ns_sum 4\ns_count 5\n'
    )
    lay_out(tmp_path, {"in/a.prom": text})
    assert read(tmp_path) == {
        'h_bucket{le="+Inf"}': 1,
        "h_sum": 2,
        "h_count": 1,
        's{quantile="0.5"}': 3,
        "s_sum": 4,
        "s_count": 5,
        "node_textfile_scrape_error": 0,
    }
    families = families_of(collector(tmp_path, "in").collect(1))
    assert families["h_bucket"].type is MetricType.HISTOGRAM


@pytest.mark.parametrize(
    "bad",
    [
        "a{ 1\n",
        "b 1 1234\n",
        "ok 1\n",
        "# TYPE typed counter\ntyped 5\n",
        "# HELP typed Other words.\n# TYPE typed gauge\ntyped{x='1'} 5\n".replace("'", '"'),
    ],
)
def test_a_file_that_cannot_be_used_harms_no_other(tmp_path: Path, bad: str, caplog: pytest.LogCaptureFixture) -> None:
    good = "ok 1\n# HELP typed Words.\n# TYPE typed gauge\ntyped 2\n"
    lay_out(tmp_path, {"in/a.prom": good, "in/b.prom": bad, "in/c.prom": "last 3\n"})
    reading = collector(tmp_path, "in")
    for at_ms in (1, 2):
        found = as_dict(reading.collect(at_ms))
        assert (found["ok"], found["typed"], found["last"], found["node_textfile_scrape_error"]) == (1, 2, 3, 1)
        assert f'node_textfile_mtime_seconds{{file="{tmp_path}/in/b.prom"}}' not in found
    assert len(caplog.records) == 1
    assert "b.prom is left out" in caplog.text


def test_several_files_may_share_a_family(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "in/a.prom": '# HELP e Words.\n# TYPE e counter\ne{f="a"} 1\n',
            "in/b.prom": '# TYPE e counter\ne{f="b"} 2\n',
            "in/c.prom": '# HELP e Words.\n# TYPE e counter\ne{f="c"} 3\n',
        },
    )
    assert read(tmp_path) == {'e{f="a"}': 1, 'e{f="b"}': 2, 'e{f="c"}': 3, "node_textfile_scrape_error": 0}


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    lay_out(tmp_path, {"in/a.prom": "a 1\n"})
    reading = collector(tmp_path, "in")
    assert as_dict(reading.collect(1))["a"] == 1
    (tmp_path / "new").write_text("a 2\n")
    (tmp_path / "new").rename(tmp_path / "in/a.prom")
    assert as_dict(reading.collect(2))["a"] == 2
    (tmp_path / "in/a.prom").unlink()
    assert as_dict(reading.collect(3)) == {"node_textfile_scrape_error": 0}


def test_globs_and_folders_that_are_not_there(tmp_path: Path) -> None:
    lay_out(tmp_path, {"x1/a.prom": "a 1\n", "x2/b.prom": "b 2\n"})
    assert read(tmp_path, "x*") == {"a": 1, "b": 2, "node_textfile_scrape_error": 0}
    assert read(tmp_path, "x1", "gone") == {"a": 1, "node_textfile_scrape_error": 1}
    assert as_dict(collector(tmp_path).collect(1)) == {"node_textfile_scrape_error": 0}


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textfile, "_LARGEST_BYTES", 3)
    lay_out(tmp_path, {"in/a.prom": "a 1\n"})
    assert read(tmp_path) == {"node_textfile_scrape_error": 1}
