"""What the keeper tells its fronts of itself: shared memory, ticks, its status, alerts, its health, a new certificate.

Its parts tell before the link to the fronts is open: the newest segment is then kept for it, and the rest is dropped,
since a front asks for it when it comes.
"""

from collections.abc import Callable

from barograph.link.framing import CertificateFrame
from barograph.link.memory import SharedSegment
from barograph.link.server import LinkServer
from barograph.model.alert_replies import AlertsNow
from barograph.model.commands import KeeperStatus


class Publisher:
    """Tells all fronts. Any thread may call it."""

    def __init__(self) -> None:
        self.link: LinkServer | None = None
        """None until `open`."""
        self._segment: SharedSegment | None = None
        self._following: list[Callable[[SharedSegment], None]] = []
        self._known: tuple[int, ...] = ()
        self._status_version = 0

    def open(self, link: LinkServer) -> None:
        """Tell fronts by this link from now on."""
        self.link = link
        if self._segment is not None:
            link.publish_segment(self._segment)

    def follow_segments(self, take: Callable[[SharedSegment], None]) -> None:
        """Have another part of the keeper, made before `open`, take the segment that there is and each new one."""
        if self._segment is not None:
            take(self._segment)
        self._following.append(take)

    def segment(self, segment: SharedSegment) -> None:
        """Give out a new segment of shared memory."""
        for take in self._following:
            take(segment)
        if self.link is None:
            self._segment = segment
        else:
            self.link.publish_segment(segment)

    def tick(self, timestamp_ms: int) -> None:
        """Tell of a tick."""
        if self.link is not None:
            self.link.publish_tick(timestamp_ms)

    def next_status(self, *versions: int) -> int:
        """Return the version of the status that is to be published; 0 where these versions of its parts are known."""
        if versions == self._known or self.link is None:
            return 0
        self._known = versions
        self._status_version += 1
        return self._status_version

    def status(self, status: KeeperStatus) -> None:
        """Give out a snapshot of the keeper."""
        if self.link is not None:
            self.link.publish_status(status)

    def alerts(self, alerts: AlertsNow) -> None:
        """Tell how alerts stand."""
        if self.link is not None:
            self.link.publish_alerts(alerts)

    def certificate(self, certificate: CertificateFrame) -> None:
        """Tell what TLS is spoken with from now on."""
        if self.link is not None:
            self.link.publish_certificate(certificate)

    def health(self, failing: str) -> None:
        """Tell which part has failed, "" for none."""
        if self.link is not None:
            self.link.publish_health(failing)
