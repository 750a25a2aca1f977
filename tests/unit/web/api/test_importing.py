"""Bodies of imports on their way to the keeper."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from barograph.model.commands import AnyCommand, AnyReply, Done, ImportSamples, Refused, SamplesImported
from barograph.model.units import Size
from barograph.web.api import importing
from unit.web.site import BEARER, START_MS, Keeper, Site

PATH = "/api/v1/import/prometheus"


class Reading(Keeper):
    """A keeper that reads each body before it answers."""

    folder: Path
    bodies: list[bytes]

    async def execute(self, command: AnyCommand) -> AnyReply:
        if isinstance(command, ImportSamples):
            self.bodies.append((self.folder / f"{command.name}.body").read_bytes())
        return await super().execute(command)


@pytest.fixture
def imports(site: Site, tmp_path: Path) -> Site:
    keeper = Reading(site.keeper.people, site.keeper.alerts)
    keeper.folder, keeper.bodies = tmp_path / "incoming", []
    keeper.reply = SamplesImported(samples=2, skipped=1, notes=("line 1: x",))
    config = msgspec.structs.replace(site.deps.config, max_import_body=Size(100))
    site.keeper = keeper
    site.deps = replace(site.deps, incoming=keeper.folder, config=config, commands=keeper)
    return site


def asked(site: Site) -> ImportSamples:
    (command,) = site.keeper.asked
    assert isinstance(command, ImportSamples)
    return command


def test_a_body_is_the_keepers_and_its_file_goes(imports: Site) -> None:
    answer = imports.request(f"{PATH}?timestamp={START_MS}&skip_bad=1", "POST", BEARER, b"a 1\n")
    data = {"samples": 2, "skipped": 1, "notes": ["line 1: x"]}
    assert (answer.status, answer.json()) == (200, {"status": "success", "data": data})
    assert isinstance(imports.keeper, Reading) and imports.keeper.bodies == [b"a 1\n"]
    assert list(imports.deps.incoming.iterdir()) == []
    command = asked(imports)
    assert (command.format, command.encoding, command.default_ms) == ("openmetrics", "identity", START_MS)
    assert command.skip_bad and command.most_bytes == imports.deps.config.max_import_text.bytes


@pytest.mark.parametrize(
    ("path", "encoding", "expected"),
    [
        ("/api/v1/import", "gzip", ("jsonl", "gzip", "")),
        ("/api/v1/import/csv?format=1:metric:a", "zstd", ("csv", "zstd", "1:metric:a")),
        ("/api/v1/import/csv", "snappy", ("csv", "snappy", "")),
        (f"{PATH}?format=1:metric:a", "", ("openmetrics", "identity", "")),
    ],
)
def test_formats_and_encodings(imports: Site, path: str, encoding: str, expected: tuple[str, str, str]) -> None:
    assert imports.request(path, "POST", {**BEARER, "content-encoding": encoding}, b"x").status == 200
    command = asked(imports)
    assert (command.format, command.encoding, command.csv_format) == expected
    assert not command.skip_bad and command.default_ms == 0


@pytest.mark.parametrize(
    ("path", "headers", "body", "expected"),
    [
        (PATH, {"content-encoding": "br"}, b"x", (415, "send gzip, zstd, snappy or none")),
        (f"{PATH}?timestamp=now", {}, b"x", (400, "no time in milliseconds")),
        (PATH, {}, b"x" * 101, (413, "web.max_import_body raises that")),
        (PATH, {"content-length": "101"}, b"x", (413, "web.max_import_body raises that")),
    ],
)
def test_what_is_refused_reaches_no_keeper(
    imports: Site, path: str, headers: dict[str, str], body: bytes, expected: tuple[int, str]
) -> None:
    status, words = expected
    answer = imports.request(path, "POST", {**BEARER, **headers}, body)
    assert (answer.status, words in answer.json()["error"]) == (status, True)
    assert imports.keeper.asked == []
    assert not imports.deps.incoming.exists() or list(imports.deps.incoming.iterdir()) == []


def test_what_the_keeper_refuses_is_said(imports: Site) -> None:
    for reply, status in (
        (Refused(kind="bad_request", message="line 1: no"), 400),
        (Refused(kind="store", message="the disk is full"), 503),
        (Done(), 503),
    ):
        imports.keeper.reply = reply
        assert imports.request(PATH, "POST", BEARER, b"x").status == status
    imports.keeper.is_gone = True
    assert imports.request(PATH, "POST", BEARER, b"x").status == 503


def test_a_disk_that_takes_no_body_is_said(imports: Site) -> None:
    imports.deps.incoming.write_text("a file where the folder should be")
    answer = imports.request(PATH, "POST", BEARER, b"x")
    assert (answer.status, "cannot be kept" in answer.json()["error"]) == (503, True)


def test_a_client_that_goes_or_dawdles_leaves_nothing(imports: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(gone: bool) -> int:
        call = imports.call(PATH, "POST", BEARER)
        pieces: list[Any] = [{"type": "http.request", "body": b"x", "more_body": True}]

        async def receive() -> Any:
            if pieces:
                return pieces.pop()
            if not gone:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        await imports.app(call.scope, receive, call.send)
        return call.answer.status

    assert asyncio.run(run(True)) == 400
    monkeypatch.setattr(importing, "_PAUSE_S", 0.01)
    assert asyncio.run(run(False)) == 408
    assert list(imports.deps.incoming.iterdir()) == []


def test_only_a_few_imports_at_once(imports: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_AT_ONCE", 0)
    answer = imports.request(PATH, "POST", BEARER, b"x")
    assert (answer.status, answer.header("retry-after")) == (429, "1")
