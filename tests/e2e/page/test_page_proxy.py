"""The page behind proxies that are set up as docs/proxy.md says, and at their defaults in all else."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from barograph.web.config import WebConfig
from helpers.chromium import LONGEST_MS
from helpers.ports import free_port
from helpers.server import Server, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.e2e
DOC = Path(__file__).parents[3] / "docs" / "proxy.md"
NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{ }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; {told} }}
"""
COMMANDS = {"nginx": ("nginx", "-p", "{folder}", "-c", "{file}"), "haproxy": ("haproxy", "-db", "-f", "{file}")}


def _told(name: str, folder: Path, port: int, server: Server) -> str:
    """Return the document's configuration, with this test's places in place of its own."""
    found = re.search(rf"^```{name}\n(.*?)^```", DOC.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None, f"no configuration of {name}"
    text = found[1]
    for theirs, ours in (
        ("/etc/ssl/metrics.pem", f"{folder}/metrics.pem"),
        ("/etc/ssl/metrics.key", f"{folder}/metrics.key"),
        ("/etc/ssl/metrics-and-key.pem", f"{folder}/metrics-and-key.pem"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("bind :443 ssl", f"bind 127.0.0.1:{port} ssl"),
        # where a server listens that is told nothing else
        (WebConfig().listen[0], urlsplit(server.url).netloc),
    ):
        text = text.replace(theirs, ours)
    assert urlsplit(server.url).netloc in text, "the document names another address than the default"
    assert "443 ssl" not in text.replace(str(port), "")
    return NGINX.format(folder=folder, told=text) if name == "nginx" else text


def _certify(folder: Path) -> None:
    key, certificate = folder / "metrics.key", folder / "metrics.pem"
    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x"]
    subprocess.run(["openssl", *new, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    (folder / "metrics-and-key.pem").write_text(certificate.read_text() + key.read_text())


@pytest.fixture(params=COMMANDS)
def proxied(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Server, str]]:
    """A server and its address behind a proxy."""
    name, port = request.param, free_port()
    if shutil.which(name) is None:
        pytest.skip(f"needs {name}")
    address = f"https://127.0.0.1:{port}"
    config = tmp_path / "barograph.yml"
    config.write_text(f"web: {{trusted_proxies: [127.0.0.1], external_url: '{address}'}}\n")
    _certify(tmp_path)
    with serving(tmp_path / "data", "--config", str(config)) as server, (tmp_path / "out").open("wb") as out:
        file = tmp_path / "proxy.conf"
        file.write_text(_told(name, tmp_path, port, server))
        command = [part.format(folder=tmp_path, file=file) for part in COMMANDS[name]]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        yield server, address
        process.kill()
        process.wait()


def test_the_page_lives_with_all_tracks_open(
    browser: "Browser", proxied: tuple[Server, str], soon: Callable[..., Any], mistakes: list[str]
) -> None:
    server, address = proxied
    context = browser.new_context(viewport={"width": 1440, "height": 900}, ignore_https_errors=True)
    context.set_default_timeout(LONGEST_MS)
    page = context.new_page()
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    longest = 0

    def asked(request: Any) -> None:
        nonlocal longest
        # the request line, and what of the headers a proxy counts with it
        longest = max(longest, len(request.url) + sum(len(f"{n}: {v}") for n, v in request.headers.items()))

    page.on("request", asked)
    link = urlsplit(server.login_link)
    soon(lambda: _goes(page, f"{address}{link.path}?{link.query}"), 60, "the proxy")
    page.wait_for_selector(".host[data-state=live]")
    page.goto(f"{address}/?open=disk,network,more")
    page.wait_for_selector(".host[data-state=live]")
    page.wait_for_selector("figure[data-track=load] canvas")
    figure = page.locator("figure[data-track=cpu]")
    before = figure.inner_text()
    soon(lambda: figure.inner_text() != before, 30, "a figure that moves")
    assert 0 < longest < 4096, "the longest request"
    # what it is told of who asks is what the proxy says
    session = server.get("/api/barograph/v1/sessions").json()["data"]
    assert {one["source"] for one in session} == {"127.0.0.1"}
    context.close()


def _goes(page: "Page", address: str) -> bool:
    from playwright.sync_api import Error  # heavy, and absent on machines without a browser

    try:
        page.goto(address)
    except Error as error:
        assert "ERR_CONNECTION_REFUSED" in str(error), error
        page.wait_for_timeout(100)
        return False
    return True
