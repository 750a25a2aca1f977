"""What every test shares: CI turns skips into failures, and interrupts work wherever tests are started."""

import os
import signal
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler.loadscope import LoadScopeScheduling

FAIL_ON_SKIP = os.environ.get("BAROGRAPH_FAIL_ON_SKIP") == "1"
"""As .ci/run says."""

# machines are noisy, so no example has a deadline, and examples may be slow to come; CI tries the same examples each
# time, everyone else new ones
settings.register_profile(
    "barograph",
    deadline=None,
    derandomize=FAIL_ON_SKIP or os.environ.get("CI") == "true",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("barograph")

# a shell's background jobs ignore interrupts, and whatever they start does so too: tests that interrupt start afresh
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


_OF_SERVERS = (
    "tests/e2e/",
    "tests/contract/test_cli_server.py",
    *(f"tests/differential/test_{name}.py" for name in ("api", "collections", "prometheus", "rules")),
)


class _OneServerAtATime(LoadScopeScheduling):  # type: ignore[misc]  # the library has no types
    """Keeps what starts servers and browsers on one worker, one after the other; the rest goes beside it."""

    def _split_scope(self, nodeid: str) -> str:
        return "servers" if nodeid.startswith(_OF_SERVERS) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return _OneServerAtATime(config, log)


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
