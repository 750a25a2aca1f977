"""Which way is which, as lists of receivers change: `a` and `b` are addresses, `0` and `1` the numbers of ids."""

from collections.abc import Sequence

import pytest

from barograph.model.secret import Secret
from barograph.notify.config import EmailConfig, MailDefaults, PagerDutyConfig, ReceiverConfig, WebhookConfig
from barograph.notify.way_ids import lasting_ids, marks_of, moved_ids
from barograph.notify.ways import make_ways

DEFAULTS = MailDefaults(smtp_smarthost="mail.example:25", smtp_from="b@b.example")


def settled(receivers: Sequence[ReceiverConfig], kept: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    ways = make_ways(receivers, DEFAULTS)
    ids = lasting_ids(ways.values(), kept)
    assert len(set(ids.values())) == len(ids), "one id for two ways"
    return [ids[way.id] for of_one in ways.values() for way in of_one], marks_of(ways.values(), ids, kept)


def hooks(addresses: str, name: str = "team") -> ReceiverConfig:
    configs = tuple(WebhookConfig(url=Secret(f"http://h/{each}")) for each in addresses)
    return ReceiverConfig(name=name, webhook_configs=configs)


@pytest.mark.parametrize(
    ("lists", "numbers"),
    [
        (["ab"], "01"),
        (["ab", "ba"], "10"),
        (["ab", "b"], "1"),
        (["abc", "cb"], "21"),
        (["ab", "b", "cb"], "01"),
        (["ab", "cab"], "201"),
        (["ab", "ac"], "01"),
        (["ab", "cb"], "01"),
        (["ab", "b", "c"], "1"),
        (["aa", "aa"], "01"),
        (["ab", "", "ba"], "01"),
    ],
)
def test_a_way_keeps_its_number(lists: list[str], numbers: str) -> None:
    kept: dict[str, str] = {}
    found: list[str] = []
    for addresses in lists:
        found, kept = settled([hooks(addresses)], kept)
    assert found == [f"team/webhook[{number}]" for number in numbers]


def test_marks_stay_with_what_stays_and_show_nothing() -> None:
    _, first = settled([hooks("ab")], {})
    _, second = settled([hooks("ba")], first)
    assert second == first
    _, third = settled([hooks("ac")], first)
    assert (third["team/webhook[0]"], third["team/webhook[1]"] != first["team/webhook[1]"]) == (
        first["team/webhook[0]"],
        True,
    )
    _, equal = settled([hooks("aa")], {})
    assert len(set(equal.values())) == 2, "the same address is told apart by its salt"


def test_receivers_and_kinds_do_not_take_from_each_other() -> None:
    pager = ReceiverConfig(name="pager", pagerduty_configs=(PagerDutyConfig(routing_key=Secret("http://h/a")),))
    odd = hooks("a", "team/webhook[0]")
    first, kept = settled([hooks("ab"), odd, pager], {})
    second, _ = settled([pager, odd, hooks("ba")], kept)
    assert sorted(second) == sorted(first)
    assert second == ["pager/pagerduty[0]", "team/webhook[0]/webhook[0]", "team/webhook[1]", "team/webhook[0]"]


def test_a_way_is_found_under_another_receivers_name_where_the_old_one_is_gone() -> None:
    def moved(before: list[ReceiverConfig], after: list[ReceiverConfig]) -> dict[str, str]:
        _, kept = settled(before, {})
        ways = make_ways(after, DEFAULTS)
        return moved_ids(ways, lasting_ids(ways.values(), kept), kept)

    assert moved([hooks("ab")], [hooks("cba", "crew")]) == {
        "team/webhook[0]": "crew/webhook[2]",
        "team/webhook[1]": "crew/webhook[1]",
    }
    assert moved([hooks("ab")], [hooks("a"), hooks("b", "crew")]) == {}
    assert moved([hooks("a")], [hooks("b", "crew")]) == {}
    assert moved([hooks("a"), hooks("b", "crew")], [hooks("ba", "crew")]) == {"team/webhook[0]": "crew/webhook[1]"}
    pager = ReceiverConfig(name="crew", pagerduty_configs=(PagerDutyConfig(routing_key=Secret("http://h/a")),))
    assert moved([hooks("a")], [pager]) == {}
    assert moved([hooks("a")], [hooks("a", "x"), hooks("a", "y")]) == {"team/webhook[0]": "x/webhook[0]"}


def test_each_mailbox_is_a_way_wherever_it_is_named() -> None:
    first = ReceiverConfig(name="team", email_configs=(EmailConfig(to="a@x, b@x"), EmailConfig(to="c@x")))
    second = ReceiverConfig(name="team", email_configs=(EmailConfig(to="c@x, b@x, d@x"),))
    ids, kept = settled([first], {})
    assert ids == ["team/email[0]", "team/email[0].2", "team/email[1]"]
    # d takes what waited for a, of which it has the place in the order
    assert settled([second], kept)[0] == ["team/email[1]", "team/email[0].2", "team/email[0]"]


def test_what_lets_in_is_no_part_of_the_address() -> None:
    from barograph.notify.config import AuthorizationConfig, HttpConfig, NtfyConfig

    def with_secret(text: str) -> ReceiverConfig:
        auth = HttpConfig(authorization=AuthorizationConfig(credentials=Secret(text)))
        hook = WebhookConfig(url=Secret("http://h/a"), http_config=auth)
        topics = (NtfyConfig(topic="t", token=Secret(text)), NtfyConfig(topic="u", token=Secret(text)))
        return ReceiverConfig(name="team", webhook_configs=(hook,), ntfy_configs=topics)

    _, kept = settled([with_secret("one")], {})
    assert settled([with_secret("two")], kept)[1] == kept
