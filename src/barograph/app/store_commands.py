"""What a command changes in the store: works for the store's thread, awaited here without holding the loop.

The keeper hands over every command that is about samples. What goes wrong is the asker's to hear, in words.
"""

import asyncio

import apsw

from barograph.model.commands import AnyReply, CleanTombstones, DeleteSamples, Done, Refused
from barograph.model.errors import QueryError, StoreError
from barograph.model.matcher import Matcher, MatchOp
from barograph.tsdb.deletion import Deletion, clean, delete
from barograph.tsdb.store import Store

StoreCommand = DeleteSamples | CleanTombstones


class StoreCommands:
    """Carries out commands on one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def execute(self, command: StoreCommand) -> AnyReply:
        """Carry out a command; answered when it is durable."""
        try:
            match command:
                case DeleteSamples():
                    await asyncio.wrap_future(self._store.submit(delete(_deletion(command))))
                case CleanTombstones():
                    await asyncio.wrap_future(self._store.submit(clean()))
        except (StoreError, apsw.Error) as error:
            return Refused(kind="store", message=str(error))
        except QueryError as error:
            return Refused(kind="bad_request", message=str(error))
        return Done()


def _deletion(command: DeleteSamples) -> Deletion:
    selectors = tuple(
        tuple(Matcher(name, MatchOp(op), value) for name, op, value in selector) for selector in command.selectors
    )
    return Deletion(selectors=selectors, start_ms=command.start_ms, end_ms=command.end_ms)
