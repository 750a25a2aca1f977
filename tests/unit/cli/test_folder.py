"""Where data lie, and whose token goes where."""

import os
from pathlib import Path

import pytest

from barograph.cli.failure import CommandError
from barograph.cli.folder import ServerAddress, default_data_folder, find_server

URL = "http://127.0.0.1:10132"
TOKEN = "t" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "url").write_text(URL + "\n")
    (tmp_path / "token").write_text(TOKEN + "\n")
    return tmp_path


@pytest.mark.parametrize(
    ("environment", "user_id", "expected"),
    [
        ({"HOME": "/root"}, 0, "/var/lib/barograph"),
        ({"HOME": "/home/a", "XDG_STATE_HOME": "/state"}, 1000, "/state/barograph"),
        ({"HOME": "/home/a"}, 1000, "/home/a/.local/state/barograph"),
        ({"HOME": "/home/a", "XDG_STATE_HOME": ""}, 1000, "/home/a/.local/state/barograph"),
        ({"HOME": "/home/a", "XDG_STATE_HOME": "relative"}, 1000, "/home/a/.local/state/barograph"),
    ],
)
def test_the_default_folder(environment: dict[str, str], user_id: int, expected: str) -> None:
    assert default_data_folder(environment, user_id) == Path(expected)


def test_a_user_without_home_has_one_all_the_same() -> None:
    assert default_data_folder({}, 1000) == Path.home() / ".local/state/barograph"


def test_a_folders_server_is_asked_with_the_folders_token(folder: Path) -> None:
    assert find_server(None, folder, {}) == ServerAddress(URL, TOKEN)


def test_a_named_folder_goes_before_the_environments_server(folder: Path) -> None:
    assert find_server(None, folder, {"BAROGRAPH_URL": "http://other:1"}).url == URL


def test_the_default_folders_server_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (folder / "barograph").mkdir()
    for name in ("url", "token"):
        (folder / name).rename(folder / "barograph" / name)
    environment = {"XDG_STATE_HOME": str(folder)}
    assert find_server(None, None, environment) == ServerAddress(URL, TOKEN)
    assert find_server(None, None, {**environment, "BAROGRAPH_URL": "http://other:1/"}) == ServerAddress(
        "http://other:1", ""
    )


@pytest.mark.parametrize("url", ["http://localhost:10132", "http://127.0.0.1:10132/", "http://[::1]:10132"])
def test_another_name_of_the_folders_server_gets_its_token(folder: Path, url: str) -> None:
    assert find_server(url, folder, {}) == ServerAddress(url.rstrip("/"), TOKEN)


@pytest.mark.parametrize(
    "url",
    ["http://example.org:10132", "http://127.0.0.1:9090", "https://127.0.0.1:10132", "http://127.0.0.1.nip.io:10132"],
)
def test_no_other_server_gets_the_folders_token(folder: Path, url: str) -> None:
    assert find_server(url, folder, {}) == ServerAddress(url, "")


def test_a_token_of_the_environment_goes_where_it_is_told(folder: Path) -> None:
    assert find_server("http://example.org", folder, {"BAROGRAPH_TOKEN": "mine"}).token == "mine"
    assert find_server(None, folder, {"BAROGRAPH_TOKEN": "mine"}).token == "mine"


def test_a_server_without_a_token_file_is_asked_without(folder: Path) -> None:
    (folder / "token").unlink()
    assert find_server(None, folder, {}).token == ""


def test_no_server_at_all_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"start `barograph serve`, or name one with --url") as caught:
        find_server(None, tmp_path, {})
    assert caught.value.status == 2


@pytest.mark.parametrize("url", ["localhost:10132", "ftp://x", "http://", "http://x:99999", "http://[::1", "x"])
def test_what_is_no_url_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(CommandError, match="write it like http://") as caught:
        find_server(url, tmp_path, {})
    assert caught.value.status == 2


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "url").mkdir()
    with pytest.raises(CommandError, match=r"url cannot be read: Is a directory"):
        find_server(None, tmp_path, {})
