"""Writes docs/configuration.md from the structs of the configuration. `make docs` runs it; tests/contract checks it."""

import sys
from pathlib import Path

import msgspec

from barograph.app.config import Config
from barograph.app.config_schema import Setting, settings_of

_PAGE = Path(__file__).resolve().parent.parent / "docs/configuration.md"

_OPENING = """# Configuration

One YAML file, given by `barograph serve --config FILE`. Every setting is optional, and a key without a value has its
default. This page is written by `tools/gen_config_doc.py` from the sections' own code; do not edit it.

```yaml
collectors:
  interval: 1s
  netdev:
    device_exclude: ^(veth|lo$)
store:
  retention: 90d
  max_size: 20GiB
web:
  listen: ["127.0.0.1:10132", "[::1]:10132"]
```

- `barograph check config FILE` names each mistake as `FILE:LINE:COLUMN: message`; `barograph config schema` prints a
  JSON Schema, with which editors complete and check.
- A duration is written `15s`, `500ms`, `1h30m`, `30d`; a size `512MB`, `10GiB` (both kinds of unit are powers of 1,024,
  as in Prometheus). A number counts something, so none is negative.
- A flag goes before a variable, a variable before the file, the file before the default. A variable is `BAROGRAPH_`,
  then the path in capitals with two underscores between its parts; its value is YAML:
  `BAROGRAPH_STORE__RETENTION=90d`, `BAROGRAPH_WEB__LISTEN='["127.0.0.1:9000"]'`. One that names no setting is an error.
- SIGHUP or `/-/reload` reads the file again, all or nothing: with a mistake in it everything stays as it was, and the
  log says why. `store`, `paths`, `instance` and `web.listen` wait for the next start.
- The file is UTF-8, at most 1 MiB; a key given twice is an error.
"""


def page() -> str:
    """Return the page's text."""
    return "\n".join([_OPENING, *_chapters((), Config)])


def _chapters(path: tuple[str, ...], section: type[msgspec.Struct]) -> list[str]:
    settings = list(settings_of(section))
    own = [setting for setting in settings if setting.section is None]
    lines = [f"{'#' * (len(path) + 1)} {'.'.join(path)}\n"] if path else ["## At the top\n"]
    if own:
        lines += ["| setting | type | default | |", "|---|---|---|---|", *map(_row, own), ""]
    for setting in settings:
        if setting.section is not None:
            lines += _chapters((*path, setting.name), setting.section)
        if setting.entry is not None:
            lines += _chapters((*path, f"{setting.name}[]"), setting.entry)
    return lines


def _row(setting: Setting) -> str:
    default = f"`{_cell(setting.default)}`" if setting.default else ""
    return f"| `{setting.name}` | {setting.kind} | {default} | {_cell(setting.doc)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    _PAGE.write_text(page())
    sys.stdout.write(f"{_PAGE} written\n")
