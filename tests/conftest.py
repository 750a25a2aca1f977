"""What every test shares: CI turns skips into failures, and interrupts work wherever tests are started."""

import os
import signal
from collections.abc import Generator

import pytest
from hypothesis import settings

# machines are noisy, so no example has a deadline; CI tries the same examples each time, everyone else new ones
settings.register_profile("barograph", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("barograph")

# a shell's background jobs ignore interrupts, and whatever they start does so too: tests that interrupt start afresh
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

FAIL_ON_SKIP = os.environ.get("BAROGRAPH_FAIL_ON_SKIP") == "1"


@pytest.hookimpl(tryfirst=True)  # before the plugin looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what starts servers and browsers on one worker, one after the other; the rest goes beside it."""
    for item in items:
        if item.get_closest_marker("e2e") is not None:
            item.add_marker(pytest.mark.xdist_group("e2e"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if FAIL_ON_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which CI does not accept: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if FAIL_ON_SKIP and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped whole, which CI does not accept: {report.longrepr}"
    return report
