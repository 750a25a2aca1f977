"""The token by which whoever asked can end a query early. Made by the web room, looked at by `Run.check`."""


class Cancel:
    """Starts uncancelled; `cancel` may be called from any thread, any number of times."""

    __slots__ = ("cancelled",)

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        """Ask the evaluation to end at its next check."""
        self.cancelled = True
