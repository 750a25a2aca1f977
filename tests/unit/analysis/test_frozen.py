import msgspec

from barograph.analysis.frozen import FrozenWho, freeze, suspects, without_arguments
from barograph.analysis.who import By
from helpers.processes import T0_MS, sample


def test_tables_are_by_what_changed_since_a_minute_before() -> None:
    frozen = freeze(sample(T0_MS, *range(1, 15)), T0_MS, sample(T0_MS - 60_000, 1, 2))
    assert set(frozen.tables) == {"cpu", "memory", "io"}
    assert all(len(table.rows) == 10 for table in frozen.tables.values())
    changes = [abs(row.change or 0) for row in frozen.tables["cpu"].rows]
    assert changes == sorted(changes, reverse=True)
    assert msgspec.json.decode(msgspec.json.encode(frozen), type=FrozenWho) == frozen


def test_viewers_see_programs_alone() -> None:
    frozen = without_arguments(freeze(sample(T0_MS, 1), T0_MS, None))
    assert frozen.tables["io"].rows[0].cmd == "/usr/bin/worker"


def test_suspects_are_named_with_figures() -> None:
    frozen = freeze(sample(T0_MS, 1, 2, 3), T0_MS, sample(T0_MS - 60_000, 1, 2, 3))
    by_cpu, by_memory, by_io = (suspects(frozen, by, 2) for by in (By.CPU, By.MEMORY, By.IO))
    assert len(by_cpu) == len(by_memory) == len(by_io) == 2
    assert by_cpu[0].startswith("worker (pid ")
    assert " cores, " in by_cpu[0]
    assert by_cpu[0].endswith(" in a minute")
    assert "/s" in by_io[0]
    assert suspects(FrozenWho(tables={}), By.CPU, 3) == ()
