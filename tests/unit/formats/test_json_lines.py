"""JSON lines as VictoriaMetrics writes them."""

import json

import pytest

from barograph.formats.json_lines import JsonLines, JsonLinesWriter
from barograph.model.errors import LineError
from barograph.model.labels import Labels
from barograph.model.sample import STALE, STALE_BITS
from unit.formats.bulk import read, run_of, samples, written


def test_a_line_is_read() -> None:
    text = '{"metric":{"__name__":"a","b":"c"},"values":[1,2.5,null,"Infinity"],"timestamps":[1,2,3,4]}\n\n'
    text += '{"timestamps":[7],"metric":{"b":"c","__name__":"a"},"values":["StaleNaN"],"other":1}'
    name = 'a{b="c"}'
    reader = read(JsonLines(), text)
    assert samples(reader.take()) == [
        (name, 1, 1.0), (name, 2, 2.5), (name, 3, "7ff8000000000000"), (name, 4, float("inf")),
        (name, 7, f"{STALE_BITS:016x}")]  # fmt: skip


def test_a_line_may_have_no_samples() -> None:
    assert samples(read(JsonLines(), '{"metric":{"__name__":"a"},"values":[],"timestamps":[]}\n').take()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "no line of an export"),
        ('{"metric":{"a":1},"values":[],"timestamps":[]}', "no line of an export"),
        ('{"metric":{},"values":[1],"timestamps":[1]}', "no label at all"),
        ('{"metric":{"a":"b"},"values":[1],"timestamps":[1,2]}', "1 values stand beside 2 timestamps"),
        ('{"metric":{"a":"b"},"values":[1],"timestamps":[99999999999999999999]}', "too far from now|no line"),
        ('{"metric":{"a":"b"},"values":[1],"timestamps":[1.5]}', "no line of an export"),
        ('{"metric":{"a":"b"},"values":["x"],"timestamps":[1]}', "'x' is no value"),
        ('{"metric":{"a":"b"},"values":[[1]],"timestamps":[1]}', "is no number, null or text"),
        ('{"metric":{"a":"b"},"values":[{}],"timestamps":[1]}', "is no number, null or text"),
        ('{"metric":{"a":"b"},"values":["NaN",{}],"timestamps":[1,2]}', "is no number, null or text"),
    ],
)
def test_what_is_no_line_is_refused(text: str, words: str) -> None:
    with pytest.raises(LineError, match=words):
        read(JsonLines(), text)


def test_what_is_written_is_json() -> None:
    values = [1.0, -0.0, float("inf"), float("-inf"), float("nan"), STALE]
    text = written(JsonLinesWriter(), [run_of(Labels.of("a", b='"'), [1, 2, 3, 4, 5, 6], values)])
    assert json.loads(text) == {
        "metric": {"__name__": "a", "b": '"'},
        "values": [1, 0, "Infinity", "-Infinity", None, "StaleNaN"],
        "timestamps": [1, 2, 3, 4, 5, 6],
    }
    assert written(JsonLinesWriter(), [run_of(Labels.of("a"), [1, 2], [1.0, 2.5])]) == (
        b'{"metric":{"__name__":"a"},"values":[1,2.5],"timestamps":[1,2]}\n'
    )


def test_numbers_and_null_among_texts() -> None:
    text = '{"metric":{"__name__":"a"},"values":[1,null,2.5,"Nan"],"timestamps":[1,2,3,4]}'
    assert [row[2] for row in samples(read(JsonLines(), text).take())] == [
        1.0, "7ff8000000000000", 2.5, "7ff8000000000001"]  # fmt: skip
