import msgspec
import pytest

from barograph.model.notice import NoticeAlert, NoticeKind
from barograph.notify.words import body_of, severity_of, span, title_of
from unit.notify.notices import FIRED_MS, alert, notice


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        (NoticeKind.FIRING, "Firing: Disk full on atlas"),
        (NoticeKind.REPEAT, "Still firing after 3 min 26 s: Disk full on atlas"),
        (NoticeKind.WORSE, "Worse: Disk full on atlas"),
        (NoticeKind.ACKNOWLEDGED, "Acknowledged by ada: Disk full on atlas"),
        (NoticeKind.RESOLVED, "Resolved after 3 min 26 s: Disk full on atlas"),
    ],
)
def test_titles_say_what_happened(kind: NoticeKind, title: str) -> None:
    assert title_of(notice(kind)) == title


def test_what_has_ended_is_no_other_that_fires() -> None:
    alerts = (alert(), alert("borea"), alert("corax", ended_ms=FIRED_MS + 1000))
    assert title_of(notice(alerts=alerts)) == "Firing: Disk full on atlas and 1 more, 1 resolved"
    assert (
        title_of(notice(NoticeKind.REPEAT, alerts=alerts)) == "1 resolved, still firing: Disk full on atlas and 1 more"
    )
    cut = notice(NoticeKind.REPEAT, alerts=alerts[:2], total=60, ended=7)
    assert title_of(cut) == "7 resolved, still firing: Disk full on atlas and 52 more"
    two = notice(NoticeKind.REPEAT, alerts=alerts[::2])
    assert title_of(two) == "1 resolved, still firing: Disk full on atlas"


@pytest.mark.parametrize(("others", "words"), [(1, "1 other still firing"), (3, "3 others still firing")])
def test_an_end_says_that_others_go_on(others: int, words: str) -> None:
    told = notice(NoticeKind.RESOLVED, others=others)
    assert title_of(told) == f"Resolved after 3 min 26 s: Disk full on atlas ({words})"


def test_bodies_have_at_most_eight_lines_and_count_the_rest() -> None:
    many = notice(NoticeKind.ACKNOWLEDGED, alerts=tuple(alert(f"h{i}") for i in range(12)))
    assert title_of(many).endswith("Disk full on h0 and 11 more")
    lines = body_of(many).splitlines()
    assert lines == [
        "mine",
        "97 % of <sda>, limit 90 %",
        "- Disk full on h1",
        "- Disk full on h2",
        "- Disk full on h3",
        "and 8 more",
        "since 2023-11-14 22:13:20 UTC",
        "Open https://b.example/alerts/1",
    ]


def test_what_is_not_annotated_is_named_by_its_rule() -> None:
    bare = NoticeAlert(labels={"alertname": "A"}, annotations={}, fired_ms=FIRED_MS)
    plain = notice(alerts=(bare,), external_url="")
    assert (title_of(plain), severity_of(plain)) == ("Firing: A", "")
    assert body_of(plain) == "since 2023-11-14 22:13:20 UTC"


def test_what_a_template_wrote_at_length_is_cut() -> None:
    pages = {"summary": "name " * 1000, "description": "word\n" * 10_000}
    told = notice(NoticeKind.ACKNOWLEDGED, text="why " * 1000, alerts=(alert(), alert("borea")))
    told = msgspec.structs.replace(
        told, alerts=tuple(msgspec.structs.replace(each, annotations=pages) for each in told.alerts)
    )
    assert title_of(told) == f"Acknowledged by ada: {'name ' * 49}name… and 1 more"
    lines = body_of(told).splitlines()
    assert [len(line) for line in lines[:3]] == [500, 500, 252]
    assert lines[-1] == "Open https://b.example/alerts/1"


@pytest.mark.parametrize(
    ("span_ms", "shown"),
    [(0, "0 s"), (-5, "0 s"), (59_999, "59 s"), (3_600_000, "1 h"), (3_605_000, "1 h"), (93_600_000, "1 d 2 h")],
)
def test_spans_have_two_units_at_most(span_ms: int, shown: str) -> None:
    assert span(span_ms) == shown
