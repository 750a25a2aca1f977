"""A data folder as the place of a client, at rest and beside its writer."""

from pathlib import Path

import pytest

from barograph.client.answer import Answer
from barograph.client.client import Client
from barograph.model.errors import FolderError, ParseError, QueryError
from barograph.model.sample import ABSENT
from unit.tsdb.stores import T0, Kit, schema_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kit = Kit(tmp_path / "data")
    for second in range(5):
        kit.tick(schema_of("x", "y"), second, [float(second), 10.0])
    kit.store.close()
    return kit.folder


T0_S = T0 / 1000


def ask(expression: str, folder: Path) -> Answer:
    with Client(folder) as client:
        return client.query(expression, T0_S + 4)


def ask_range(expression: str, folder: Path, seconds: float) -> Answer:
    with Client(str(folder)) as client:
        return client.query_range(expression, T0_S, T0_S + seconds, 1)


def test_an_instant(folder: Path) -> None:
    answer = ask('m{i="x"}', folder)
    (series,) = answer.series
    assert (answer.kind, str(series.labels)) == ("vector", 'm{i="x"}')
    assert (series.timestamps_ms.tolist(), series.values.tolist()) == ([T0 + 4000], [4.0])


def test_a_range_leaves_out_steps_where_nothing_is(folder: Path) -> None:
    answer = ask_range('m{i="x"} > 2', folder, 4)
    (series,) = answer.series
    assert answer.kind == "matrix"
    assert (series.timestamps_ms.tolist(), series.values.tolist()) == ([T0 + 3000, T0 + 4000], [3.0, 4.0])


def test_a_range_vector_is_its_samples(folder: Path) -> None:
    answer = ask('m{i="x"}[2s]', folder)
    assert answer.kind == "matrix"
    assert answer.series[0].values.tolist() == [3.0, 4.0]


def test_a_scalar_and_a_string(folder: Path) -> None:
    scalar = ask("1 + 1", folder)
    assert (scalar.kind, scalar.series[0].values.tolist()) == ("scalar", [2.0])
    assert ask_range("2", folder, 2).kind == "matrix"
    string = ask('"words"', folder)
    assert (string.kind, string.text) == ("string", "words")


def test_infos_are_among_the_warnings(folder: Path) -> None:
    assert any("m" in warning for warning in ask("rate(m[4s])", folder).warnings)


def test_a_wrong_expression_is_refused_and_the_folder_can_be_read_again(folder: Path) -> None:
    with pytest.raises(ParseError):
        ask("m{", folder)
    assert ask("m", folder).series


def test_a_folder_without_a_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="holds no Barograph store"):
        ask("m", tmp_path)


def test_the_samples_themselves(folder: Path) -> None:
    with Client(folder) as client:
        answer = client.select('m{i=~"x|y"}', T0_S + 1, T0_S + 3)
    x, y = answer.series
    assert (answer.kind, str(x.labels), str(y.labels)) == ("matrix", 'm{i="x"}', 'm{i="y"}')
    assert (x.timestamps_ms.tolist(), x.values.tolist()) == ([T0 + 1000, T0 + 2000, T0 + 3000], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("text", ["rate(m[5m])", "m offset 5m", "m[5m]", "1"])
def test_what_is_no_selector_is_refused(folder: Path, text: str) -> None:
    with Client(folder) as client, pytest.raises(QueryError):
        client.select(text, T0_S, T0_S + 1)


def test_no_sample_and_stale_markers_are_left_out(tmp_path: Path) -> None:
    kit = Kit(tmp_path / "data")
    kit.tick(schema_of("x", "y", "z"), 0, [1.0, 2.0, ABSENT])
    kit.tick(schema_of("x", "z"), 1, [3.0, ABSENT])
    kit.store.close()
    with Client(kit.folder) as client:
        found = {str(one.labels): one.values.tolist() for one in client.select("m", T0_S, T0_S + 9).series}
    assert found == {'m{i="x"}': [1.0, 3.0], 'm{i="y"}': [2.0]}


def test_what_is_committed_meanwhile_is_seen(tmp_path: Path) -> None:
    kit = Kit(tmp_path / "data")
    kit.tick(schema_of("x"), 0, [0.0])
    with Client(kit.folder) as client:
        for second in range(1, 45):
            kit.tick(schema_of("x"), second, [float(second)])
            kit.store.maintain(1e9)
            (series,) = client.select("m", T0_S, T0_S + 99).series
            assert series.values.tolist() == [float(n) for n in range(second + 1)]
            assert client.query("m", T0_S + second).series[0].values.tolist() == [second]
        kit.store.close()
        assert len(client.select("m", T0_S, T0_S + 99).series[0].values) == 45
        for path in kit.folder.glob("*.db*"):
            path.unlink()
        assert client.select("m", T0_S + 45, T0_S + 99).series == ()


def test_now_is_the_instant_where_none_is_given(folder: Path) -> None:
    with Client(folder) as client:
        assert client.query("time()").series[0].values[0] > T0_S + 10_000
