"""Runs promqltest scripts: `python tools/promqltest.py FILE...` (of a folder, every `.test` in it).

Exit code 1 when any eval failed or any line is not of the language, 2 when there was nothing to run.
"""

import sys
from collections import Counter
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_ROOT / "src"), str(_ROOT / "tests")]

from helpers.promqltest_runner import Report, run_script  # noqa: E402  the path above makes it importable


def main(names: list[str]) -> int:
    """Run each file and print what became of it."""
    files = [path for name in names for path in _files(Path(name))]
    if not files:
        print("usage: promqltest.py FILE...", file=sys.stderr)
        return 2
    passed = failed = 0
    skipped: Counter[str] = Counter()
    for file in files:
        try:
            report = run_script(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            report = Report(failures=[(0, f"cannot be read: {error}")])
        _print(file, report)
        passed += report.passed
        failed += len(report.failures)
        skipped.update(report.skipped)
    if skipped:
        print(f"skipped {skipped.total()}: {_reasons(skipped)}")
    print(f"passed {passed}, failed {failed}")
    return 1 if failed else 0


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.test")) if path.is_dir() else [path]


def _print(file: Path, report: Report) -> None:
    tail = f", skipped {report.skipped.total()} ({_reasons(report.skipped)})" if report.skipped else ""
    print(f"{file}: passed {report.passed}, failed {len(report.failures)}{tail}")
    for line, message in report.failures:
        print(f"  {file}:{line}: {message}")


def _reasons(skipped: Counter[str]) -> str:
    return "; ".join(f"{count} {reason}" for reason, count in skipped.most_common())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
