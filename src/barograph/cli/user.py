"""`barograph user ...`: who may come in. Each asks the running server, which notes it in its audit log."""

import sys
from typing import Annotated
from urllib.parse import quote

import typer

from barograph.cli.administer import Administration, Data, Format, Url
from barograph.cli.failure import CommandError
from barograph.cli.listing import print_rows

_EPILOG = """\b
Examples:
  barograph user add ann --role operator
  barograph user link ann"""
Name = Annotated[str, typer.Argument(metavar="NAME", help="The user.")]
Role = Annotated[str, typer.Option("--role", metavar="ROLE", help="viewer, operator, editor or admin.")]
AskPassword = Annotated[
    bool, typer.Option("--password", help="Ask for a password; from standard input where it is no terminal.")
]
_ADD = """\b
Examples:
  barograph user add ann
  barograph user add bob --role admin --password"""
_LIST = """\b
Examples:
  barograph user list
  barograph user list --format json"""
_CHANGE = """\b
Examples:
  barograph user change ann --role editor
  barograph user change ann --password"""
_REMOVE = """\b
Examples:
  barograph user remove ann
  barograph user remove ann --data ./data"""
_LINK = """\b
Examples:
  barograph user link
  barograph user link ann"""
_SESSIONS = """\b
Examples:
  barograph user sessions
  barograph user sessions --format json"""
_LOGOUT = """\b
Examples:
  barograph user logout 5f0c9a3b7d21e884
  barograph user logout 5f0c9a3b7d21e884 --url https://web-1.example:10132"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, epilog=_EPILOG)
    group.callback()(_root)
    group.command("add", epilog=_ADD)(user_add)
    group.command("list", epilog=_LIST)(user_list)
    group.command("change", epilog=_CHANGE)(user_change)
    group.command("remove", epilog=_REMOVE)(user_remove)
    group.command("link", epilog=_LINK)(user_link)
    group.command("sessions", epilog=_SESSIONS)(user_sessions)
    group.command("logout", epilog=_LOGOUT)(user_logout)
    app.add_typer(group, name="user")


def _root() -> None:
    """Add people, change them, let them in."""


def user_add(
    name: Name, role: Role = "viewer", password: AskPassword = False, url: Url = None, data: Data = None
) -> None:
    """Add a user, and print a link that logs them in.

    With a password they can also log in at the sign-in page.
    """
    server = Administration(url, data)
    form = {"name": name, "role": role} | ({"password": _password()} if password else {})
    server.ask("POST", "/users", form)
    print(f"added {name}, {role}", file=sys.stderr)
    if not password:
        _print_link(server, name)


def user_list(output_format: Format = "table", url: Url = None, data: Data = None) -> None:
    """List users."""
    rows = Administration(url, data).ask("GET", "/users")
    print_rows(rows, ("name", "role", "has_password", "created"), output_format)


def user_change(
    name: Name,
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="viewer, operator, editor or admin.")] = "",
    password: AskPassword = False,
    url: Url = None,
    data: Data = None,
) -> None:
    """Give a user another role or another password.

    The new role counts at once. A new password ends their sessions; their tokens stay
    good (`barograph token list`, `barograph token revoke`).
    """
    if not role and not password:
        raise CommandError("nothing to change: say --role ROLE, or --password", 2)
    form = ({"role": role} if role else {}) | ({"password": _password()} if password else {})
    Administration(url, data).ask("POST", f"/users/{quote(name, safe='')}", form)


def user_remove(name: Name, url: Url = None, data: Data = None) -> None:
    """Remove a user; sessions and tokens of theirs end."""
    Administration(url, data).ask("DELETE", f"/users/{quote(name, safe='')}")


def user_link(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The user. Default: the local administrator.")] = "",
    url: Url = None,
    data: Data = None,
) -> None:
    """Print a link that logs a user in, once, within ten minutes."""
    _print_link(Administration(url, data), name)


def user_sessions(output_format: Format = "table", url: Url = None, data: Data = None) -> None:
    """List who is logged in."""
    rows = Administration(url, data).ask("GET", "/sessions")
    print_rows(rows, ("id", "user", "source", "created", "expires"), output_format)


def user_logout(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="A session's id, as `user sessions` shows it.")],
    url: Url = None,
    data: Data = None,
) -> None:
    """End a session."""
    Administration(url, data).ask("DELETE", f"/sessions/{quote(session, safe='')}")


def _print_link(server: Administration, name: str) -> None:
    made = server.ask("POST", "/login-links", {"user": name})
    print(f"{server.url}{made['path']}")


def _password() -> str:
    """Return a password: asked for twice on a terminal, else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    entered: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return entered
