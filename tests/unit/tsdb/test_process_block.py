from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cramjam
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.model.errors import StoreError
from barograph.model.processes import Measure, ProcessFacts, ProcessSample
from barograph.tsdb import process_block
from barograph.tsdb.process_block import Block, encode_block
from helpers.processes import T0_MS, plain, sample

_NUMBERS = st.integers(-(2**63), 2**63 - 1)
_FACTS = st.builds(
    ProcessFacts,
    pid=st.integers(0, 2**22),
    start_ms=st.integers(0, 2**42),
    name=st.text(max_size=15),
    command=st.text(max_size=30),
    user=st.sampled_from(["", "root", "me"]),
    unit=st.sampled_from(["", "a.service"]),
    container=st.just(""),
    parents=st.sampled_from(["", "1 init", "7 sh\x001 init"]),
)


@st.composite
def _samples(draw: st.DrawFn) -> list[ProcessSample]:
    times = sorted(draw(st.sets(st.integers(0, 2**42), min_size=1, max_size=6)))
    known = draw(st.lists(_FACTS, unique=True, min_size=1, max_size=6))
    found = []
    for at_ms in times:
        chosen = draw(st.lists(st.sampled_from(known), unique=True, max_size=6))
        rows = [draw(st.lists(_NUMBERS, min_size=len(Measure), max_size=len(Measure))) for _ in chosen]
        found.append(
            ProcessSample(
                at_ms=at_ms,
                interval_ms=draw(st.integers(0, 10_000)),
                facts=tuple(chosen),
                numbers=np.array(rows, np.int64).reshape(len(chosen), len(Measure)),
                started=tuple(draw(st.lists(st.sampled_from(known), unique=True, max_size=2))),
                ended=tuple(draw(st.lists(_FACTS, unique=True, max_size=2))),
            )
        )
    return found


@given(_samples())
def test_what_goes_in_comes_out(samples: list[ProcessSample]) -> None:
    block = Block(encode_block(samples))
    assert block.times_ms.tolist() == [sample.at_ms for sample in samples]
    assert [plain(block.sample(number)) for number in range(len(samples))] == list(map(plain, samples))


def test_blocks_without_parents_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def older(facts: Sequence[Any], texts: Any) -> list[bytes]:
        columns: list[bytes] = pack([row[:7] if isinstance(row, ProcessFacts) else row for row in facts], texts)
        return columns

    pack: Any = process_block._pack_facts
    monkeypatch.setattr(process_block, "_pack_facts", older)
    (found,) = Block(encode_block([sample(T0_MS, 1)])).sample(0).facts
    assert (found.name, found.parents) == ("worker", "")
    monkeypatch.setattr(process_block, "_pack_facts", lambda facts, texts: pack([(*row, "x") for row in facts], texts))
    with pytest.raises(StoreError, match="9 columns of processes"):
        Block(encode_block([replace(sample(T0_MS, 1), units=())]))


def test_control_groups_come_out_too() -> None:
    samples = [sample(T0_MS, 1, 2, started=(3,)), sample(T0_MS + 1000), sample(T0_MS + 2000, 2, ended=(1,))]
    block = Block(encode_block(samples))
    assert [plain(block.sample(number)) for number in range(3)] == list(map(plain, samples))


def test_steady_processes_take_little() -> None:
    samples = [sample(T0_MS + 1000 * number, *range(30)) for number in range(300)]
    assert len(encode_block(samples)) / 300 < 100


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zstd",
        bytes(cramjam.zstd.compress(b"no msgpack")),
        bytes(
            cramjam.zstd.compress(
                msgspec.msgpack.encode([b"\1", b"\1", [], [], [], [b"\1", b"\1", []], [b"\1", b"\1", []], [], []])
            )
        ),
        bytes(
            cramjam.zstd.compress(
                msgspec.msgpack.encode([b"\x09x", b"", [], [], [], [b"", b"", []], [b"", b"", []], [], []])
            )
        ),
    ],
)
def test_what_is_no_block(data: bytes) -> None:
    with pytest.raises(StoreError, match="a block of the process log cannot be read"):
        Block(data)
