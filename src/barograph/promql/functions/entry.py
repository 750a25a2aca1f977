"""What one entry of the function table holds, and the forms in which a function can be implemented."""

from collections.abc import Callable
from dataclasses import dataclass, field

from barograph.model.sample import FloatArray
from barograph.promql.ast import Call
from barograph.promql.gaps import Kernel
from barograph.promql.grid import Grid
from barograph.promql.memo import Memo
from barograph.promql.naming import NameDropper
from barograph.promql.nodes import RangeNode, ScalarNode, VectorNode
from barograph.promql.run import Run
from barograph.promql.selectors import Assembler
from barograph.promql.signature import Signature
from barograph.promql.tiered import Decomposed
from barograph.promql.value import StepVector


@dataclass(frozen=True, slots=True)
class OverTime:
    """A kernel over the windows of one range vector; scalars become its parameters.

    Attributes:
        kernel: See `gaps.Kernel`.
        minimum: How many samples a window must hold for a result.
        keeps_name: Whether the metric name stays.
        expects_counter: Whether a name that is no counter's is annotated.
        takes_times: Whether the instants of evaluation, in seconds, are the last parameter.
        takes_quantile: Whether the first parameter is a quantile: one outside of 0 to 1 is annotated.
        takes_fractions: Whether the parameters must lie between 0 and 1.
        newest_only: Whether it looks at the newest sample of each window alone.
        from_tiers: How it is put together from buckets, None where it cannot be.
    """

    kernel: Kernel
    minimum: int = 1
    keeps_name: bool = False
    expects_counter: bool = False
    takes_times: bool = False
    takes_quantile: bool = False
    takes_fractions: bool = False
    newest_only: bool = False
    from_tiers: Decomposed | None = None


@dataclass(frozen=True, slots=True)
class Pointwise:
    """A function of values `[rows, steps]` and scalars `[steps]`; labels lose the metric name."""

    function: Callable[..., FloatArray]


@dataclass(frozen=True, slots=True)
class ToScalar:
    """A function that gives a scalar at each step."""

    function: Callable[["Arguments", Run, Grid], FloatArray]


@dataclass(frozen=True, slots=True)
class ToVector:
    """A function that does all by itself."""

    function: Callable[["Arguments", Run, Grid], StepVector]


Form = OverTime | Pointwise | ToScalar | ToVector


@dataclass(frozen=True, slots=True)
class Function:
    """One entry of the table.

    Attributes:
        signature: Name and types.
        doc: What it gives, in one line.
        form: The implementation.
    """

    signature: Signature
    doc: str
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """A call with its arguments compiled, by type and in order, and what the call remembers between evaluations."""

    call: Call
    scalars: tuple[ScalarNode, ...]
    vectors: tuple[VectorNode, ...]
    ranges: tuple[RangeNode, ...]
    strings: tuple[str, ...]
    names: NameDropper = field(default_factory=NameDropper)
    assembler: Assembler = field(default_factory=Assembler)
    memo: Memo[object] = field(default_factory=Memo)
