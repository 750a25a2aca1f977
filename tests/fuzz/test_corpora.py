"""What the fuzzer has found to go new ways, once more: each input of each corpus, without atheris."""

import pytest

from fuzz.targets import CORPORA, TARGETS, run


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_of_a_corpus_is_a_crash(name: str) -> None:
    found = sorted((CORPORA / name).iterdir())
    assert found, "a target has a corpus"
    for path in found:
        run(name, path.read_bytes())


def test_an_error_that_is_not_promised_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_: bytes) -> None:
        raise KeyError("x")

    monkeypatch.setitem(TARGETS, "units", crash)
    with pytest.raises(KeyError):
        run("units", b"")
