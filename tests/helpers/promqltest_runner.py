"""Runs scripts of the promqltest language against our engine and tells what passed, failed or was left out.

Used by `tools/promqltest.py` for files from anywhere and by the tests for our own.
"""

from collections import Counter
from dataclasses import dataclass, field

from barograph.model.errors import QueryError
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.matcher import matches_all
from barograph.model.units import Duration
from barograph.promql.ast import Aggregate, Binary, Call, Expr, MatrixSelector, Paren, Subquery, Unary, VectorSelector
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from barograph.promql.series_notation import Row
from barograph.promql.value import QueryResult, RawMatrix, StepScalar, StepVector, StringValue
from helpers.clock import FakeClock
from helpers.memory_store import MemoryStore
from helpers.promqltest_again import MismatchError, check_again, same
from helpers.promqltest_notation import Clear, Command, Eval, Expectation, Load, read_script

CONFIG = QueryConfig(delayed_name_removal=True, max_samples=5_000_000, lookback=Duration(300_000))
HISTOGRAMS = "native histograms"
CUSTOM_BUCKETS = "native histograms with custom buckets"


@dataclass(slots=True)
class Report:
    """What became of a script's `eval` commands; failures with their lines."""

    passed: int = 0
    failures: list[tuple[int, str]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


def run_script(text: str) -> Report:
    """Run a script from an empty store; what is not of the language is a failure of its line."""
    runner = Runner()
    for command in read_script(text):
        runner.run(command)
    return runner.report


class Runner:
    """Runs commands one after the other."""

    def __init__(self) -> None:
        self.report = Report()
        self._clear()

    def run(self, command: Command) -> None:
        """Run one command; its outcome goes to the report."""
        self.report.failures.extend(command.errors)
        match command:
            case Clear():
                self._clear()
            case Load():
                self._load(command)
            case Eval() if not command.errors:
                self._eval(command)

    def _clear(self) -> None:
        self._store = MemoryStore()
        self._engine = Engine(self._store, CONFIG, FakeClock())
        self._native: list[tuple[Labels, str]] = []

    def _load(self, load: Load) -> None:
        for row in load.rows:
            assert row.labels is not None
            if row.has_histogram:
                self._native.append((row.labels, HISTOGRAMS))
                continue
            if load.with_nhcb and row.labels.name.endswith(("_bucket", "_count", "_sum")):
                name = row.labels.name.rsplit("_", 1)[0]
                self._native.append((row.labels.drop(("le",)).with_labels({METRIC_NAME: name}), CUSTOM_BUCKETS))
            samples = [(index * load.step_ms, value) for index, value in enumerate(row.points) if value is not None]
            if samples:
                self._store.add(row.labels, [stamp for stamp, _ in samples], [value for _, value in samples])

    def _eval(self, command: Eval) -> None:
        reason = self._reason_to_skip(command)
        if reason is not None:
            self.report.skipped[reason] += 1
            return
        try:
            check(command, self._engine)
        except (MismatchError, QueryError) as error:
            self._fail(command, str(error))
        except Exception as error:
            self._fail(command, f"broke with {type(error).__name__}: {error}")
        else:
            self.report.passed += 1

    def _fail(self, command: Eval, message: str) -> None:
        self.report.failures.append((command.line, f"{command.query}: {message}"))

    def _reason_to_skip(self, command: Eval) -> str | None:
        """Tell why an eval cannot be run: it is about native histograms."""
        if any(row.has_histogram for row in command.rows):
            return HISTOGRAMS
        try:
            tree = parse(command.query, SIGNATURES)
        except QueryError:
            return None
        for selector in selectors(tree):
            for labels, reason in self._native:
                if matches_all(selector.matchers, labels):
                    return reason
        return None


def selectors(expr: Expr | None) -> list[VectorSelector]:
    """Return all selectors of an expression."""
    match expr:
        case VectorSelector():
            return [expr]
        case MatrixSelector():
            return [expr.selector]
        case Paren() | Unary() | Subquery():
            return selectors(expr.expr)
        case Aggregate():
            return selectors(expr.expr) + selectors(expr.param)
        case Binary():
            return selectors(expr.lhs) + selectors(expr.rhs)
        case Call():
            # the second argument of info chooses labels and selects nothing by itself
            args = expr.args[:1] if expr.function == "info" else expr.args
            return [one for arg in args for one in selectors(arg)]
        case _:
            return []


def check(command: Eval, engine: Engine) -> None:
    """Run an eval and compare.

    Raises:
        MismatchError: The result is not what is expected.
    """
    fails = [one for one in command.expects if one.kind is Expectation.FAIL]
    try:
        result = _query(command, engine)
    except QueryError as error:
        if not fails:
            raise
        if not all(one.fits(error.message) for one in fails):
            raise MismatchError(f"failed with {error.message!r}") from error
        return
    if fails:
        raise MismatchError("expected to fail, but did not")
    _check_annotations(command, result)
    if command.step_ms is None:
        _check_instant(command, result)
        check_again(command.query, command.start_ms, engine, result)
    else:
        _check_range(command, result)


def _query(command: Eval, engine: Engine) -> QueryResult:
    if command.step_ms is None or command.end_ms is None:
        return engine.instant(command.query, command.start_ms)
    return engine.range(command.query, command.start_ms, command.end_ms, command.step_ms)


def _check_annotations(command: Eval, result: QueryResult) -> None:
    for kind, no_kind, found in (
        (Expectation.WARN, Expectation.NO_WARN, result.warnings),
        (Expectation.INFO, Expectation.NO_INFO, result.infos),
    ):
        wanted = [one for one in command.expects if one.kind is kind]
        if any(one.kind is no_kind for one in command.expects) and found:
            raise MismatchError(f"unexpected {kind.value}: {found}")
        for one in wanted:
            if not any(one.fits(text) for text in found):
                raise MismatchError(f"expected {kind.value} {' or '.join(one.texts)}, got {found}")
        for text in found if wanted else ():
            if not any(one.fits(text) for one in wanted):
                raise MismatchError(f"unexpected {kind.value}: {text}")


def _check_instant(command: Eval, result: QueryResult) -> None:
    value = result.value
    strings = [one for one in command.expects if one.kind is Expectation.STRING]
    if isinstance(value, StringValue):
        if not strings or not all(one.fits(value.value) for one in strings):
            raise MismatchError(f"expected {[one.texts for one in strings]}, got the string {value.value!r}")
    elif strings:
        raise MismatchError(f"expected the string {strings[0].texts[0]!r}, got {value}")
    elif command.range_grid is not None and not isinstance(value, RawMatrix):
        raise MismatchError(f"expected a range vector, got {value}")
    match value:
        case StepScalar():
            if len(command.rows) != 1 or not same(_only(command.rows[0]), float(value.values[0])):
                raise MismatchError(f"expected {_shown(command.rows)}, got {value.values[0]}")
        case RawMatrix():
            _check_raw(command, value)
        case StepVector():
            _check_vector(command, value)


def _check_vector(command: Eval, value: StepVector) -> None:
    found = list(zip(value.labels, value.values[:, 0].tolist(), strict=True))
    wanted = [(row.labels, _only(row)) for row in command.rows]
    is_ordered = any(one.kind is Expectation.ORDERED for one in command.expects)
    if is_ordered and [labels for labels, _ in found] != [labels for labels, _ in wanted]:
        raise MismatchError(f"expected the order {_shown(command.rows)}, got {found}")
    got, want = dict(found), dict(wanted)
    if len(got) != len(found):
        raise MismatchError(f"labels repeat: {found}")
    if got.keys() != want.keys() or not all(same(want[labels], got[labels]) for labels in got if labels in want):
        raise MismatchError(f"expected {_shown(command.rows)}, got {found}")


def _only(row: Row) -> float | None:
    return row.points[0] if row.points else None


def _check_raw(command: Eval, value: RawMatrix) -> None:
    if command.range_grid is None and (command.rows or value.series):
        raise MismatchError("the result is a range vector: say so by `expect range vector from ... to ... step ...`")
    start_ms, end_ms, step_ms = command.range_grid or (0, 0, 0)
    want: dict[Labels | None, dict[int, float]] = {}
    for row in command.rows:
        stamps = range(start_ms, start_ms + step_ms * len(row.points), step_ms)
        want[row.labels] = {at: point for at, point in zip(stamps, row.points, strict=True) if point is not None}
        if any(at > end_ms for at in want[row.labels]):
            raise MismatchError(f"{row.labels} expects more points than there are from {start_ms} to {end_ms} ms")
    got = {one.labels: dict(zip(one.timestamps_ms.tolist(), one.values.tolist(), strict=True)) for one in value.series}
    if got.keys() != want.keys():
        raise MismatchError(f"expected {_shown(command.rows)}, got {got}")
    for labels, samples in got.items():
        wanted = want[labels]
        if wanted.keys() != samples.keys() or not all(same(wanted[at], samples[at]) for at in samples):
            raise MismatchError(f"expected {wanted} for {labels}, got {samples}")


def _check_range(command: Eval, result: QueryResult) -> None:
    value = result.value
    got: dict[Labels | None, list[float | None]] = {}
    if isinstance(value, StepVector):
        for row, labels in enumerate(value.labels):
            points = value.values[row].tolist()
            mask = [True] * len(points) if value.present is None else value.present[row].tolist()
            got[labels] = [point if here else None for point, here in zip(points, mask, strict=True)]
        if list(value.labels) != sorted(value.labels):
            raise MismatchError("rows of a range query are not ordered by labels")
    elif isinstance(value, StepScalar):
        got[None] = list(value.values.tolist())
    steps = len(result.times_ms)
    want = {row.labels: [*row.points, *[None] * (steps - len(row.points))] for row in command.rows}
    if isinstance(value, StepScalar) and list(want) == [Labels()]:
        want = {None: want[Labels()]}
    is_same = got.keys() == want.keys() and all(
        len(want[labels]) == len(points) and all(map(same, want[labels], points)) for labels, points in got.items()
    )
    if not is_same:
        raise MismatchError(f"expected {_shown(command.rows)}, got {got}")


def _shown(rows: list[Row]) -> list[tuple[str, tuple[float | None, ...]]]:
    return [(str(row.labels), row.points) for row in rows]
