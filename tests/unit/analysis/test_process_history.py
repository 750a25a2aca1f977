from barograph.analysis.process_history import Parent, Totals, history_of, program_alone
from barograph.model.processes import UNKNOWN, Measure, ProcessFacts
from helpers.processes import T0_MS, facts
from unit.analysis.test_who import DB, SAMPLE, WEB, made

CHILD = ProcessFacts(5, T0_MS, "tar", "/bin/tar c", "root", "backup.service", "c0ffee", "4 sh\x001 systemd")


def test_the_history_of_one_process() -> None:
    later = made(T0_MS + 1000, {WEB: {Measure.USER_MS: 1000}})
    found = history_of([SAMPLE, later], DB.pid, DB.start_ms)
    assert found.times == [T0_MS / 1000, T0_MS / 1000 + 1]
    assert (found.cpu, found.rss, found.write) == ([0.25, None], [9000, None], [5.0, None])
    assert (found.pid, found.name, found.unit, found.ended) == (1, "db", "db.service", None)
    nobody = history_of([SAMPLE], DB.pid, DB.start_ms + 1)
    assert (nobody.read, nobody.name, nobody.totals, nobody.threads) == ([None], "", None, None)


def test_its_life() -> None:
    samples = [
        made(T0_MS, {}, started=(CHILD,)),
        made(T0_MS + 1000, {CHILD: {Measure.THREADS: 3}}),
        made(T0_MS + 2000, {}, ended=(CHILD,)),
        made(T0_MS + 3000, {facts(5): {}}),
    ]
    found = history_of(samples, 5, T0_MS)
    assert (found.ended, found.threads, found.container) == (T0_MS / 1000 + 2, 3, "c0ffee")
    assert found.parents == [Parent(pid=4, name="sh"), Parent(pid=1, name="systemd")]
    assert found.cmd == "/bin/tar c"
    assert program_alone(found).cmd == "/bin/tar"


def test_totals_are_of_what_was_seen() -> None:
    did = {Measure.USER_MS: 500, Measure.READ_BYTES: 100, Measure.WRITE_BYTES: UNKNOWN}
    samples = [made(T0_MS, {DB: did}), made(T0_MS + 1000, {}), made(T0_MS + 2000, {DB: did})]
    assert history_of(samples, DB.pid, DB.start_ms).totals == Totals(cpu=1.0, read=200.0, write=None)
