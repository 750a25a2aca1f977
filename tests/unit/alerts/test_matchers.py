import pytest

from barograph.alerts.matchers import equal_matchers, parse_all, parse_matchers, sort_matchers
from barograph.model.errors import AlertError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('severity="critical"', ['severity="critical"']),
        ("{a=~b.*, c != d,}", ['a=~"b.*"', 'c!="d"']),
        ('a="x,y}",b!~"q"', ['a="x,y}"', 'b!~"q"']),
        (r'a="say \"hi\"\n\\\d"', [r'a="say \"hi\"\n\\\\d"']),
        ('"with dot"=x', ['with dot="x"']),
        ("a=", ['a=""']),
        ("{}", []),
    ],
)
def test_matchers_are_read_as_alertmanager_writes_them(text: str, shown: list[str]) -> None:
    assert [str(matcher) for matcher in parse_matchers(text)] == shown


@pytest.mark.parametrize("text", ["{a=b", "a", "=b", 'a="b', "a=b c=d,,", 'a=b"c', 'a="b" c="d"', "1a=b"])
def test_what_is_no_list_of_matchers_is_refused(text: str) -> None:
    with pytest.raises(AlertError, match="not a list of matchers"):
        parse_matchers(text)


def test_a_bad_pattern_names_its_label() -> None:
    with pytest.raises(AlertError, match=r"'job'.*bad regular expression"):
        parse_matchers('job=~"("')


def test_the_older_keys_are_matchers_too_and_all_are_sorted() -> None:
    made = sort_matchers([*parse_all(["z=1", "b!=2"]), *equal_matchers({"c": "3"}, {"a": "4|5"})])
    assert [str(matcher) for matcher in made] == ['a=~"4|5"', 'b!="2"', 'c="3"', 'z="1"']


def test_blanks_cost_no_more_than_other_characters() -> None:
    """With a pattern that could give back, ten thousand of them took hours."""
    with pytest.raises(AlertError):
        parse_matchers("a=" + " " * 10_000 + "{x")
    assert parse_matchers("a= b c  , d = e ") == parse_matchers('a="b c",d="e"')
