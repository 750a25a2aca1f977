"""What the import worker does with a job, and what the keeper's side makes of it, with the real process between."""

import asyncio
import gzip
import os
import signal
from pathlib import Path

import pytest

from barograph.app import importing
from barograph.app.import_service import ImportService
from barograph.app.import_worker import ImportJob, carry_out
from barograph.app.importing import ImportText
from barograph.formats import bulk_read
from barograph.model.commands import AnyReply, ImportSamples, Refused, SamplesImported
from barograph.tsdb.filenames import block_names
from barograph.tsdb.load import adopt
from unit.tsdb.stores import SMALL, T0, Kit

NAME = "0123456789abcdef" * 2
BODY = f"a 1 {T0}\nb 2 {T0 + 1}\n".encode()


def job(folder: Path, body: bytes, encoding: str = "identity", most_bytes: int = 1000) -> ImportJob:
    path = folder / "body"
    path.write_bytes(body)
    into = folder / "blocks"
    into.mkdir(exist_ok=True)
    text = ImportText(format="openmetrics", newest_ms=T0 + 1000)
    return ImportJob(
        text=text, body=str(path), encoding=encoding, folder=str(into), most_bytes=most_bytes, span_samples=100
    )


def test_a_job_makes_block_files(tmp_path: Path) -> None:
    for encoding, body in (("identity", BODY), ("gzip", gzip.compress(BODY))):
        (tmp_path / encoding).mkdir()
        outcome = carry_out(job(tmp_path / encoding, body, encoding))
        assert (outcome.error, outcome.counts.samples) == ("", 2)
        assert len(block_names(tmp_path / encoding / "blocks" / "000000")) == 1


@pytest.mark.parametrize(
    ("body", "most_bytes", "words", "is_senders"),
    [(b"a x 1\n", 100, "line 1: 'x'", True), (BODY, 10, "larger than 10 bytes", True)],
)
def test_a_bad_body_is_the_senders_fault(
    tmp_path: Path, body: bytes, most_bytes: int, words: str, is_senders: bool
) -> None:
    outcome = carry_out(job(tmp_path, body, most_bytes=most_bytes))
    assert words in outcome.error and outcome.is_senders is is_senders


def test_a_body_that_is_gone_is_not(tmp_path: Path) -> None:
    asked = job(tmp_path, BODY)
    Path(asked.body).unlink()
    outcome = carry_out(asked)
    assert "No such file" in outcome.error and not outcome.is_senders


class Side:
    """A store with its import service."""

    def __init__(self, folder: Path) -> None:
        self.kit = Kit(folder)
        self.kit.clock.advance(1)
        self.incoming = folder / "incoming"
        self.incoming.mkdir(exist_ok=True)
        (self.incoming / "left-by-a-kill").write_bytes(b"x")
        self.service = ImportService(folder, self.kit.store, SMALL, self.kit.clock)

    async def ask(self, body: bytes, name: str = NAME, encoding: str = "identity") -> AnyReply:
        self.incoming.mkdir(exist_ok=True)
        (self.incoming / f"{NAME}.body").write_bytes(body)
        asking = asyncio.create_task(
            self.service.execute(
                ImportSamples(
                    name=name,
                    format="openmetrics",
                    encoding=encoding,
                    csv_format="",
                    skip_bad=False,
                    default_ms=0,
                    most_bytes=1000,
                )
            )
        )
        while not asking.done():
            self.kit.store.maintain(0.0)
            await asyncio.sleep(0.002)
        return asking.result()


def test_the_keepers_side_imports_and_cleans_up(tmp_path: Path) -> None:
    side = Side(tmp_path)
    assert not side.incoming.exists()

    async def run() -> None:
        assert await side.ask(BODY) == SamplesImported(samples=2, skipped=0, notes=())
        assert await side.ask(b"c 5\n") == SamplesImported(samples=1, skipped=0, notes=())
        refused = await side.ask(b"a x 1\n")
        assert isinstance(refused, Refused) and refused.kind == "bad_request"
        for name, encoding in (("../x", "identity"), (NAME, "br")):
            reply = await side.ask(BODY, name, encoding)
            assert isinstance(reply, Refused) and "no import" in reply.message
        assert [path.name for path in side.incoming.iterdir()] == [f"{NAME}.body"]
        # one that was killed is replaced by another
        assert side.service._worker is not None
        os.kill(side.service._worker.pid, signal.SIGKILL)
        await side.service._worker.wait()
        assert isinstance(await side.ask(BODY), SamplesImported)
        # and one that rests ends by itself
        side.service._rest()
        assert await side.service._worker.wait() == 0
        assert isinstance(await side.ask(BODY), SamplesImported)
        # whoever comes while it does so is served too
        side.service._rest()
        assert isinstance(await side.ask(BODY), SamplesImported)
        await side.service.close()
        await side.service.close()

    asyncio.run(run())
    reader = side.kit.reader()
    assert [str(labels) for labels in reader.series((), 0, T0 * 2)] == ["a", "b", "c"]
    reader.close()
    side.kit.store.close()


def test_a_body_of_many_series_is_stored_in_parts_and_the_last_value_of_an_instant_counts(tmp_path: Path) -> None:
    side = Side(tmp_path)
    lines = [f'm{{i="{number % 9}"}} {number} {T0}\n' for number in range(40)]
    into = tmp_path / "store" / "parts"
    into.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk_read, "_MOST_SERIES", 4)
        patch.setattr(importing, "_READ_BYTES", 20)
        outcome = carry_out(job(into, "".join(lines).encode(), most_bytes=10_000))
    assert (outcome.error, outcome.counts.samples) == ("", 40)
    assert len(list((into / "blocks").iterdir())) > 4
    side.kit.store.perform(adopt(into / "blocks"))
    reader = side.kit.reader()
    found = {
        labels.get("i"): group.values[row].tolist()
        for group in reader.select((), 0, T0 * 2).groups
        for row, labels in enumerate(group.labels)
    }
    assert found == {str(number % 9): [float(number)] for number in range(31, 40)}
    reader.close()
    side.kit.store.close()


def test_a_worker_that_ends_in_the_middle_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    side = Side(tmp_path)
    monkeypatch.setattr("barograph.link.children.sys.executable", "/bin/true")

    async def run() -> None:
        reply = await side.ask(BODY)
        assert isinstance(reply, Refused) and reply.kind == "store" and "worker ended" in reply.message
        await side.service.close()

    asyncio.run(run())
    side.kit.store.close()
