import copy
import pickle  # noqa: TID251  to see it refused

import msgspec
import orjson
import pytest

from barograph.model.secret import Secret

SECRET = Secret("hunter2")


def test_it_gives_itself_away_only_when_asked() -> None:
    assert SECRET.reveal() == "hunter2"
    for shown in (
        str(SECRET),
        repr(SECRET),
        f"{SECRET}",
        f"{SECRET!r:>20}",
        repr([SECRET]),
        repr({"a": SECRET}),
    ):
        assert "hunter2" not in shown
        assert "<secret>" in shown


def test_it_cannot_be_serialised() -> None:
    with pytest.raises(TypeError, match="a secret cannot be serialised"):
        pickle.dumps(SECRET)
    with pytest.raises(TypeError, match="a secret cannot be serialised"):
        copy.copy(SECRET)
    with pytest.raises(TypeError):
        orjson.dumps({"a": SECRET})
    with pytest.raises(TypeError):
        msgspec.json.encode({"a": SECRET})


def test_it_has_no_dictionary_to_look_into() -> None:
    assert not hasattr(SECRET, "__dict__")


def test_equal_secrets_are_equal() -> None:
    assert Secret("hunter2") == SECRET
    assert Secret("other") != SECRET
    assert SECRET != "hunter2"
    assert hash(Secret("hunter2")) == hash(SECRET)
