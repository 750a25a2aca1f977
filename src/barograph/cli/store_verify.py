"""`barograph store verify`: every checksum of a data folder, whether its server runs or not."""

from pathlib import Path
from typing import Annotated

import typer

from barograph.cli.failure import CommandError, require_format
from barograph.cli.store_tools import folder_of, progress_bar, size_text
from barograph.cli.terminal import to_json, visible
from barograph.tsdb.verify import Checked, files_of, verify

EPILOG = """\b
Examples:
  barograph store verify
  barograph store verify --data ./data --format json"""
_FORMATS = ("text", "json")


def store_verify(
    data: Annotated[Path | None, typer.Option(metavar="DIR", readable=False, help="The data folder.")] = None,
    output_format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")] = "text",
) -> None:
    """Read everything that a checksum covers, and say what is damaged: a line each, with file, place and loss.

    Reads only, and may be used while the server runs. Exit status 1 where anything is damaged. What is damaged is shown
    as a gap by queries, never as a wrong value.
    """
    require_format(output_format, _FORMATS)
    folder = folder_of(data)
    paths = files_of(folder)
    if not paths:
        raise CommandError(f"{folder} holds no Barograph store: name the data folder of a `barograph serve`")
    total = sum(path.stat().st_size for path in paths)
    checked: list[Checked] = []
    with progress_bar() as told:
        told(paths[0].name, 0, total)
        for each in verify(folder):
            checked.append(each)
            told(each.file, sum(file.size_bytes for file in checked), total)
    findings = [finding for each in checked for finding in each.findings]
    if output_format == "json":
        print(to_json([{**each._asdict(), "findings": [f._asdict() for f in each.findings]} for each in checked]))
    else:
        for finding in findings:
            print(visible(f"{finding.file}: {finding.place}: {finding.lost}"))
        sums = sum(each.checksums for each in checked)
        print(f"{len(checked)} files, {size_text(total)}, {sums:,} checks: {len(findings) or 'nothing'} damaged")
    if findings:
        raise CommandError(f"{len(findings)} findings in {folder}; a snapshot of before can be restored")
