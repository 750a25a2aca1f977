from barograph.collectors.base import Frame, SeriesSpec, TokenLayout, counter, gauge, text_of
from barograph.model.batch import MetricType
from barograph.model.sample import is_absent

_A = counter("a_total", "A.")
_B = gauge("b", "B.")


def test_a_frame_keeps_its_schema_while_its_series_do_not_change() -> None:
    frame = Frame("x")
    frame.reshape([SeriesSpec(_A, {"cpu": "0"}), SeriesSpec(_B, {}), SeriesSpec(_A, {"cpu": "1"})])
    schema = frame.schema
    assert [str(series) for series in schema.series] == ['a_total{cpu="0"}', "b", 'a_total{cpu="1"}']
    assert schema.families == (_A, _B)
    assert schema.family_of == (0, 1, 0)
    values = frame.reshape([SeriesSpec(_A, {"cpu": "0"}), SeriesSpec(_B, {}), SeriesSpec(_A, {"cpu": "1"})])
    assert frame.schema is schema
    assert is_absent(values).all()
    frame.reshape([SeriesSpec(_B, {})])
    assert frame.schema is not schema
    batch = frame.batch(7)
    assert (batch.source, batch.timestamp_ms, len(batch.schema), batch.values is frame.values) == ("x", 7, 1, True)


def test_a_frame_takes_a_new_schema_when_a_family_changed() -> None:
    frame = Frame("x")
    frame.reshape([SeriesSpec(_A, {})])
    schema = frame.schema
    frame.reshape([SeriesSpec(counter("a_total", "Other help."), {})])
    assert frame.schema is not schema


def test_a_layout_fits_tokens_with_the_same_keys_and_count() -> None:
    tokens = b"a 1 b 2".split()
    layout = TokenLayout(tokens, [0, 2], [1, 3])
    assert layout.fits(b"a 5 b 7".split())
    assert layout.pick(b"a 5 b 7".split()) == (b"5", b"7")
    assert not layout.fits(b"a 5 c 7".split())
    assert not layout.fits(b"a 5 b 7 c".split())


def test_a_layout_of_one_or_no_value_picks_a_tuple() -> None:
    tokens = b"a 1".split()
    assert TokenLayout(tokens, [0], [1]).pick(tokens) == (b"1",)
    assert TokenLayout(tokens, [], []).pick(tokens) == ()
    assert not TokenLayout((), (), ()).fits(())


def test_families_have_their_type() -> None:
    assert (_A.type, _B.type) == (MetricType.COUNTER, MetricType.GAUGE)
    assert text_of(b"a\xff") == "a�"
