"""Asks a running server's own API as an administrator, for the commands `user`, `token` and `audit`."""

import os
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from barograph.cli.failure import CommandError
from barograph.cli.folder import find_server
from barograph.cli.terminal import visible

API = "/api/barograph/v1"
_TIMEOUT_S = 30.0

Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="The server. Default: the data folder's own.")]
Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", readable=False, help="The server's data folder.")]
Format = Annotated[str, typer.Option("--format", metavar="FORMAT", help="table or json.")]


class Administration:
    """A server, asked with the token that its data folder or BAROGRAPH_TOKEN holds.

    Raises:
        CommandError: No server is named anywhere.
    """

    def __init__(self, url: str | None, data: Path | None) -> None:
        self._server = find_server(url, data, os.environ)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._server.url

    def ask(self, method: str, path: str, form: dict[str, Any] | None = None, api: str = API) -> Any:  # noqa: ANN401  JSON of any shape
        """Return the `data` of an answer; `api` is what goes before the path.

        Raises:
            CommandError: The server refuses, or does not answer.
        """
        headers = {"Authorization": f"Bearer {self._server.token}"}
        try:
            # a proxy of the environment is for the world, and this server is usually on the same machine
            with httpx.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT_S, trust_env=False) as http:
                is_get = method == "GET"
                answer = http.request(
                    method, api + path, params=form if is_get else None, data=None if is_get else form
                )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CommandError(f"{self.url} does not answer: {error}; is `barograph serve` running?") from error
        try:
            body = answer.json()
        except ValueError:
            raise CommandError(f"{self.url} answered {answer.status_code} and no JSON: is it Barograph?") from None
        if answer.status_code >= 400 or not isinstance(body, dict):
            words = body.get("error", "") if isinstance(body, dict) else ""
            raise CommandError(visible(str(words)) or f"{self.url} answered {answer.status_code}")
        return body.get("data")
