from pathlib import Path
from typing import Any

import msgspec
import pytest

from barograph.app.config_convert import Source, convert
from barograph.app.config_files import read_secret_files
from barograph.app.yaml_source import Document
from barograph.model.errors import ConfigError
from barograph.model.secret import Secret


class Mail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    password: Secret | None = None
    key_file: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = ""
    token: Secret | None = None
    mail: Mail = Mail()
    mails: tuple[Mail, ...] = ()


SOURCE = Source(Document("", None), {})


def settings(values: Any) -> Settings:
    return convert(read_secret_files(values, Settings, SOURCE), Settings, SOURCE)


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("hunter2 \n")
    found = settings({"token_file": str(file), "mail": {"password_file": str(file)}, "mails": [{"password": "x"}]})
    assert found.token == found.mail.password == Secret("hunter2 ")
    assert found.mails[0].password == Secret("x")
    assert settings({"mails": [{"password_file": str(file)}]}).mails[0].password == Secret("hunter2 ")


def test_only_a_secret_has_such_a_twin(tmp_path: Path) -> None:
    assert settings({"mail": {"key_file": "/etc/key"}}).mail.key_file == "/etc/key"
    for values in ({"name_file": "/etc/hostname"}, {"mail": {"nothing_file": "/etc/hostname"}}):
        with pytest.raises(ConfigError, match="unknown key"):
            settings(values)


@pytest.mark.parametrize("values", ["x", {"mail": "x"}, {"mails": {"a": 1}}])
def test_what_is_no_section_is_refused_as_ever(values: Any) -> None:
    assert read_secret_files(values, Settings, SOURCE) == values


def test_what_cannot_be_read_says_so_and_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"CANARY\xff")
    (tmp_path / "long").write_text("CANARY" * 20_000)
    for value, words in (
        (str(tmp_path / "none"), "cannot be read: No such file"),
        (str(tmp_path / "empty"), "holds no secret"),
        (str(tmp_path / "binary"), "is not UTF-8"),
        (str(tmp_path / "long"), "holds no secret"),
        (7, "the name of a file"),
    ):
        with pytest.raises(ConfigError, match=words) as caught:
            settings({"token_file": value})
        assert caught.value.path == "token_file"
        assert "CANARY" not in str(caught.value)
    with pytest.raises(ConfigError, match="one of the two"):
        settings({"token": "x", "token_file": "y"})
