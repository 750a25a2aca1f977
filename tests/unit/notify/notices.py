"""Notices for tests."""

from typing import Any

import msgspec

from barograph.model.notice import Notice, NoticeAlert, NoticeKind

FIRED_MS = 1_700_000_000_250


def alert(host: str = "atlas", *, ended_ms: int = 0, severity: str = "critical") -> NoticeAlert:
    return NoticeAlert(
        labels={"alertname": "DiskFull", "host": host, "severity": severity},
        annotations={"summary": f"Disk full on {host}", "description": "97 % of <sda>,\n  limit 90 %"},
        fired_ms=FIRED_MS,
        ended_ms=ended_ms,
        url="https://b.example/alerts/1",
    )


def notice(kind: NoticeKind = NoticeKind.FIRING, **more: Any) -> Notice:
    ended_ms = FIRED_MS + 206_000 if kind is NoticeKind.RESOLVED else 0
    made = Notice(
        key="k1",
        kind=kind,
        receiver="team",
        group_key='{}:{alertname="DiskFull"}',
        group_labels={"alertname": "DiskFull"},
        alerts=(alert(ended_ms=ended_ms),),
        at_ms=FIRED_MS + 206_000,
        external_url="https://b.example",
    )
    acknowledged = {"actor": "ada", "text": "mine"} if kind is NoticeKind.ACKNOWLEDGED else {}
    return msgspec.structs.replace(made, **{**acknowledged, **more})
