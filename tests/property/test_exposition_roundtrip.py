"""Whatever is formatted as text reads back as the same samples, with the same types and help."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.formats.exposition import format_exposition, format_value, parse_exposition
from barograph.model.batch import Family, MetricType, Schema
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.sample import ABSENT, STALE

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
_NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True).filter(lambda name: name != METRIC_NAME)
# no two names of which one is the other's sum or count, which would be the same family
_FAMILIES = st.builds(
    Family, st.from_regex(r"[a-z:][a-z0-9:]{0,5}", fullmatch=True), st.sampled_from(MetricType), _TEXT.map(str.strip)
)


@st.composite
def _schemas(draw: st.DrawFn) -> Schema:
    families = draw(st.lists(_FAMILIES, min_size=1, max_size=4, unique_by=lambda family: family.name))
    series: dict[Labels, int] = {}
    for _ in range(draw(st.integers(0, 8))):
        index = draw(st.integers(0, len(families) - 1))
        labels = draw(st.dictionaries(_NAMES, _TEXT, max_size=3))
        series[Labels({**labels, METRIC_NAME: families[index].name}.items())] = index
    return Schema(tuple(families), tuple(series), tuple(series.values()))


@given(_schemas(), st.data())
@settings(deadline=None, max_examples=200)
def test_samples_families_and_timestamps_come_back(schema: Schema, data: st.DataObject) -> None:
    special = st.sampled_from([ABSENT, STALE, float("nan")])
    values = data.draw(st.lists(st.floats() | special, min_size=len(schema), max_size=len(schema)))
    timestamp_ms = data.draw(st.none() | st.integers(-(2**53), 2**53))
    vector = np.array(values, dtype=np.float64)
    parsed = parse_exposition(format_exposition([(schema, vector, timestamp_ms)]))
    bits = vector.view(np.uint64)
    left_out = np.array([ABSENT, STALE]).view(np.uint64)
    present = {schema.series[i]: vector[i] for i in range(len(schema)) if bits[i] not in left_out}
    assert len(parsed.samples) == len(present)
    for sample in parsed.samples:
        assert sample.timestamp_ms == timestamp_ms
        np.testing.assert_equal(sample.value, present[sample.labels])
    for family in parsed.families.values():
        assert family in schema.families
    assert parsed.families.keys() == {labels.name for labels in present}


@given(st.floats(allow_nan=False))
def test_a_value_reads_back_the_same(value: float) -> None:
    assert float(format_value(value)) == value
