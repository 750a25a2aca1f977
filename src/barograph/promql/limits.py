"""Recognises expressions that only compare a series' newest sample with a number. Called by rules."""

from barograph.model.crossings import Limit
from barograph.promql.binary import Constant, VectorScalar
from barograph.promql.operators import COMPARISON, SWAPPED
from barograph.promql.plan import Plan
from barograph.promql.selectors import InstantSelector


def limit_of(plan: Plan) -> Limit | None:
    """Return the limit that an expression is; None where it is anything else."""
    node = plan.vector
    if not isinstance(node, VectorScalar) or node.op not in COMPARISON or node.return_bool:
        return None
    if not isinstance(node.other, Constant) or not isinstance(node.inner, InstantSelector):
        return None
    matchers = node.inner.unshifted
    if matchers is None:
        return None
    operator = SWAPPED[node.op] if node.is_swapped else node.op
    return Limit(matchers=matchers, operator=operator, value=node.other.value)
