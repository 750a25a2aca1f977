"""Floats as Go writes them: verbs e, f, g, x and b, with a precision or by the shortest digits. Pure."""

import math

_LARGEST_PLAIN = 6
_SMALLEST_PLAIN = -4


def special(value: float) -> str:
    """Return what NaN and infinities are written as, "" for every other number."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return ""


def shortest(value: float) -> str:
    """Write a number by its shortest digits, with an exponent below 1e-4 and from 1e+6 on (Go: `%v`, `%g`)."""
    text = special(value)
    if text:
        return text
    digits, exponent = _digits(value)
    sign = "-" if math.copysign(1, value) < 0 else ""
    if _SMALLEST_PLAIN <= exponent < _LARGEST_PLAIN:
        return sign + _plain(digits, exponent)
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def formatted(value: float, verb: str, precision: int | None) -> str:
    """Write a number by a verb of printf; no precision: six for e and f, the shortest for g and x."""
    text = special(value)
    if text:
        return text
    lower = verb.lower()
    if lower == "b":
        return _binary(value)
    if lower == "x":
        text = _hexadecimal(value, precision)
    elif lower == "g" and precision is None:
        text = shortest(value)
    else:
        text = f"{value:.{6 if precision is None else precision}{lower}}"
    return text.upper() if verb.isupper() and verb != "F" else text


def _digits(value: float) -> tuple[str, int]:
    """Return the shortest digits and the exponent of the first of them."""
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    exponent = int(power or 0) + len(whole) - 1
    digits = whole + ("" if fraction == "0" else fraction)
    leading = len(digits) - len(digits.lstrip("0"))
    if leading == len(digits):
        return "0", 0
    return digits[leading:].rstrip("0"), exponent - leading


def _plain(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return whole + (f".{digits[exponent + 1 :]}" if len(digits) > exponent + 1 else "")


def _binary(value: float) -> str:
    mantissa, exponent = math.frexp(value)
    return f"{int(mantissa * 2**53)}p{exponent - 53:+d}"


def _hexadecimal(value: float, precision: int | None) -> str:
    sign = "-" if math.copysign(1, value) < 0 else ""
    if value == 0:
        return f"{sign}0x0{'.' + '0' * precision if precision else ''}p+00"
    mantissa, exponent = math.frexp(abs(value))
    bits, exponent = int(mantissa * 2**53), exponent - 1
    if precision is not None and precision < 13:
        # to even, as Go rounds
        drop = 4 * (13 - precision)
        kept, rest = bits >> drop, bits & ((1 << drop) - 1)
        half = 1 << (drop - 1)
        kept += rest > half or (rest == half and kept & 1)
        bits = kept << drop
        if bits >> 53:
            bits, exponent = bits >> 1, exponent + 1
    fraction = f"{bits & ((1 << 52) - 1):013x}"
    fraction = fraction.rstrip("0") if precision is None else fraction.ljust(precision, "0")[:precision]
    return f"{sign}0x1{'.' + fraction if fraction else ''}p{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
