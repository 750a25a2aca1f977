import numpy as np
import pytest

from barograph.analysis.who import By, GroupBy, Question, WhoRow, measure_of, table_of
from barograph.model.processes import UNKNOWN, Measure, ProcessFacts, ProcessSample, UnitFacts
from helpers.processes import T0_MS, facts


def made(
    at_ms: int, rows: dict[ProcessFacts, dict[Measure, int]], interval_ms: int = 2000, **more: object
) -> ProcessSample:
    numbers = np.zeros((len(rows), len(Measure)), np.int64)
    for place, given in enumerate(rows.values()):
        numbers[place, Measure.STATE] = ord("S")
        for measure, value in given.items():
            numbers[place, measure] = value
    return ProcessSample(at_ms=at_ms, interval_ms=interval_ms, facts=tuple(rows), numbers=numbers, **more)  # type: ignore[arg-type]


DB = facts(1, "db", unit="db.service")
WEB = facts(2, "web", unit="web.service")
WEB2 = facts(3, "web", unit="web.service")
SAMPLE = made(
    T0_MS,
    {
        DB: {Measure.USER_MS: 400, Measure.SYSTEM_MS: 100, Measure.RSS_BYTES: 9000, Measure.WRITE_BYTES: 10},
        WEB: {Measure.USER_MS: 3000, Measure.RSS_BYTES: 100, Measure.MAJOR_FAULTS: 6, Measure.IO_WAIT_MS: UNKNOWN},
        WEB2: {Measure.READ_BYTES: 5000, Measure.RSS_BYTES: 50, Measure.OPEN_FILES: 7, Measure.THREADS: 2},
    },
    started=(WEB2,),
    ended=(facts(9),),
    units=(UnitFacts("unit", "db.service", "/db.service"),),
    unit_numbers=np.array([[500, 4096, UNKNOWN, 20, 3]], np.int64),
)


@pytest.mark.parametrize(
    ("by", "names"),
    [(By.CPU, [2, 1, 3]), (By.MEMORY, [1, 2, 3]), (By.IO, [3, 1, 2]), (By.FAULTS, [2, 1, 3])],
)
def test_rows_are_sorted_by_a_measure(by: By, names: list[int]) -> None:
    assert [row.pid for row in table_of(SAMPLE, T0_MS, Question(by)).rows] == names


def test_rates_are_by_the_second() -> None:
    table = table_of(SAMPLE, T0_MS + 700, Question())
    web, db, web2 = table.rows
    assert (table.at, table.sampled, table.interval) == (T0_MS / 1000 + 0.7, T0_MS / 1000, 2.0)
    assert (db.cpu, db.rss, db.write, db.read, db.iowait) == (0.25, 9000, 5.0, 0.0, 0.0)
    assert (web.cpu, web.majflt, web.iowait) == (1.5, 3.0, None)
    assert (web2.read, web2.fds, web2.threads, web2.state, web2.count) == (2500.0, 7, 2, "S", 1)
    assert [process.pid for process in table.started] == [3]
    assert [process.pid for process in table.ended] == [9]
    (unit,) = table.units
    assert (unit.name, unit.cpu, unit.memory, unit.read, unit.write, unit.processes) == (
        "db.service",
        0.25,
        4096,
        None,
        10.0,
        3,
    )


def test_the_first_sample_after_a_start_has_no_rates() -> None:
    (row,) = table_of(made(T0_MS, {DB: {Measure.RSS_BYTES: 5}}, interval_ms=0), T0_MS, Question()).rows
    assert (row.cpu, row.read, row.rss) == (None, None, 5)


def test_what_may_not_be_read_is_none() -> None:
    unknown = dict.fromkeys((Measure.READ_BYTES, Measure.WRITE_BYTES, Measure.OPEN_FILES), UNKNOWN)
    (row,) = table_of(made(T0_MS, {DB: unknown}), T0_MS, Question()).rows
    assert (row.read, row.write, row.fds, measure_of(row, By.IO)) == (None, None, None, None)


@pytest.mark.parametrize(
    ("group", "counts"),
    [
        (GroupBy.NAME, {"web": 2, "db": 1}),
        (GroupBy.UNIT, {"web.service": 2, "db.service": 1}),
        (GroupBy.USER, {"me": 3}),
        (GroupBy.CONTAINER, {"": 3}),
    ],
)
def test_groups(group: GroupBy, counts: dict[str, int]) -> None:
    rows = table_of(SAMPLE, T0_MS, Question(By.CPU, group)).rows
    assert {getattr(row, group.value): row.count for row in rows} == counts


def test_a_group_is_the_sum_of_its_rows() -> None:
    row = table_of(SAMPLE, T0_MS, Question(By.CPU, GroupBy.NAME)).rows[0]
    assert (row.pid, row.name, row.cpu, row.rss, row.read, row.state) == (None, "web", 1.5, 150, 2500.0, "")
    assert row.start == min(WEB.start_ms, WEB2.start_ms) / 1000
    everyone = table_of(SAMPLE, T0_MS, Question(By.CPU, GroupBy.USER)).rows[0]
    assert (everyone.name, everyone.unit, everyone.user) == ("", "", "me")


def test_a_limit() -> None:
    assert len(table_of(SAMPLE, T0_MS, Question(limit=2)).rows) == 2


def _changes(by: By, before: ProcessSample) -> dict[int | None, float | None]:
    table = table_of(SAMPLE, T0_MS, Question(by), before)
    assert table.against == before.at_ms / 1000
    return {row.pid: row.change for row in table.rows}


def test_what_changed_most_stands_first() -> None:
    gone = facts(8)
    before = made(
        T0_MS - 60_000, {DB: {Measure.USER_MS: 4500}, gone: {Measure.USER_MS: 2000}, WEB: {Measure.USER_MS: 3000}}
    )
    table = table_of(SAMPLE, T0_MS, Question(), before)
    assert [(row.pid, row.change) for row in table.rows] == [(1, -2.0), (8, -1.0), (2, 0.0), (3, 0.0)]
    ended = next(row for row in table.rows if row.pid == 8)
    assert (ended.cpu, ended.rss) == (None, None)


def test_who_was_not_among_the_busiest_did_next_to_nothing() -> None:
    assert _changes(By.CPU, made(T0_MS - 1, {})) == {2: 1.5, 1: 0.25, 3: 0.0}
    # but had some memory, of which nothing is known
    assert _changes(By.MEMORY, made(T0_MS - 1, {DB: {Measure.RSS_BYTES: 1000}})) == {1: 8000.0, 2: None, 3: None}


def test_what_was_not_measured_has_no_change() -> None:
    unknown = dict.fromkeys((Measure.READ_BYTES, Measure.WRITE_BYTES), UNKNOWN)
    assert _changes(By.IO, made(T0_MS - 1, {DB: unknown}))[1] is None
    sample = made(T0_MS, {DB: unknown})
    assert {row.pid: row.change for row in table_of(sample, T0_MS, Question(By.IO), SAMPLE).rows}[1] is None


def test_what_was_done_before_stands_beside() -> None:
    before = made(T0_MS - 60_000, {DB: {Measure.USER_MS: 4500, Measure.RSS_BYTES: 70}})
    rows = {row.pid: row for row in table_of(SAMPLE, T0_MS, Question(), before).rows}
    then = rows[DB.pid].before
    assert then is not None
    assert (then.cpu, then.rss, then.read) == (2.25, 70, 0.0)
    assert rows[WEB.pid].before is None
    assert table_of(SAMPLE, T0_MS, Question()).rows[0].before is None


def test_who_ended_meanwhile_stays_with_the_instant() -> None:
    gone, brief, unseen = facts(8, "gone"), facts(7, "brief"), facts(6, "unseen")
    before = made(T0_MS - 60_000, {gone: {Measure.USER_MS: 2000}, DB: {}})
    between = [
        made(T0_MS - 3000, {brief: {Measure.USER_MS: 500}}),
        made(T0_MS - 2000, {}, ended=(gone, unseen)),
        made(T0_MS - 1000, {}, ended=(brief,)),
        SAMPLE,
    ]
    rows = {row.pid: row for row in table_of(SAMPLE, T0_MS, Question(), before, between).rows}
    assert (rows[8].ended, rows[8].cpu, rows[8].change) == (T0_MS / 1000 - 2, None, -1.0)
    assert (rows[7].ended, rows[7].name, rows[7].cpu) == (T0_MS / 1000 - 1, "brief", None)
    assert rows[DB.pid].ended is None
    assert 6 not in rows
    grouped = table_of(SAMPLE, T0_MS, Question(By.CPU, GroupBy.NAME), before, between).rows
    assert {row.ended for row in grouped} == {None}


def test_rows_are_values() -> None:
    row = table_of(SAMPLE, T0_MS, Question()).rows[0]
    assert isinstance(row, WhoRow)
    with pytest.raises(AttributeError):
        row.pid = 5  # type: ignore[misc]
