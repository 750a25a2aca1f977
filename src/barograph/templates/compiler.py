"""The tree of a template -> functions that carry it out, made once and called at each rendering.

Here are its texts, conditions, loops and calls; `expressions.py` has what stands in them. Values are those of
`values.py`. Errors are worded and placed as Go's text/template does. Called by `template.py` only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from barograph.templates import nodes
from barograph.templates.expressions import BlameNode, Expressions, Frame, Shown, last_word
from barograph.templates.numbers import shortest
from barograph.templates.printing import print_values
from barograph.templates.quoting import quote
from barograph.templates.values import Value, is_true, type_name

Execute = Callable[[Frame], str]
"""Returns "" or, out of a loop's turn, `break` or `continue`."""


@dataclass(slots=True)
class Program:
    """A body that can be carried out; `run` is set once its nodes are compiled."""

    slots: int
    size: int
    run: Execute


def compile_tree(tree: nodes.Tree, blame: BlameNode) -> Program:
    """Compile a template; errors at run time come from `blame`."""
    return _Compiler(tree, blame).main()


class _Compiler:
    def __init__(self, tree: nodes.Tree, blame: BlameNode) -> None:
        self._tree = tree
        self._blame = blame
        self._pipe = Expressions(blame).pipe
        self._programs: dict[str, Program] = {}

    def main(self) -> Program:
        for name, body in self._tree.defined.items():
            self._programs[name] = Program(body.slots, len(body.nodes), lambda _: "")
        for name, body in self._tree.defined.items():
            self._programs[name].run = self._body(body.nodes)
        main = self._tree.main
        return Program(main.slots, len(main.nodes), self._body(main.nodes))

    def _body(self, found: Sequence[nodes.Node]) -> Execute:
        steps = tuple(self._node(node) for node in found)

        def run(frame: Frame) -> str:
            for step in steps:
                left = step(frame)
                if left:
                    return left
            return ""

        return run

    def _node(self, node: nodes.Node) -> Execute:
        match node:
            case nodes.Text():
                return self._text(node.text)
            case nodes.Action():
                return self._action(node)
            case nodes.If():
                return self._if(node)
            case nodes.Range():
                return self._range(node)
            case nodes.Leave():
                word = node.word
                return lambda _: word
        return self._call_template(node)

    def _text(self, text: str) -> Execute:
        def run(frame: Frame) -> str:
            frame.out.add(text)
            return ""

        return run

    def _action(self, node: nodes.Action) -> Execute:
        evaluate = self._pipe(node.pipe)
        silent = bool(node.pipe.variables)

        def run(frame: Frame) -> str:
            value = evaluate(frame)
            if silent:
                return ""
            if type(value) is str:
                frame.out.add(value)
            else:
                frame.out.add("<no value>" if value is None else print_values(frame.context.budget, (value,)))
            return ""

        return run

    def _if(self, node: nodes.If) -> Execute:
        evaluate, then, otherwise = self._pipe(node.pipe), self._body(node.then), self._body(node.otherwise)
        is_with = node.is_with

        def run(frame: Frame) -> str:
            value = evaluate(frame)
            if not is_true(value):
                return otherwise(frame)
            if not is_with:
                return then(frame)
            outer, frame.dot = frame.dot, value
            left = then(frame)
            frame.dot = outer
            return left

        return run

    def _range(self, node: nodes.Range) -> Execute:
        evaluate, body, otherwise = self._pipe(node.pipe, sets=False), self._body(node.body), self._body(node.otherwise)
        slots = [variable.slot for variable in node.pipe.variables]
        cost = 1 + len(node.body)
        blamed = last_word(node.pipe)

        def run(frame: Frame) -> str:
            items = self._items(evaluate(frame), blamed)
            if not items:
                return otherwise(frame)
            outer = frame.dot
            for key, item in items:
                frame.context.budget.spend(cost)
                frame.dot = item
                if slots:
                    frame.slots[slots[-1]] = item
                if len(slots) > 1:
                    frame.slots[slots[0]] = key
                if body(frame) == "break":
                    break
            frame.dot = outer
            return ""

        return run

    def _items(self, value: Value, blamed: Shown) -> Sequence[tuple[Value, Value]]:
        """Return the keys and elements that a loop goes over."""
        if value is None:
            return ()
        if isinstance(value, list):
            return list(enumerate(value))
        if isinstance(value, dict):
            return sorted(value.items(), key=lambda item: item[0])
        if isinstance(value, int) and not isinstance(value, bool):
            # the budget ends a long loop; nothing of its length is made before
            return _Counting(max(0, value))
        raise self._blame(blamed, f"range can't iterate over {_shown(value)}")

    def _call_template(self, node: nodes.Call) -> Execute:
        evaluate = None if node.pipe is None else self._pipe(node.pipe)

        def run(frame: Frame) -> str:
            program = self._programs.get(node.name)
            if program is None:
                raise self._blame(node, f"template {node.quoted} not defined")
            budget = frame.context.budget
            budget.spend(1 + program.size)
            budget.enter()
            dot = None if evaluate is None else evaluate(frame)
            program.run(Frame(frame.context, frame.out, dot, program.slots))
            budget.depth -= 1
            return ""

        return run


class _Counting(Sequence[tuple[int, int]]):
    """0, 1, ... as keys and elements, without making them."""

    def __init__(self, count: int) -> None:
        self._count = range(count)

    def __len__(self) -> int:
        return min(len(self._count), 2**31)

    def __bool__(self) -> bool:
        return bool(self._count)

    def __getitem__(self, place):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204  only iterated
        return self._count[place], self._count[place]


def _shown(value: Value) -> str:
    """Write a value for an error, not longer than an error should be."""
    if isinstance(value, str):
        return value if len(value) <= 200 else quote(value[:200])
    if isinstance(value, bool):
        return ("false", "true")[value]
    if isinstance(value, float):
        return shortest(value)
    return str(value) if isinstance(value, int) else type_name(value)
