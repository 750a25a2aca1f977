"""Strategies of expressions that Prometheus 2.42 and we both know. All give an instant vector unless they say so."""

from hypothesis import strategies as st

Text = st.SearchStrategy[str]

NAMES = (
    "requests_total",
    "temperature",
    "level",
    "up",
    "sparse",
    "odd",
    "latency_seconds_bucket",
    "build_info",
    "none",
)
MATCHERS = (
    'job="api"', 'job!="api"', 'instance=~"0|2|4"', 'instance!~"1.*"', 'mode="user"', 'zone=""', 'zone!=""',
    'row=~".+"',
    'kind=~"[0-2]"', 'le="+Inf"',
)  # fmt: skip
LABELS = ("job", "instance", "mode", "zone", "row", "kind", "le", "nowhere")
RANGES = ("20s", "45s", "1m", "2m", "5m", "7m", "11m")
SUBQUERY_RANGES = ("20s500ms", "1m500ms", "5m500ms", "11m500ms")
"""Half a second over, since the steps within stand on whole seconds, and none may lie on the edge of a window."""
MATHS = (
    "abs","exp", "sqrt", "ln", "log2", "log10",  "deg", "rad", "sin", "cos", "tan", "sinh",
    "atan", "acosh", "sort", "sort_desc", "absent",
)  # fmt: skip
JUMPS = ("ceil", "floor", "sgn")
"""Given samples only: the last bit of a computed value would decide."""
DATES = (
    "minute", "hour", "day_of_week", "day_of_month", "day_of_year", "month", "year", "days_in_month",
)  # fmt: skip
"""Given timestamps only: what becomes of NaN as an integer is the processor's matter in Prometheus."""
OVER_TIME = (
    "delta", "deriv", "idelta", "avg_over_time", "min_over_time",
    "max_over_time", "sum_over_time", "count_over_time", "stddev_over_time", "stdvar_over_time", "last_over_time",
    "present_over_time", "absent_over_time",
)  # fmt: skip
FALLS = ("irate", "changes", "resets")
"""Given samples only: whether a computed value fell may be a matter of its last bit."""
AGGREGATIONS = ("sum", "avg", "min", "max", "count", "group")
DEVIATIONS = ("stddev", "stdvar")
"""Of what is neither NaN nor infinite: a lone one deviates by 0 in 2.42, by NaN in Prometheus 3."""
FINITE = ("requests_total", "temperature{job='db'}", "level", "latency_seconds_bucket", "rate(requests_total[2m])")
ARITHMETIC = ("+", "-", "*", "/", "^")
"""Without atan2, which keeps the name of the left side in 2.42, and % of what was computed (see `JUMPS`)."""
COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
NUMBERS = ("0", "1", "2", "-1", "0.5", "100", "1e3", "NaN", "Inf", "-Inf")


def selectors() -> Text:
    """`name{matchers} offset d @ t`."""
    matchers = st.lists(st.sampled_from(MATCHERS), max_size=2, unique_by=lambda text: text[:3])
    shifts = st.sampled_from(
        ("", "", "", " offset 2m", " offset -90s", " @ 1700001200", " @ end()", " @ start() offset 1m")
    )
    return st.builds(
        lambda name, some, shift: f"{name}{{{','.join(some)}}}{shift}", st.sampled_from(NAMES), matchers, shifts
    )


def counters() -> Text:
    """A range vector of counters without gaps: of others, near zero, the versions extrapolate differently."""
    names = st.sampled_from(("requests_total", "latency_seconds_bucket"))
    matchers = st.sampled_from(("", '{job="api"}', '{instance!="1"}'))
    return st.builds("{}{}[{}]".format, names, matchers, st.sampled_from(RANGES))


def sample_windows() -> Text:
    """A range vector of samples."""

    def ranged(selector: str, range_: str) -> str:
        head, brace, shift = selector.partition("}")
        return f"{head}{brace}[{range_}]{shift}"

    return st.builds(ranged, selectors(), st.sampled_from(RANGES))


def windows(vectors: Text) -> Text:
    """A range vector: of samples, or a subquery."""
    of_steps = st.builds(
        "({})[{}:{}]".format, vectors, st.sampled_from(SUBQUERY_RANGES), st.sampled_from(("", "10s", "37s"))
    )
    return st.one_of(sample_windows(), sample_windows(), sample_windows(), of_steps)


def scalars(vectors: Text) -> Text:
    """A scalar."""
    return st.one_of(
        st.sampled_from(NUMBERS), st.sampled_from(NUMBERS), st.just("time()"), st.builds("scalar({})".format, vectors)
    )


def groupings() -> Text:
    """`by (...)`, `without (...)` or nothing."""
    names = st.lists(st.sampled_from(LABELS), max_size=3, unique=True).map(", ".join)
    return st.one_of(st.just(""), st.builds(" by ({}) ".format, names), st.builds(" without ({}) ".format, names))


def matchings() -> Text:
    """How two vectors match."""
    names = st.lists(st.sampled_from(LABELS[:5]), min_size=1, max_size=3, unique=True).map(", ".join)
    sides = st.sampled_from(("", "", "", " group_left ()", " group_right (zone)", " group_left (version)"))
    return st.one_of(st.just(""), st.builds("{} ({}){}".format, st.sampled_from(("on", "ignoring")), names, sides))


def calls(vectors: Text) -> Text:
    """Functions."""
    ranges = windows(vectors)
    return st.one_of(
        st.builds("{}({})".format, st.sampled_from(OVER_TIME), ranges),
        st.builds("{}({})".format, st.sampled_from(OVER_TIME), ranges),
        st.builds("{}({})".format, st.sampled_from(("rate", "increase")), counters()),
        st.builds("{}({})".format, st.sampled_from(FALLS), sample_windows()),
        st.builds("{}({})".format, st.sampled_from(MATHS), vectors),
        # of names without a shift: in 2.42 `@` moves with the steps here too
        st.builds("timestamp({})".format, st.sampled_from(NAMES)),
        st.builds("{}(timestamp({}) * 3.7)".format, st.sampled_from(DATES), st.sampled_from(NAMES)),
        st.builds("quantile_over_time({}, {})".format, st.sampled_from(("0", "0.3", "0.95", "1", "-1", "2")), ranges),
        # without `@`: in 2.42 its window moves with the steps here
        st.builds(
            "predict_linear({}[{}], {})".format,
            st.sampled_from(NAMES),
            st.sampled_from(RANGES),
            st.sampled_from(("60", "-30", "3600")),
        ),
        st.builds("{}({})".format, st.sampled_from(JUMPS), selectors()),
        st.builds("{} % {}".format, selectors(), st.sampled_from(NUMBERS)),
        st.builds("round({}, {})".format, selectors(), st.sampled_from(("1", "0.25", "10", "-3"))),
        st.builds("clamp({}, {}, {})".format, vectors, scalars(vectors), scalars(vectors)),
        st.builds("clamp_min({}, {})".format, vectors, scalars(vectors)),
        st.builds("clamp_max({}, {})".format, vectors, scalars(vectors)),
        st.builds("vector({})".format, scalars(vectors)),
        st.builds(
            'label_replace({}, "{}", "$1-x", "{}", "(.).*")'.format,
            vectors,
            st.sampled_from(LABELS),
            st.sampled_from(LABELS),
        ),
        st.builds('label_join({}, "{}", "/", "job", "instance")'.format, vectors, st.sampled_from(LABELS)),
        st.builds(
            "histogram_quantile({}, sum by (le{}) (rate(latency_seconds_bucket[{}])))".format,
            st.sampled_from(("0.5", "0.9", "0", "1", "-1", "1.5", "NaN")),
            st.sampled_from(("", ", job", ", instance")),
            st.sampled_from(RANGES),
        ),
    )


def aggregations(vectors: Text) -> Text:
    """Aggregations."""
    return st.one_of(
        st.builds("{}{}({})".format, st.sampled_from(AGGREGATIONS), groupings(), vectors),
        st.builds("{}{}({})".format, st.sampled_from(AGGREGATIONS), groupings(), vectors),
        st.builds("{}{}({})".format, st.sampled_from(DEVIATIONS), groupings(), st.sampled_from(FINITE)),
        st.builds("quantile{}({}, {})".format, groupings(), st.sampled_from(("0", "0.5", "0.9", "-1")), vectors),
        # not `by`: 2.42 loses one of its labels from the second step on
        st.builds('count_values{}("value", {})'.format, st.sampled_from(("", " without (instance) ")), selectors()),
        st.builds(
            "{}{}({}, {})".format,
            st.sampled_from(("topk", "bottomk")),
            groupings(),
            st.sampled_from("0123"),
            selectors(),
        ),
    )


def binaries(vectors: Text) -> Text:
    """Operators."""
    arithmetic = st.sampled_from(ARITHMETIC)
    # of samples, since whether two computed values are equal may be a matter of their last bits
    comparisons = st.builds("{}{}".format, st.sampled_from(COMPARISONS), st.sampled_from(("", " bool")))
    sets = st.builds(
        "({}) {} {} ({})".format,
        vectors,
        st.sampled_from(("and", "or", "unless")),
        st.one_of(st.just(""), st.builds("on ({})".format, st.sampled_from(LABELS)), st.just("ignoring (le)")),
        vectors,
    )
    return st.one_of(
        st.builds("({}) {} {} ({})".format, vectors, arithmetic, matchings(), vectors),
        st.builds("({}) {} {}".format, vectors, arithmetic, scalars(vectors)),
        st.builds("{} {} ({})".format, scalars(vectors), arithmetic, vectors),
        st.builds("({}) {} {} ({})".format, selectors(), comparisons, matchings(), selectors()),
        st.builds("({}) {} {}".format, vectors, comparisons, st.sampled_from(NUMBERS)),
        st.builds("{} {} ({})".format, st.sampled_from(NUMBERS), comparisons, vectors),
        sets,
        st.builds("-({})".format, vectors),
    )


def vectors() -> Text:
    """Any instant vector."""
    return st.recursive(
        st.one_of(selectors(), calls(selectors())),
        lambda inner: st.one_of(calls(inner), aggregations(inner), binaries(inner)),
        max_leaves=5,
    )
