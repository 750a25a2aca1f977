import gzip
from pathlib import Path

import pytest

from unit.web.site import BEARER, Site

SCRIPT = b"console.log('barograph');\n" * 100


@pytest.fixture
def built(site: Site) -> Site:
    assets = site.static / "assets"
    assets.mkdir(parents=True)
    (site.static / "index.html").write_text("<!doctype html><title>Barograph</title>")
    (site.static / "secret.txt").write_text("not to be served")
    (assets / "index-abc.js").write_bytes(SCRIPT)
    (assets / "icon-abc.svg").write_text("<svg/>")
    (assets / "data-abc").write_text("odd")
    (assets / "folder").mkdir()
    return site


ADDRESSES = (
    "/",
    "/h/web-1",
    "/h/web-1/processes",
    "/alerts",
    "/alerts/history",
    "/explore",
    "/settings",
    "/settings/tokens",
)


@pytest.mark.parametrize("path", ADDRESSES)
def test_the_page_is_at_each_of_its_addresses_and_asked_for_anew(built: Site, path: str) -> None:
    answer = built.get(path)
    assert answer.status == 200
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert answer.header("cache-control") == "no-cache"
    assert b"<title>Barograph" in answer.body


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index-abc.js", "text/javascript; charset=utf-8"),
        ("icon-abc.svg", "image/svg+xml"),
        ("data-abc", "application/octet-stream"),
    ],
)
def test_files_with_a_hash_in_their_name_are_kept_for_ever(built: Site, name: str, kind: str) -> None:
    answer = built.get(f"/assets/{name}")
    assert answer.status == 200
    assert answer.header("content-type") == kind
    assert "immutable" in answer.header("cache-control")


def test_large_files_are_sent_zipped_to_who_takes_that(built: Site) -> None:
    plain = built.get("/assets/index-abc.js")
    assert plain.body == SCRIPT
    assert plain.header("content-encoding") == ""
    zipped = built.request("/assets/index-abc.js", headers={**BEARER, "accept-encoding": "br, gzip"})
    assert zipped.header("content-encoding") == "gzip"
    assert zipped.header("vary") == "accept-encoding"
    assert gzip.decompress(zipped.body) == SCRIPT
    small = built.request("/assets/icon-abc.svg", headers={**BEARER, "accept-encoding": "gzip"})
    assert small.header("content-encoding") == ""


@pytest.mark.parametrize(
    "name", ["absent.js", "folder", "..", "..%2fsecret.txt", "%2e%2e", "secret.txt", "index-abc.js\x00"]
)
def test_nothing_else_is_served(built: Site, name: str) -> None:
    assert built.get(f"/assets/{name}").status == 404


@pytest.mark.parametrize(
    "path", ["/assets/../secret.txt", "/assets/folder/../index-abc.js", "/secret.txt", "/index.html"]
)
def test_no_path_leads_out_of_the_folder(built: Site, path: str) -> None:
    assert built.get(path).status == 404


def test_a_page_that_is_not_built_says_how(site: Site) -> None:
    answer = site.get("/")
    assert answer.status == 503
    assert "make setup" in answer.json()["error"]


def test_the_files_are_read_once(built: Site, tmp_path: Path) -> None:
    assert built.get("/").status == 200
    (built.static / "index.html").unlink()
    assert built.get("/").status == 200
