"""The words of a message: title, lines, and how grave it is. The same for every receiver that shows text. Pure."""

from datetime import UTC, datetime

from barograph.model.notice import Notice, NoticeAlert, NoticeKind

_MOST_LINES = 8
_MOST_SUSPECTS = 3
_LONGEST_NAME, _LONGEST_LINE = 250, 500
"""Characters: a template may write pages, which phones cut and some servers refuse."""
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def title_of(notice: Notice) -> str:
    """Return one line, such as `Firing: Disk full on atlas`."""
    worst = notice.alerts[0]
    # beside what still fires, what has ended is counted for itself
    ended = 0 if notice.kind is NoticeKind.RESOLVED else notice.ended_count
    name = _sentence(worst)
    rest = notice.alert_count - 1 - ended
    name += f" and {rest} more" if rest > 0 else ""
    name += f", {ended} resolved" if ended and notice.kind is not NoticeKind.REPEAT else ""
    match notice.kind:
        case NoticeKind.FIRING:
            return f"Firing: {name}"
        case NoticeKind.REPEAT if ended:
            return f"{ended} resolved, still firing: {name}"
        case NoticeKind.REPEAT:
            return f"Still firing after {span(notice.at_ms - worst.fired_ms)}: {name}"
        case NoticeKind.WORSE:
            return f"Worse: {name}"
        case NoticeKind.ACKNOWLEDGED:
            return f"Acknowledged by {' '.join(notice.actor.split())}: {name}"
        case NoticeKind.RESOLVED:
            others = f" ({notice.others} other{'s' * (notice.others > 1)} still firing)" if notice.others else ""
            return f"Resolved after {span(worst.ended_ms - worst.fired_ms)}: {name}{others}"


def body_of(notice: Notice) -> str:
    """Return at most eight lines: what is so, who did it, which others there are, since when, where to look."""
    worst = notice.alerts[0]
    said = (notice.text, worst.annotations.get("description", ""))
    lines = [line for line in (_short(text, _LONGEST_LINE) for text in said) if line]
    lines += [
        f"{'Who did it: ' if place == 0 else ''}{_short(line, _LONGEST_LINE)}"
        for place, line in enumerate(worst.who[:_MOST_SUSPECTS])
    ]
    link = worst.url or notice.external_url
    last = [f"since {datetime.fromtimestamp(worst.fired_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"]
    last += [f"Open {link}"] if link else []
    others = notice.alerts[1:]
    room = _MOST_LINES - len(lines) - len(last)
    if notice.alert_count - 1 > room:
        room -= 1
    named = others[: max(room, 0)]
    lines += [f"- {_resolved(alert, notice)}{_sentence(alert)}" for alert in named]
    left = notice.alert_count - 1 - len(named)
    lines += [f"and {left} more"] if left else []
    return "\n".join([*lines, *last])


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
    return _short(summary, _LONGEST_NAME)


def _short(text: str, most: int) -> str:
    """Return a text in one line, of as many characters at most."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _resolved(alert: NoticeAlert, notice: Notice) -> str:
    return "resolved: " if alert.ended_ms and notice.kind is not NoticeKind.RESOLVED else ""
