"""The words of a message: title, lines, and how grave it is. The same for every receiver that shows text. Pure."""

from datetime import UTC, datetime

from barograph.model.notice import Notice, NoticeAlert, NoticeKind

_MOST_NAMED = 5
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def title_of(notice: Notice) -> str:
    """Return one line, such as `Firing: Disk full on atlas`."""
    worst = notice.alerts[0]
    name = _sentence(worst)
    rest = len(notice.alerts) - 1
    name += f" and {rest} more" if rest else ""
    match notice.kind:
        case NoticeKind.FIRING:
            return f"Firing: {name}"
        case NoticeKind.REPEAT:
            return f"Still firing after {span(notice.at_ms - worst.fired_ms)}: {name}"
        case NoticeKind.WORSE:
            return f"Worse: {name}"
        case NoticeKind.ACKNOWLEDGED:
            return f"Acknowledged by {' '.join(notice.actor.split())}: {name}"
        case NoticeKind.RESOLVED:
            return f"Resolved after {span(worst.ended_ms - worst.fired_ms)}: {name}"


def body_of(notice: Notice) -> str:
    """Return at most eight lines."""
    worst = notice.alerts[0]
    lines = [notice.text] if notice.text else []
    description = worst.annotations.get("description", "")
    lines += [" ".join(description.split())] if description else []
    lines += [f"- {_sentence(alert)}" for alert in notice.alerts[1:_MOST_NAMED]][: 5 - len(lines)]
    named = sum(line.startswith("- ") for line in lines)
    left = len(notice.alerts) - 1 - named
    lines += [f"and {left} more"] if left else []
    lines.append(f"since {datetime.fromtimestamp(worst.fired_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC")
    lines += [worst.url or notice.external_url] if worst.url or notice.external_url else []
    return "\n".join(lines)


def severity_of(notice: Notice) -> str:
    """Return how grave the worst alert is, as it calls itself; "" where it does not say."""
    return notice.alerts[0].labels.get("severity", "")


def span(duration_ms: int) -> str:
    """Return a length of time in its two greatest units: `3 min 26 s`."""
    left, parts = max(duration_ms, 0) // 1000, []
    for seconds, unit in _UNITS:
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"


def _sentence(alert: NoticeAlert) -> str:
    summary = alert.annotations.get("summary", "") or alert.labels.get("alertname", "an alert without a name")
    return " ".join(summary.split())
