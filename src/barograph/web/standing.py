"""Whether somebody who was let in may stay: for answers that go on for hours, which the guard meets once."""

from barograph.identity.principal import Principal
from barograph.model.errors import BarographError
from barograph.web.credentials import read_credential
from barograph.web.deps import WebDeps
from barograph.web.parameters import Scope
from barograph.web.place import read_headers
from barograph.web.problem import Problem

_ASK_AGAIN_S = 10.0


class Standing:
    """The standing of whoever opened a stream. Used on the event loop.

    Args:
        deps: The parts of the front.
        scope: The request that opened it, as the guard let it in.
    """

    def __init__(self, deps: WebDeps, scope: Scope) -> None:
        headers = read_headers(scope["headers"])
        assert not isinstance(headers, Problem), "the guard has read them"
        self._principal: Principal = scope["state"]["principal"]
        self._credential = read_credential(headers)
        self._gatekeeper = deps.gatekeeper
        self._clock = deps.clock
        self._asked_s = deps.clock.monotonic_s()

    @property
    def due_s(self) -> float:
        """In how many seconds `is_over` asks again: who waits for something to send waits no longer."""
        return max(0.0, self._asked_s + _ASK_AGAIN_S - self._clock.monotonic_s())

    async def is_over(self) -> bool:
        """Tell whether a session or token has ended or expired, or shows less than before; asks every ten seconds.

        A keeper that cannot say ends no stream.
        """
        now_s = self._clock.monotonic_s()
        if now_s - self._asked_s < _ASK_AGAIN_S:
            return False
        self._asked_s = now_s
        try:
            if self._credential.token:
                found = await self._gatekeeper.find_token(self._credential.token)
            else:
                found = await self._gatekeeper.check_session(self._credential.session)
        except BarographError:
            return False
        return found is None or found.label_scope != self._principal.label_scope
