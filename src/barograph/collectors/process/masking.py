"""Command lines without their secrets: what looks like one becomes `***` before anything else sees it.

Called once for each process that is seen. It would rather mask too much: a command line is there to tell who a process
is, and a word too few hardly ever matters.
"""

import re
from collections.abc import Sequence

MASK = "***"
_MOST_CHARS = 1024
_WORDS = (
    r"pass(?:word|wd|phrase|code)?|pwd|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|secret[-_.]?key|"
    r"credentials?|auth|bearer|client[-_.]?secret|encryption[-_.]?key|session[-_.]?(?:id|key)|cookie|signature"
)
_NAME = rf"[A-Za-z0-9_.\-]*(?:{_WORDS})(?:[-_.][A-Za-z0-9_.\-]*)?"
# --password=x, -Dapi.key=x, PGPASSWORD=x, password:x
_ASSIGNED = re.compile(rf"(?i)^(-{{0,2}}{_NAME}\s*[=:]\s*)(.+)$", re.DOTALL)
# --password x: the next argument is the secret
_OPTION = re.compile(rf"(?i)^--?{_NAME}$")
# inside longer arguments: connection strings, headers, query parameters
_INSIDE = re.compile(rf"(?i)((?:^|[\s;,&?\"'{{]){_NAME}[\"']?\s*[=:]\s*[\"']?)([^\s;,&\"'}}]+)")
_HEADER = re.compile(r"(?i)((?:authorization|x-[a-z-]*(?:key|token)|cookie)\s*:\s*)(.+)$", re.DOTALL)
_SCHEME = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}")
# user:password@host of a URL
_USER_INFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*:)([^\s/@]+)(?=@)")
# well-known shapes of tokens, and long runs of hex or base64 that hold digits
_SHAPES = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|"
    r"sk-[\w-]{16,}|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)"
)
# -pSECRET of the MySQL family
_GLUED = re.compile(r"^-p(?=.)(.+)$", re.DOTALL)
_GLUED_PROGRAMS = re.compile(r"(?:^|/)(?:mysql|mariadb)[a-z-]*$")
# curl -u user:password, and its like
_USER_OPTIONS = frozenset({"-u", "--user", "--proxy-user", "-U"})


def mask_command(arguments: Sequence[str]) -> str:
    """Return a command line as one text with its secrets masked, at most 1,024 characters.

    Args:
        arguments: As the kernel has them, the program first.
    """
    shown: list[str] = []
    hides_next = False
    is_glued = bool(arguments) and bool(_GLUED_PROGRAMS.search(arguments[0]))
    for number, argument in enumerate(arguments):
        if hides_next and argument and not argument.startswith("--"):
            shown.append(MASK)
            hides_next = False
            continue
        hides_next = bool(number) and bool(_OPTION.match(argument))
        if number and arguments[number - 1] in _USER_OPTIONS and ":" in argument:
            argument = argument.partition(":")[0] + ":" + MASK
        if is_glued and (glued := _GLUED.match(argument)):
            argument = argument[: glued.start(1)] + MASK
        shown.append(_mask_argument(argument) if number else _mask_inside(argument))
    # control characters would let a command line draw on the terminal of whoever reads it
    text = "".join(char if char.isprintable() else " " for char in " ".join(shown))
    return text if len(text) <= _MOST_CHARS else text[: _MOST_CHARS - 1] + "…"


def _mask_argument(argument: str) -> str:
    assigned = _ASSIGNED.match(argument)
    if assigned:
        return assigned[1] + MASK
    return _mask_inside(argument)


def _mask_inside(argument: str) -> str:
    argument = _HEADER.sub(rf"\1{MASK}", argument)
    argument = _USER_INFO.sub(rf"\1{MASK}", argument)
    argument = _SCHEME.sub(rf"\1 {MASK}", argument)
    argument = _SHAPES.sub(MASK, argument)
    return _INSIDE.sub(rf"\1{MASK}", argument)
