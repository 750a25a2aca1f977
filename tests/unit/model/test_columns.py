"""What series are sorted by for an export."""

from barograph.model.batch import Family, MetricType
from barograph.model.columns import metric_key, order_key
from barograph.model.labels import Labels

GAUGE = Family("g", MetricType.GAUGE, "")
HISTOGRAM = Family("h", MetricType.HISTOGRAM, "")


def test_a_series_is_a_metric_of_its_own_but_for_those_of_a_histogram() -> None:
    assert metric_key(Labels.of("g", le="1"), GAUGE) != metric_key(Labels.of("g", le="2"), GAUGE)
    assert metric_key(Labels.of("h_bucket", le="1", a="x"), HISTOGRAM) == metric_key(
        Labels.of("h_sum", a="x"), HISTOGRAM
    )
    summary = Family("s", MetricType.SUMMARY, "")
    assert metric_key(Labels.of("s", quantile="1"), summary) == metric_key(Labels.of("s_sum"), summary)


def test_buckets_stand_in_rising_order_within_their_metric() -> None:
    series = [Labels.of("h_bucket", le=le, a=a) for a in "yx" for le in ("+Inf", "10", "9", "odd")]
    ordered = sorted(series, key=lambda labels: order_key(labels, HISTOGRAM))
    assert [(labels.get("a"), labels.get("le")) for labels in ordered[:3]] == [("x", "9"), ("x", "10"), ("x", "+Inf")]
    assert ordered[4].get("a") == "y"
    assert order_key(Labels.of("g"), GAUGE) < order_key(Labels.of("h_sum"), HISTOGRAM)
