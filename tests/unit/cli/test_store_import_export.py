"""`store import` and `store export` over folders: there and back, resumed, refused."""

import gzip
from pathlib import Path

import cramjam
import pytest

from barograph.app.importing import ImportCounts, ImportText
from barograph.cli import import_target, store_import
from barograph.formats.text_parts import Part
from barograph.model.errors import StoreError
from unit.cli.commands import Commands

T = 1_700_000_000
TEXT = "# HELP a Help.\n# TYPE a counter\n" + "".join(
    f'a_total{{i="{i}"}} {value} {T + second}\n'
    for i in range(3)
    for second, value in enumerate(["1", "2.5", "nAN", "NaN", "-0.0", "+Inf"])
) + "# EOF\n"  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("BAROGRAPH_URL", raising=False)
    return tmp_path


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize("kind", ["openmetrics", "csv", "jsonl"])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_there_and_back(folder: Path, barograph: Commands, kind: str, ending: str) -> None:
    source = write(folder / "in.prom", TEXT)
    assert barograph("store", "import", str(source), "--data", str(folder / "a")).status == 0
    first = folder / f"out.{kind}{ending}"
    outcome = barograph("store", "export", "--data", str(folder / "a"), "--format", kind, "-o", str(first))
    assert outcome.status == 0 and "18 samples of 3 series" in outcome.err
    outcome = barograph("store", "import", str(first), "--format", kind, "--data", str(folder / "b"))
    assert outcome.status == 0 and "18 samples of" in outcome.err
    back = barograph("store", "export", "--data", str(folder / "b"), "--format", kind)
    packed = first.read_bytes()
    assert back.out.encode() == (gzip.decompress(packed) if ending else packed)


def test_a_selection_and_a_range_are_exported(folder: Path, barograph: Commands) -> None:
    source = write(folder / "in.om", TEXT)
    barograph("store", "import", str(source), "--data", str(folder / "a"))
    given = ("--data", str(folder / "a"), "--match", 'a_total{i="1"}', "--start", str(T), "--end", str(T + 1))
    outcome = barograph("store", "export", *given)
    assert outcome.out == (
        f'# HELP a Help.\n# TYPE a counter\na_total{{i="1"}} 1 {T}\na_total{{i="1"}} 2.5 {T + 1}\n# EOF\n'
    )


@pytest.mark.parametrize(
    ("arguments", "words", "status"),
    [
        (("export", "--match", "up[5m]"), "no series selector", 2),
        (("export", "--match", "{"), "1:2", 2),
        (("export", "--format", "xml"), "--format xml", 2),
        (("export", "--start", "-1h", "--end", "-2h"), "--end lies 3600 s before", 2),
        (("import", "FILE.dat"), "what format is", 2),
        (("import", "FILE.dat", "--format", "xml"), "--format xml", 2),
        (("import", "missing.csv"), "missing.csv: No such file", 1),
        (("import", "FILE.csv", "--csv-format", "x"), "describes no column", 1),
        (("import", "FILE.prom"), "line 2: 'x' is no value", 1),
        (("import", "FILE.prom.gz"), "is damaged", 1),
        (("import", "FILE.prom.zst"), "is damaged", 1),
    ],
)
def test_what_is_wrong_is_said(
    folder: Path, barograph: Commands, arguments: tuple[str, ...], words: str, status: int
) -> None:
    barograph("store", "import", str(write(folder / "ok.prom", "a 1 1\n")), "--data", str(folder / "a"))
    given = []
    for argument in arguments:
        if argument.startswith(("FILE", "missing")):
            path = folder / argument
            given.append(str(write(path, "a 1 1\nb x 2\n") if argument.startswith("FILE") else path))
        else:
            given.append(argument)
    outcome = barograph("store", *given, "--data", str(folder / "a"))
    assert words in outcome.err and outcome.status == status


def test_bad_lines_are_left_out_and_said(folder: Path, barograph: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_target.FolderTarget, "part_bytes", 20)
    monkeypatch.setattr(store_import, "_READ_BYTES", 10)
    source = write(folder / "in.prom", "# TYPE a gauge\na 1 1\na 1 2\nbad\na 1 3\na 1 4\na 1 5\n")
    outcome = barograph("store", "import", str(source), "--data", str(folder / "a"), "--skip-bad")
    assert outcome.status == 0
    assert "line 4: no value behind 'bad'" in outcome.err
    assert "5 samples of 7 lines are stored, 1 bad lines were left out" in outcome.err
    refused = barograph("store", "import", str(source), "--data", str(folder / "a"), "--from-start")
    assert refused.status == 1 and "in.prom: line 4: no value behind" in refused.err


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_an_import_goes_on_where_it_was_interrupted(
    folder: Path, barograph: Commands, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    data = TEXT.encode()
    packed = {"": data, ".gz": gzip.compress(data), ".zst": bytes(cramjam.zstd.compress(data))}[ending]
    source = write(folder / f"in.prom{ending}", packed)
    monkeypatch.setattr(import_target.FolderTarget, "part_bytes", 60)
    monkeypatch.setattr(store_import, "_READ_BYTES", 30)
    send = import_target.FolderTarget.send
    bodies: list[bytes] = []

    def send_some(self: import_target.FolderTarget, part: Part, text: ImportText) -> ImportCounts:
        if len(bodies) == 3:
            bodies.append(b"")
            raise error
        bodies.append(part.body)
        return send(self, part, text)

    monkeypatch.setattr(import_target.FolderTarget, "send", send_some)
    command = ("store", "import", str(source), "--data", str(folder / "a"))
    error: BaseException = KeyboardInterrupt()
    outcome = barograph(*command)
    assert outcome.status == 130 and "the same command goes on from there" in outcome.err
    outcome = barograph(*command)
    assert outcome.status == 0 and "going on after line" in outcome.err and "18 samples of 21 lines" in outcome.err
    sent = b"".join(body for body in bodies).decode()
    assert sent.count(f'a_total{{i="0"}} 1 {T}\n') == 1
    assert barograph("store", "export", "--data", str(folder / "a")).out == TEXT
    assert not list((folder / "state" / "barograph" / "imports").iterdir())
    error = StoreError("x")
    del bodies[:]
    assert barograph(*command).status == 1


def test_a_folder_that_is_no_store_is_not_exported(folder: Path, barograph: Commands) -> None:
    outcome = barograph("store", "export", "--data", str(folder / "nothing"))
    assert outcome.status == 1 and "holds no Barograph store" in outcome.err
