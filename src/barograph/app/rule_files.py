"""Rule files from patterns of names: read, checked, all or nothing. `check rules` and `serve` read them here."""

from collections.abc import Sequence
from pathlib import Path

from barograph.app.yaml_source import parse_yaml
from barograph.model.errors import ConfigError
from barograph.rules.group import RuleFile
from barograph.rules.rulefile import Checked, check_rule_file

_MAGIC = frozenset("*?[")


def read_rule_file(file: Path) -> Checked:
    """Read a file of rules; what is wrong with it is in what is returned."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return Checked((), (ConfigError(f"the file cannot be read: {reason}", file=str(file)),))
    try:
        document = parse_yaml(text, str(file), only_first=True, as_texts=True)
    except ConfigError as error:
        return Checked((), (error,))
    return check_rule_file(document.values, document.error)


def load_rule_files(patterns: Sequence[str], folder: Path) -> list[RuleFile]:
    """Read every file that a pattern names, each once, in the order of the patterns and then of names.

    Args:
        patterns: Names of files, or patterns as of a shell.
        folder: What they are relative to.

    Raises:
        ConfigError: A file has a mistake (the first is told), or a name that is no pattern names none.
    """
    loaded: dict[Path, RuleFile] = {}
    for place, pattern in enumerate(patterns):
        for file in _named(pattern, folder, place):
            if file in loaded:
                continue
            checked = read_rule_file(file)
            if checked.findings:
                raise checked.findings[0]
            loaded[file] = RuleFile(name=str(file), groups=checked.groups)
    return list(loaded.values())


def _named(pattern: str, folder: Path, place: int) -> list[Path]:
    path = folder / pattern
    if not _MAGIC & set(pattern):
        if not path.is_file():
            raise ConfigError(f"there is no file {str(path)!r}", path=f"rule_files[{place}]")
        return [path]
    # an absolute pattern is one below the root
    root = Path(path.anchor or ".")
    try:
        found = root.glob(str(path.relative_to(root)))
        return sorted(file for file in found if file.is_file())
    except ValueError as error:
        raise ConfigError(f"{pattern!r} is no pattern: {error}", path=f"rule_files[{place}]") from error
