"""print, println and printf as Go's package fmt does them, over the values of templates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from barograph.templates import numbers
from barograph.templates.budget import Budget, Pieces
from barograph.templates.quoting import can_stand_raw, quote
from barograph.templates.times import write_span, write_time
from barograph.templates.values import AlertValues, NamedInt, QuerySample, Span, Time, Value, to_bytes, type_name

_LARGEST_WIDTH = 1_000_000
_STRING_VERBS = frozenset("vsqxX")
_INTEGER_VERBS = {"d": "d", "v": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_PREFIXES = {"b": "0b", "x": "0x", "X": "0X"}
_FLOAT_VERBS = frozenset("vbgGxXfFeE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One `%...` of a format."""

    verb: str = "v"
    plus: bool = False
    minus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    width: int | None = None
    precision: int | None = None


_PLAIN = Spec()


def print_values(budget: Budget, values: Sequence[Value]) -> str:
    """Write values; a space stands between two of which none is a string."""
    pieces = Pieces(budget)
    was_text = True
    for value in values:
        is_text = isinstance(value, str)
        if not (is_text or was_text):
            pieces.add(" ")
        write_value(pieces, value, _PLAIN)
        was_text = is_text
    return pieces.text()


def print_line(budget: Budget, values: Sequence[Value]) -> str:
    """Write values with a space between each two, and a newline."""
    pieces = Pieces(budget)
    for number, value in enumerate(values):
        if number:
            pieces.add(" ")
        write_value(pieces, value, _PLAIN)
    pieces.add("\n")
    return pieces.text()


def print_formatted(budget: Budget, form: str, values: Sequence[Value]) -> str:
    """Write values by a format; what does not fit is told in the text, as Go does."""
    return _Formatter(budget, form, values).run()


def write_value(pieces: Pieces, value: Value, spec: Spec) -> None:
    """Write a value by one verb."""
    if spec.verb == "T":
        pieces.add(_padded(type_name(value) if value is not None else "<nil>", spec))
    elif value is None:
        pieces.add(_padded("<nil>", spec) if spec.verb == "v" else f"%!{spec.verb}(<nil>)")
    elif isinstance(value, dict):
        _write_items(pieces, "map[", sorted(value.items()), "]", spec)
    elif isinstance(value, list):
        _write_list(pieces, value, spec)
    elif isinstance(value, QuerySample):
        _write_items(pieces, "{", [("Labels", dict(value.labels)), ("Value", value.value)], "}", spec)
    elif isinstance(value, AlertValues):
        fields = [
            ("Labels", value.labels),
            ("ExternalLabels", value.external_labels),
            ("ExternalURL", value.external_url),
            ("Value", value.value),
        ]
        _write_items(pieces, "{", fields, "}", spec)
    else:
        pieces.add(_scalar(pieces, value, spec))


def _write_items(pieces: Pieces, opening: str, items: Sequence[tuple[str, Value]], closing: str, spec: Spec) -> None:
    """Write a map, or a struct, whose names are not shown unless asked for."""
    is_map = opening == "map["
    pieces.add(opening)
    for number, (name, value) in enumerate(items):
        if number:
            pieces.add(" ")
        if is_map:
            write_value(pieces, name, spec)
            pieces.add(":")
        elif spec.plus and spec.verb == "v":
            pieces.add(f"{name}:")
        write_value(pieces, value, spec)
    pieces.add(closing)


def _write_list(pieces: Pieces, values: Sequence[Value], spec: Spec) -> None:
    pieces.add("[")
    for number, value in enumerate(values):
        if number:
            pieces.add(" ")
        write_value(pieces, value, spec)
    pieces.add("]")


def _scalar(pieces: Pieces, value: Value, spec: Spec) -> str:
    if isinstance(value, bool):
        text = ("false", "true")[value]
        return _padded(text, spec) if spec.verb in "tv" else _bad(pieces, value, spec)
    if isinstance(value, str):
        return _text(value, spec) if spec.verb in _STRING_VERBS else _bad(pieces, value, spec)
    if isinstance(value, float):
        return _float(value, spec) if spec.verb in _FLOAT_VERBS else _bad(pieces, value, spec)
    if isinstance(value, int):
        return _integer(pieces, value, spec)
    name = _name(value)
    if spec.verb in _STRING_VERBS and not (spec.verb == "v" and spec.sharp):
        return _text(name, spec)
    return _integer(pieces, value.number if isinstance(value, NamedInt) else value.ns, spec)


def _name(value: Time | Span | NamedInt) -> str:
    if isinstance(value, Time):
        return write_time(value)
    return write_span(value) if isinstance(value, Span) else value.name


def _text(text: str, spec: Spec) -> str:
    if spec.precision is not None and spec.verb in "vsq":
        text = text[: spec.precision]
    if spec.verb in "xX":
        data = to_bytes(text)[: spec.precision]
        text = _hexadecimal(data, spec)
    elif spec.verb == "q" or spec.sharp:
        raw = spec.sharp and spec.verb == "q" and can_stand_raw(text)
        text = f"`{text}`" if raw else quote(text, ascii_only=spec.plus and spec.verb == "q")
    return _padded(text, spec)


def _hexadecimal(data: bytes, spec: Spec) -> str:
    mark = "0x" if spec.sharp else ""
    text = (f" {mark}" if spec.space else "").join(f"{byte:02x}" for byte in data)
    text = mark + text if data else ""
    return text.upper() if spec.verb == "X" else text


def _integer(pieces: Pieces, value: int, spec: Spec) -> str:
    if spec.verb == "c":
        return _padded(_character(value), spec)
    if spec.verb == "q":
        return _padded(quote(_character(value), "'", ascii_only=spec.plus), spec)
    if spec.verb == "U":
        shown = f" '{chr(value)}'" if spec.sharp and 0 <= value <= 0x10FFFF and chr(value).isprintable() else ""
        return _padded(f"U+{value:04X}{shown}", spec)
    if spec.verb not in _INTEGER_VERBS:
        return _bad(pieces, value, spec)
    digits = format(abs(value), _INTEGER_VERBS[spec.verb])
    sign = "-" if value < 0 else "+" if spec.plus and spec.verb != "v" else " " if spec.space else ""
    if spec.precision is not None:
        digits = "" if spec.precision == 0 and value == 0 else digits.zfill(spec.precision)
    elif spec.zero and not spec.minus and spec.width is not None:
        digits = digits.zfill(spec.width - len(sign))
    if spec.verb == "O":
        digits = "0o" + digits
    elif spec.sharp and spec.verb == "o" and not digits.startswith("0"):
        digits = "0" + digits
    elif spec.sharp:
        digits = _PREFIXES.get(spec.verb, "") + digits
    return _padded(sign + digits, replace(spec, zero=False))


def _character(value: int) -> str:
    return chr(value) if 0 <= value <= 0x10FFFF and not 0xD800 <= value <= 0xDFFF else "�"


def _float(value: float, spec: Spec) -> str:
    text = numbers.formatted(value, "g" if spec.verb == "v" else spec.verb, spec.precision)
    is_special = text.lstrip("+-") in ("Inf", "NaN")
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("+", text)
    # of %v the plus asks for more of a value, not for its sign
    plus = spec.plus and spec.verb != "v"
    if sign == "+" and not (plus or text == "+Inf"):
        sign = " " if spec.space else ""
    elif text == "+Inf" and not plus:
        sign = " " if spec.space else "+"
    if is_special:
        return _padded(sign + digits, replace(spec, zero=False))
    if spec.zero and not spec.minus and spec.width is not None:
        digits = digits.rjust(spec.width - len(sign), "0")
    return _padded(sign + digits, replace(spec, zero=False))


def _padded(text: str, spec: Spec) -> str:
    if spec.width is None or len(text) >= spec.width:
        return text
    if spec.minus:
        return text.ljust(spec.width)
    return text.rjust(spec.width, "0" if spec.zero else " ")


def _bad(pieces: Pieces, value: Value, spec: Spec) -> str:
    shown = _scalar(pieces, value, _PLAIN)
    return f"%!{spec.verb}({type_name(value)}={shown})"


class _Formatter:
    """Goes through a format, and takes its arguments in order or by number."""

    def __init__(self, budget: Budget, form: str, values: Sequence[Value]) -> None:
        self._budget = budget
        self._pieces = Pieces(budget)
        self._form = form
        self._values = values
        self._place = 0
        self._argument = 0
        self._reordered = False
        self._good_index = True
        self._after_star = False

    def run(self) -> str:
        while (percent := self._form.find("%", self._place)) >= 0:
            self._pieces.add(self._form[self._place : percent])
            self._place = percent + 1
            self._directive()
        self._pieces.add(self._form[self._place :])
        self._extra()
        return self._pieces.text()

    def _directive(self) -> None:
        self._good_index, self._after_star = True, False
        flags = dict(zip(("plus", "minus", "sharp", "space", "zero"), self._flags(), strict=True))
        indexed = self._index()
        width, bad_width = self._star("WIDTH")
        if width is None:
            width = self._number()
            if indexed and width is not None:
                self._good_index = False  # "%[3]2d"
        elif width < 0:
            width, flags["minus"], flags["zero"] = -width, True, False
        precision = None
        if self._peek() == ".":
            self._place += 1
            if indexed and self._good_index and bad_width is None and width is None:
                self._good_index = False  # "%[3].2d"
            indexed = self._index()
            precision, _ = self._star("PREC")
            if precision is None:
                precision = self._number() or 0
            elif precision < 0:
                precision = None
        if self._after_star or not indexed:
            self._index()
        if self._place >= len(self._form):
            self._pieces.add("%!(NOVERB)")
            return
        verb = self._form[self._place]
        self._place += 1
        self._budget.check(max(width or 0, precision or 0))
        self._write(Spec(verb=verb, width=width, precision=precision, **flags))

    def _write(self, spec: Spec) -> None:
        if spec.verb == "%":
            self._pieces.add("%")
        elif not self._good_index:
            self._pieces.add(f"%!{spec.verb}(BADINDEX)")
        elif self._argument >= len(self._values):
            self._pieces.add(f"%!{spec.verb}(MISSING)")
        else:
            write_value(self._pieces, self._values[self._argument], spec)
            self._argument += 1

    def _peek(self) -> str:
        return self._form[self._place : self._place + 1]

    def _flags(self) -> Iterator[bool]:
        start = self._place
        while self._peek() and self._peek() in "+-# 0":
            self._place += 1
        seen = self._form[start : self._place]
        return (flag in seen for flag in "+-# 0")

    def _number(self) -> int | None:
        start = self._place
        while self._peek().isascii() and self._peek().isdigit():
            self._place += 1
        digits = self._form[start : self._place]
        if not digits:
            return None
        # the budget refuses what is too long; a figure of many digits need not become a number for that
        return int(digits) if len(digits) < 8 else _LARGEST_WIDTH

    def _star(self, name: str) -> tuple[int | None, str | None]:
        """Take a width or precision from the arguments, where `*` stands."""
        if self._peek() != "*":
            return None, None
        self._place += 1
        self._after_star = True
        value = self._values[self._argument] if self._argument < len(self._values) else None
        self._argument += 1
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST_WIDTH:
            self._pieces.add(f"%!(BAD{name})")
            return None, name
        return value, None

    def _index(self) -> bool:
        """Take `[3]`, the number of the next argument."""
        if self._peek() != "[":
            return False
        self._reordered = True
        closing = self._form.find("]", self._place)
        digits = self._form[self._place + 1 : closing] if closing >= 0 else ""
        if not (digits.isascii() and digits.isdigit() and len(digits) < 8 and 1 <= int(digits) <= len(self._values)):
            self._good_index = False
            self._place = closing + 1 if closing >= 0 else self._place + 1
            return False
        self._place = closing + 1
        self._argument = int(digits) - 1
        return True

    def _extra(self) -> None:
        if self._reordered or self._argument >= len(self._values):
            return
        self._pieces.add("%!(EXTRA ")
        for number, value in enumerate(self._values[self._argument :]):
            if number:
                self._pieces.add(", ")
            if value is None:
                self._pieces.add("<nil>")
            else:
                self._pieces.add(f"{type_name(value)}=")
                write_value(self._pieces, value, _PLAIN)
        self._pieces.add(")")
