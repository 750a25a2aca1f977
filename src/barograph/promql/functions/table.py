"""The functions of the language, one entry each: name, types, a line of documentation, implementation.

The only place that knows which functions there are. The parser takes `SIGNATURES` from it, the planner the
implementations, the reference page the documentation.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from barograph.model.sample import FloatArray
from barograph.promql.ast import ValueType
from barograph.promql.functions import (
    clock,
    fractions,
    histograms,
    info,
    maths,
    over_time,
    rate,
    regression,
    relabel,
    shapes,
)
from barograph.promql.functions.entry import Form, Function, OverTime, Pointwise, ToScalar, ToVector
from barograph.promql.functions.from_tiers import DECOMPOSED
from barograph.promql.signature import Signature

_S, _V, _M, _T = ValueType.SCALAR, ValueType.VECTOR, ValueType.MATRIX, ValueType.STRING


def _window(name: str, doc: str, form: OverTime, *, experimental: bool = False) -> Function:
    form = replace(form, from_tiers=DECOMPOSED.get(name))
    return Function(Signature(name=name, args=(_M,), experimental=experimental), doc, form)


def _point(name: str, doc: str, function: Callable[..., FloatArray], *scalars: ValueType) -> Function:
    return Function(Signature(name=name, args=(_V, *scalars)), doc, Pointwise(function))


def _date(name: str, doc: str, part: Callable[[FloatArray], FloatArray]) -> Function:
    return Function(Signature(name=name, args=(_V,), optional=1), doc, clock.date_part(part))


def _scalar(name: str, doc: str, form: ToScalar, *args: ValueType, experimental: bool = False) -> Function:
    return Function(Signature(name=name, args=args, returns=_S, experimental=experimental), doc, form)


def _whole(signature: Signature, doc: str, form: Form) -> Function:
    return Function(signature, doc, form)


def _native(name: str, doc: str) -> Function:
    """An entry for what takes native histograms and ignores floats, so that nothing comes of these."""
    return Function(Signature(name=name, args=(_V,)), doc, ToVector(shapes.nothing))


CHAPTERS: Mapping[str, tuple[Function, ...]] = {
    "Counters and gauges over a range": (
        _window(
            "rate",
            "Per-second increase of a counter, extrapolated to the range.",
            OverTime(rate.rate, 2, expects_counter=True),
        ),
        _window(
            "increase",
            "Increase of a counter, extrapolated to the range.",
            OverTime(rate.increase, 2, expects_counter=True),
        ),
        _window("irate", "Per-second increase between the last two samples.", OverTime(rate.irate, 2)),
        _window("delta", "Difference of a gauge, extrapolated to the range.", OverTime(rate.delta, 2)),
        _window("idelta", "Difference between the last two samples.", OverTime(rate.idelta, 2)),
        _window("changes", "How often the value changed.", OverTime(rate.changes)),
        _window("resets", "How often a counter was reset.", OverTime(rate.resets)),
        _window("deriv", "Per-second derivative of a gauge by linear regression.", OverTime(regression.deriv, 2)),
        _whole(
            Signature(name="predict_linear", args=(_M, _S)),
            "Value in so many seconds, by linear regression.",
            OverTime(regression.predict, 2, takes_times=True),
        ),
        _whole(
            Signature(name="double_exponential_smoothing", args=(_M, _S, _S), experimental=True),
            "Smoothed value of a gauge (Holt's linear method).",
            OverTime(over_time.smoothed, 2, takes_fractions=True),
        ),
    ),
    "Aggregation over time": (
        _window("avg_over_time", "Average of the samples.", OverTime(over_time.avg)),
        _window("min_over_time", "Smallest of the samples.", OverTime(over_time.lowest)),
        _window("max_over_time", "Largest of the samples.", OverTime(over_time.highest)),
        _window("sum_over_time", "Sum of the samples.", OverTime(over_time.total)),
        _window("count_over_time", "Number of samples.", OverTime(over_time.count)),
        _whole(
            Signature(name="quantile_over_time", args=(_S, _M)),
            "Quantile (0 to 1) of the samples.",
            OverTime(over_time.quantile, takes_quantile=True),
        ),
        _window("stddev_over_time", "Population standard deviation of the samples.", OverTime(over_time.stddev)),
        _window("stdvar_over_time", "Population variance of the samples.", OverTime(over_time.stdvar)),
        _window("last_over_time", "Newest sample.", OverTime(over_time.last, keeps_name=True, newest_only=True)),
        _window("first_over_time", "Oldest sample.", OverTime(over_time.first, keeps_name=True)),
        _window("present_over_time", "1 where there is any sample.", OverTime(over_time.present, newest_only=True)),
        _window(
            "mad_over_time", "Median absolute deviation of the samples.", OverTime(over_time.mad), experimental=True
        ),
        _window(
            "ts_of_min_over_time",
            "Timestamp of the last smallest sample.",
            OverTime(over_time.stamp_of_lowest),
            experimental=True,
        ),
        _window(
            "ts_of_max_over_time",
            "Timestamp of the last largest sample.",
            OverTime(over_time.stamp_of_highest),
            experimental=True,
        ),
        _window(
            "ts_of_last_over_time",
            "Timestamp of the newest sample.",
            OverTime(over_time.stamp_of_last, newest_only=True),
            experimental=True,
        ),
        _window(
            "ts_of_first_over_time",
            "Timestamp of the oldest sample.",
            OverTime(over_time.stamp_of_first),
            experimental=True,
        ),
        _whole(
            Signature(name="absent_over_time", args=(_M,)),
            "1 where there is no sample at all.",
            ToVector(shapes.absent_over_time),
        ),
    ),
    "Single values": (
        _point("abs", "Absolute value.", np.abs),
        _point("ceil", "Rounded up.", np.ceil),
        _point("floor", "Rounded down.", np.floor),
        _whole(
            Signature(name="round", args=(_V, _S), optional=1),
            "Rounded to the nearest multiple of the second argument (1), ties up.",
            Pointwise(maths.round_to),
        ),
        _whole(Signature(name="clamp", args=(_V, _S, _S)), "Limited to a range.", ToVector(shapes.clamp)),
        _point("clamp_min", "Limited from below.", maths.clamp_min, _S),
        _point("clamp_max", "Limited from above.", maths.clamp_max, _S),
        _point("sgn", "-1, 0 or 1 by sign.", np.sign),
        _point("sqrt", "Square root.", np.sqrt),
        _point("exp", "Exponential function.", np.exp),
        _point("ln", "Natural logarithm.", np.log),
        _point("log2", "Binary logarithm.", np.log2),
        _point("log10", "Decimal logarithm.", np.log10),
        _point("acos", "Arccosine.", np.arccos),
        _point("acosh", "Inverse hyperbolic cosine.", np.arccosh),
        _point("asin", "Arcsine.", np.arcsin),
        _point("asinh", "Inverse hyperbolic sine.", np.arcsinh),
        _point("atan", "Arctangent.", np.arctan),
        _point("atanh", "Inverse hyperbolic tangent.", np.arctanh),
        _point("cos", "Cosine.", np.cos),
        _point("cosh", "Hyperbolic cosine.", np.cosh),
        _point("sin", "Sine.", np.sin),
        _point("sinh", "Hyperbolic sine.", np.sinh),
        _point("tan", "Tangent.", np.tan),
        _point("tanh", "Hyperbolic tangent.", np.tanh),
        _point("deg", "Radians to degrees.", np.degrees),
        _point("rad", "Degrees to radians.", np.radians),
    ),
    "Scalars": (
        _scalar("pi", "The number pi.", ToScalar(maths.pi)),
        _scalar("time", "Instant of evaluation in seconds since 1970.", ToScalar(maths.time)),
        _scalar("start", "First instant of the query in seconds since 1970.", ToScalar(maths.start), experimental=True),
        _scalar("end", "Last instant of the query in seconds since 1970.", ToScalar(maths.end), experimental=True),
        _scalar("step", "Step of the query in seconds.", ToScalar(maths.step), experimental=True),
        _scalar("range", "Length of the query's range in seconds.", ToScalar(maths.span), experimental=True),
        _scalar("min_of", "Smaller of two scalars.", ToScalar(maths.min_of), _S, _S, experimental=True),
        _scalar("max_of", "Larger of two scalars.", ToScalar(maths.max_of), _S, _S, experimental=True),
        _scalar("scalar", "Value of a vector's only element, else NaN.", ToScalar(shapes.to_scalar), _V),
        _whole(
            Signature(name="vector", args=(_S,)), "Vector of one element without labels.", ToVector(shapes.to_vector)
        ),
    ),
    "Presence and order": (
        _whole(Signature(name="absent", args=(_V,)), "1 where a vector is empty.", ToVector(shapes.absent)),
        _whole(Signature(name="sort", args=(_V,)), "Smallest first.", ToVector(shapes.sort)),
        _whole(Signature(name="sort_desc", args=(_V,)), "Largest first.", ToVector(shapes.sort_desc)),
        _whole(
            Signature(name="sort_by_label", args=(_V, _T), optional=1, variadic=-1, experimental=True),
            "By the natural order of some labels.",
            ToVector(shapes.sort_by_label),
        ),
        _whole(
            Signature(name="sort_by_label_desc", args=(_V, _T), optional=1, variadic=-1, experimental=True),
            "By the natural order of some labels, the last first.",
            ToVector(shapes.sort_by_label_desc),
        ),
    ),
    "Time": (
        _whole(
            Signature(name="timestamp", args=(_V,)), "Timestamp of each sample in seconds.", ToVector(clock.timestamp)
        ),
        _date("minute", "Minute of the hour, in UTC.", clock.minute),
        _date("hour", "Hour of the day, in UTC.", clock.hour),
        _date("day_of_week", "Day of the week (0 is Sunday), in UTC.", clock.day_of_week),
        _date("day_of_month", "Day of the month, in UTC.", clock.day_of_month),
        _date("day_of_year", "Day of the year, in UTC.", clock.day_of_year),
        _date("days_in_month", "Number of days of the month, in UTC.", clock.days_in_month),
        _date("month", "Month of the year, in UTC.", clock.month),
        _date("year", "Year, in UTC.", clock.year),
        _whole(
            Signature(name="start_timestamp", args=(_V,), experimental=True),
            "Start timestamp of each sample in seconds: nothing, since samples carry none here.",
            ToVector(shapes.nothing),
        ),
    ),
    "Labels": (
        _whole(
            Signature(name="label_replace", args=(_V, _T, _T, _T, _T)),
            "A label set to what a regular expression finds in another: `$1`, `$name` stand for its groups.",
            ToVector(relabel.label_replace),
        ),
        _whole(
            Signature(name="label_join", args=(_V, _T, _T, _T), optional=1, variadic=-1),
            "A label set to the joined values of others.",
            ToVector(relabel.label_join),
        ),
        _whole(
            Signature(name="info", args=(_V, _V), optional=1, experimental=True),
            "Labels of info metrics (`target_info`) of the same `instance` and `job`, or those that the matchers name.",
            ToVector(info.info),
        ),
    ),
    "Histograms": (
        _whole(
            Signature(name="histogram_quantile", args=(_S, _V)),
            "Quantile (0 to 1) of a histogram.",
            ToVector(histograms.histogram_quantile),
        ),
        _whole(
            Signature(name="histogram_quantiles", args=(_V, _T, _S), variadic=9, experimental=True),
            "Several quantiles of a histogram, told apart by a label.",
            ToVector(histograms.histogram_quantiles),
        ),
        _whole(
            Signature(name="histogram_fraction", args=(_S, _S, _V)),
            "Fraction of a histogram's observations between two values.",
            ToVector(fractions.histogram_fraction),
        ),
        _native("histogram_avg", "Average of the observations of native histograms."),
        _native("histogram_count", "Count of the observations of native histograms."),
        _native("histogram_sum", "Sum of the observations of native histograms."),
        _native("histogram_stddev", "Standard deviation of the observations of native histograms."),
        _native("histogram_stdvar", "Variance of the observations of native histograms."),
    ),
}
"""All functions by what they are for, in the order of the reference page."""

FUNCTIONS: Mapping[str, Function] = {entry.signature.name: entry for entries in CHAPTERS.values() for entry in entries}
"""All functions by name."""

SIGNATURES: Mapping[str, Signature] = {name: entry.signature for name, entry in FUNCTIONS.items()}
"""What the parser needs of them."""
