"""A data folder without a server."""

from pathlib import Path

import pytest

from barograph.cli.offline import ask_folder
from barograph.cli.spans import Span
from barograph.model.errors import FolderError, ParseError
from unit.tsdb.stores import T0, Kit, schema_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kit = Kit(tmp_path / "data")
    for second in range(5):
        kit.tick(schema_of("x", "y"), second, [float(second), 10.0])
    kit.store.close()
    return kit.folder


AT = Span(T0 + 4000, T0 + 4000, 0)


def test_an_instant(folder: Path) -> None:
    answer = ask_folder('m{i="x"}', AT, folder)
    (series,) = answer.series
    assert (answer.kind, str(series.labels)) == ("vector", 'm{i="x"}')
    assert (series.timestamps_ms.tolist(), series.values.tolist()) == ([T0 + 4000], [4.0])


def test_a_range_leaves_out_steps_where_nothing_is(folder: Path) -> None:
    answer = ask_folder('m{i="x"} > 2', Span(T0, T0 + 4000, 1000), folder)
    (series,) = answer.series
    assert answer.kind == "matrix"
    assert (series.timestamps_ms.tolist(), series.values.tolist()) == ([T0 + 3000, T0 + 4000], [3.0, 4.0])


def test_a_range_vector_is_its_samples(folder: Path) -> None:
    answer = ask_folder('m{i="x"}[2s]', AT, folder)
    assert answer.kind == "matrix"
    assert answer.series[0].values.tolist() == [3.0, 4.0]


def test_a_scalar_and_a_string(folder: Path) -> None:
    scalar = ask_folder("1 + 1", AT, folder)
    assert (scalar.kind, scalar.series[0].values.tolist()) == ("scalar", [2.0])
    assert ask_folder("2", Span(T0, T0 + 2000, 1000), folder).kind == "matrix"
    string = ask_folder('"words"', AT, folder)
    assert (string.kind, string.text) == ("string", "words")


def test_infos_are_among_the_warnings(folder: Path) -> None:
    assert any("m" in warning for warning in ask_folder("rate(m[4s])", AT, folder).warnings)


def test_a_wrong_expression_is_refused_and_the_folder_can_be_read_again(folder: Path) -> None:
    with pytest.raises(ParseError):
        ask_folder("m{", AT, folder)
    assert ask_folder("m", AT, folder).series


def test_a_folder_without_a_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="holds no Barograph store"):
        ask_folder("m", AT, tmp_path)
