"""`barograph alerts ...`: what fires, and who has it. Each asks the running server, which notes changes."""

import os
import sys
from typing import Annotated, Any

import typer

from barograph.cli.administer import Administration, Data, Format, Url
from barograph.cli.failure import require_format
from barograph.cli.listing import FORMATS, print_rows, show_time
from barograph.cli.terminal import to_json, visible

_EPILOG = """\b
Examples:
  barograph alerts list
  barograph alerts ack 12 --until 2h --reason "disk is on its way\""""
_LIST = """\b
Examples:
  barograph alerts list
  barograph alerts list --match 'severity="critical"' --format json"""
_SHOW = """\b
Examples:
  barograph alerts show 12
  barograph alerts show 12 --format json"""
_ACK = """\b
Examples:
  barograph alerts ack 12
  barograph alerts ack 12 13 --until 18:00 --reason 'disk is on its way'"""
_UNACK = """\b
Examples:
  barograph alerts unack 12
  barograph alerts unack 12 13"""
_ASSIGN = """\b
Examples:
  barograph alerts assign 12 ann
  barograph alerts assign 12 ''"""
_COMMENT = """\b
Examples:
  barograph alerts comment 12 'the backup is the cause'
  barograph alerts comment 12 'see ticket 4711' --url https://web-1.example:10132"""
_HISTORY = """\b
Examples:
  barograph alerts history
  barograph alerts history --start -1d --kind fired --kind resolved --format json"""
Number = Annotated[int, typer.Argument(metavar="ID", min=1, help="The alert's number, as `alerts list` shows it.")]
Numbers = Annotated[list[int], typer.Argument(metavar="ID...", min=1, help="Numbers, as `alerts list` shows them.")]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=500, help="At most so many.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, epilog=_EPILOG)
    group.callback()(_root)
    group.command("list", epilog=_LIST)(alerts_list)
    group.command("show", epilog=_SHOW)(alerts_show)
    group.command("ack", epilog=_ACK)(alerts_ack)
    group.command("unack", epilog=_UNACK)(alerts_unack)
    group.command("assign", epilog=_ASSIGN)(alerts_assign)
    group.command("comment", epilog=_COMMENT)(alerts_comment)
    group.command("history", epilog=_HISTORY)(alerts_history)
    app.add_typer(group, name="alerts")


def _root() -> None:
    """See what fires, and have it."""


def alerts_list(
    part: Annotated[
        list[str] | None,
        typer.Option("--part", metavar="PART", help="needs, acknowledged, silenced or pending; repeats. Default: all."),
    ] = None,
    match: Annotated[
        list[str] | None, typer.Option("--match", metavar="MATCHER", help="Only what these match; repeats.")
    ] = None,
    assignee: Annotated[str, typer.Option("--assignee", metavar="NAME", help="Only those of somebody.")] = "",
    limit: Limit = 100,
    output_format: Format = "table",
    url: Url = None,
    data: Data = None,
) -> None:
    """List live alerts, the most urgent first."""
    form = {"part": part or [], "match[]": match or [], "assignee": assignee, "limit": str(limit)}
    answer = Administration(url, data).ask("GET", "/alerts", form)
    rows = answer["alerts"]
    if output_format == "table":
        rows = [{**row, "state": _state(row), "at": row["since"]} for row in rows]
    print_rows(rows, ("id", "severity", "title", "value", "host", "state", "assignee", "at"), output_format)
    if answer["total"] > len(rows):
        print(f"barograph: {len(rows)} of {answer['total']}; --limit shows more", file=sys.stderr)
    if answer["nobody_told"] and answer["total"]:
        print("barograph: nobody is told of these: no receiver is configured", file=sys.stderr)


def alerts_show(number: Number, output_format: Format = "table", url: Url = None, data: Data = None) -> None:
    """Show all that is known of an alert: what happened to it, who was told, who did it."""
    require_format(output_format, FORMATS)
    detail = Administration(url, data).ask("GET", f"/alerts/{number}")
    if output_format == "json":
        print(to_json(detail))
        return
    for line in _lines(detail):
        print(visible(line))


def alerts_ack(
    numbers: Numbers,
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help="A time or a duration. Default: until it is resolved.")
    ] = "",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; needed beyond 2 hours.")] = "",
    sticky: Annotated[bool, typer.Option("--sticky", help="Keep it though it gets worse.")] = False,
    url: Url = None,
    data: Data = None,
) -> None:
    """Acknowledge alerts: all of them, or none.

    It stops repeats, never the message that says it is over.
    """
    form = {"id": [str(number) for number in numbers], "until": when(until), "reason": reason}
    Administration(url, data).ask("POST", "/alerts/ack", form | ({"sticky": "true"} if sticky else {}))


def alerts_unack(numbers: Numbers, url: Url = None, data: Data = None) -> None:
    """Take acknowledgments back."""
    Administration(url, data).ask("POST", "/alerts/unack", {"id": [str(number) for number in numbers]})


def alerts_assign(
    number: Number,
    assignee: Annotated[str, typer.Argument(metavar="NAME", help="Who is to look after it; '' for nobody.")],
    url: Url = None,
    data: Data = None,
) -> None:
    """Give an alert to somebody."""
    Administration(url, data).ask("POST", f"/alerts/{number}/assign", {"to": assignee})


def alerts_comment(
    number: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be said.")],
    url: Url = None,
    data: Data = None,
) -> None:
    """Write something beside an alert."""
    Administration(url, data).ask("POST", f"/alerts/{number}/comment", {"text": text})


def alerts_history(
    number: Annotated[int, typer.Option("--alert", metavar="ID", min=0, help="Of one alert. Default: of all.")] = 0,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help="Such as fired, acknowledged or resolved; repeats. Default: all."),
    ] = None,
    start: Annotated[str, typer.Option("--start", metavar="TIME", help="Not before.")] = "",
    end: Annotated[str, typer.Option("--end", metavar="TIME", help="Before.")] = "",
    limit: Limit = 100,
    output_format: Format = "table",
    url: Url = None,
    data: Data = None,
) -> None:
    """List what happened to alerts, the newest first, with how long they took."""
    require_format(output_format, FORMATS)
    form = {"alert": str(number), "kind": kind or [], "limit": str(limit)}
    form |= {name: past(text) for name, text in (("start", start), ("end", end)) if text}
    answer = Administration(url, data).ask("GET", "/alerts/history", form)
    if output_format == "json":
        print(to_json(answer))
        return
    print_rows(answer["transitions"], ("at", "alert", "kind", "severity", "title", "actor", "text"), output_format)
    for what, words in (("acknowledge", "acknowledged"), ("resolve", "resolved")):
        times = answer[what]
        if times["count"]:
            mean, longest = times["mean"], times["longest"]
            print(
                f"barograph: {times['count']} {words} after {mean:.0f} s in the mean, {longest:.0f} s at most",
                file=sys.stderr,
            )


def past(text: str) -> str:
    """Return a time that is past as the server reads it.

    Raises:
        CommandError: It is none.
    """
    return _seconds(text, is_coming=False)


def when(text: str) -> str:
    """Return a time that is yet to come as the server reads it; a duration stays as it is.

    Raises:
        CommandError: It is neither.
    """
    from barograph.model.units import Duration  # noqa: PLC0415  where a time is given

    if not text:
        return ""
    try:
        return str(Duration.parse(text))
    except ValueError:
        pass
    return _seconds(text, is_coming=True)


def _seconds(text: str, *, is_coming: bool) -> str:
    from barograph.cli.times import parse_coming_ms, parse_time_ms  # noqa: PLC0415  where a time is given
    from barograph.cli.zone import local_zone  # noqa: PLC0415
    from barograph.model.clock import SystemClock  # noqa: PLC0415

    parse = parse_coming_ms if is_coming else parse_time_ms
    return str(parse(text, SystemClock().now_ms(), local_zone(os.environ)) / 1000)


def _state(row: dict[str, Any]) -> str:
    held = row["acknowledgment"]
    if held is not None:
        until = "until it is fixed" if held["until"] is None else f"until {show_time(held['until'])}"
        return f"acknowledged by {held['by']} {until}"
    if row["silenced_by"]:
        return f"silenced by {', '.join(row['silenced_by'])}"
    if row["inhibited_by"]:
        return f"quiet since {row['inhibited_by']} fires"
    return str(row["state"])


def _lines(detail: dict[str, Any]) -> list[str]:
    alert = detail["alert"]
    lines = [f"{alert['title']} ({alert['severity'] or 'no severity'})", f"state: {_state(alert)}"]
    lines += [alert["description"]] if alert["description"] else []
    lines += [f"assigned to: {alert['assignee']}"] if alert["assignee"] else []
    rule = alert["rule"]
    place = f"{rule['file']}:{rule['line']}" if rule["line"] else rule["file"]
    lines.append(f"rule: {rule['name']} of {place} {rule['expression']}".rstrip())
    lines += [f"runbook: {alert['runbook']}"] if alert["runbook"] else []
    lines.append("labels: " + ", ".join(f'{name}="{value}"' for name, value in alert["labels"].items()))
    if detail["processes"]:
        lines += ["", "who did it, by CPU:"]
        rows = detail["processes"]["tables"]["cpu"]["rows"][:5]
        lines += [f"  {row['name']} (pid {row['pid']}): {row['cpu'] or 0:.2f} cores" for row in rows]
    lines += ["", "what happened:"]
    for each in detail["timeline"]:
        words = " ".join(part for part in (each["kind"].replace("_", " "), each["actor"], each["text"]) if part)
        lines.append(f"  {show_time(each['at'])} {words}")
    lines += ["", "who was told:"] if detail["deliveries"] else []
    for each in detail["deliveries"]:
        lines.append(f"  {show_time(each['at'])} {each['receiver']} {each['kind']}: {each['state']}, {each['answer']}")
    return lines
