"""What the tests of app share: a busy machine takes longer to end what is under way."""

import pytest


@pytest.fixture(autouse=True)
def patient_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for threads and processes as long as they take: one that is left behind is told of by a later test."""
    for bound in ("app.notifier._GRACE_S", "app.notifier._STOP_S", "link.children._LONGEST_END_S"):
        monkeypatch.setattr(f"barograph.{bound}", 60.0)
