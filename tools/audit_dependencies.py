"""Asks PyPI's advisories for every pinned dependency: `python tools/audit_dependencies.py`. Part of every build.

Exit status 1 where an advisory is open. Where the network lets nobody ask, that is said and is no failure: it is not
the build's to mend.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("runtime", "build", "node")
"""What is installed where Barograph runs or is built; tools of tests are not."""
_TIMEOUT_S = 120
_COMMAND = (
    *(sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--format", "json"),
    *("--progress-spinner", "off"),
)
_UNKNOWN = "advisories: nobody could be asked from here; nothing is known"


def is_answered() -> bool:
    """Tell whether the advisories answer at all, by asking for one package that they know."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as one:
        one.write("numpy==2.2.0\n")
        one.flush()
        output = output_of([*_COMMAND, "--requirement", one.name])
    return '"vulns"' in output


def output_of(command: list[str]) -> str:
    """Return what a command prints; nothing where it takes too long."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S).stdout
    except subprocess.TimeoutExpired:
        return ""


def verdict(output: str) -> tuple[int, list[str]]:
    """Return the exit status and the lines to print, given what pip-audit found (JSON)."""
    try:
        dependencies = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        return 0, [_UNKNOWN]
    asked = [one for one in dependencies if "skip_reason" not in one]
    unknown = len(dependencies) - len(asked)
    open_ = [(one["name"], one["version"], each) for one in asked for each in one["vulns"]]
    lines = [f"advisories: {len(open_)} open among {len(asked)} packages"]
    lines += [
        f"{name} {version}: {each['id']}, mended in {', '.join(each['fix_versions']) or 'no version'}"
        for name, version, each in open_
    ]
    if unknown:
        lines.append(
            f"advisories: nothing is known of {unknown} packages, since the network here does not answer for them"
        )
    return (1 if open_ else 0), lines


def main() -> int:
    """Ask of one package, and where that is answered of all; print."""
    if not is_answered():
        print(_UNKNOWN)
        return 0
    files = [word for name in LOCKS for word in ("--requirement", str(ROOT / "requirements" / f"{name}.txt"))]
    status, lines = verdict(output_of([*_COMMAND, *files]))
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main())
