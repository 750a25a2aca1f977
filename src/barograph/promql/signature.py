"""What a function takes and gives; the parser checks calls against it, the function table extends it."""

from dataclasses import dataclass

from barograph.promql.ast import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The types of a function.

    Attributes:
        name: As written in PromQL.
        args: Types of the arguments; the last one repeats where `variadic` is not 0.
        optional: How many of `args`, from the end, may be left out.
        variadic: How many more of the last type may follow; -1 for any number.
        returns: The type of the result.
        experimental: Prometheus has it behind a feature flag.
    """

    name: str
    args: tuple[ValueType, ...]
    optional: int = 0
    variadic: int = 0
    returns: ValueType = ValueType.VECTOR
    experimental: bool = False
