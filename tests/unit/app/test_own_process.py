"""What a process of ours says of itself, beside what the kernel says elsewhere."""

import resource
from pathlib import Path

from barograph.app.own_process import read_own_process


def used_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def test_cpu_time_is_user_and_system_in_seconds() -> None:
    before = used_s()
    cpu_s, _ = read_own_process()
    after = used_s()
    assert before - 0.05 <= cpu_s <= after + 0.05  # the file counts in hundredths, the call in millionths


def test_memory_is_resident_bytes() -> None:
    def status_bytes() -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))

    _, resident_bytes = read_own_process()
    assert abs(resident_bytes - status_bytes()) < 0.1 * resident_bytes


def test_a_name_with_brackets_and_spaces_moves_no_field() -> None:
    name = Path("/proc/self/comm")
    before, expected = name.read_text(), read_own_process()
    name.write_text("a) b (c) 1 2")
    try:
        cpu_s, resident_bytes = read_own_process()
    finally:
        name.write_text(before)
    assert cpu_s - expected[0] < 1
    assert abs(resident_bytes - expected[1]) < 0.1 * resident_bytes
