"""`barograph store ...`: the commands that look after a data folder. Each has a module of its own."""

import typer

from barograph.cli import store_delete, store_export, store_import, store_inspect, store_snapshot, store_verify

_EPILOG = """\b
Examples:
  barograph store inspect
  barograph store snapshot /backup/barograph-monday"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, epilog=_EPILOG)
    group.callback()(_root)
    group.command("inspect", epilog=store_inspect.EPILOG)(store_inspect.store_inspect)
    group.command("verify", epilog=store_verify.EPILOG)(store_verify.store_verify)
    group.command("snapshot", epilog=store_snapshot.SNAPSHOT_EPILOG)(store_snapshot.store_snapshot)
    group.command("restore", epilog=store_snapshot.RESTORE_EPILOG)(store_snapshot.store_restore)
    group.command("import", epilog=store_import.EPILOG)(store_import.store_import)
    group.command("export", epilog=store_export.EPILOG)(store_export.store_export)
    group.command("delete", epilog=store_delete.EPILOG)(store_delete.store_delete)
    app.add_typer(group, name="store")


def _root() -> None:
    """Look after what is stored."""
