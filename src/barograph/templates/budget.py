"""What a rendering may cost, and the counting of it. Called by compiled code and by functions that grow texts."""

from dataclasses import dataclass

from barograph.model.errors import TemplateError


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateLimits:
    """Budgets of one rendering. They count work, not seconds, so that the same template always ends alike.

    Attributes:
        steps: Turns of loops, nodes of templates that are called, calls, matches that are replaced, and 256 characters
            of text handled each. A step takes a few microseconds.
        characters: Of the outcome, and of each text on the way to it.
        depth: Templates that call templates.
        queries: Calls of `query`.
    """

    steps: int = 20_000
    characters: int = 65_536
    depth: int = 16
    queries: int = 32


class OverBudgetError(TemplateError):
    """A rendering took more than it may."""


class Budget:
    """What is left of a rendering's limits."""

    __slots__ = ("_limits", "_queries", "_steps", "characters", "depth")

    def __init__(self, limits: TemplateLimits) -> None:
        self._limits = limits
        self._steps = limits.steps
        self._queries = limits.queries
        self.characters = limits.characters
        self.depth = 0

    def spend(self, steps: int) -> None:
        """Count steps.

        Raises:
            OverBudgetError: There are none left.
        """
        self._steps -= steps
        if self._steps < 0:
            raise OverBudgetError(f"the template takes more than {self._limits.steps} steps")

    def take_query(self) -> None:
        """Count a query."""
        self._queries -= 1
        if self._queries < 0:
            raise OverBudgetError(f"the template makes more than {self._limits.queries} queries")

    def enter(self) -> None:
        """Count a template that is called; `depth` is lowered by who leaves it."""
        self.depth += 1
        if self.depth > self._limits.depth:
            raise OverBudgetError(f"templates call each other deeper than {self._limits.depth}")

    def check(self, characters: int) -> None:
        """Refuse a text that is too long."""
        if characters > self.characters:
            raise OverBudgetError(f"the template makes more than {self.characters} characters")


class Pieces:
    """A text that is put together within a budget."""

    __slots__ = ("_budget", "_parts", "_size")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._parts: list[str] = []
        self._size = 0

    def add(self, text: str) -> None:
        """Add a piece.

        Raises:
            OverBudgetError: The whole would be too long.
        """
        self._size += len(text)
        if self._size > self._budget.characters:
            self._budget.check(self._size)
        self._parts.append(text)

    def text(self) -> str:
        """Return the whole."""
        return "".join(self._parts)
