from barograph.alerts.config import InhibitConfig
from barograph.alerts.inhibition import Inhibitor, make_rule
from barograph.model.labels import Labels

RULE = make_rule(
    InhibitConfig(source_matchers=("severity=critical",), target_match={"severity": "warning"}, equal=("host", "rack"))
)


def labels(**pairs: str) -> Labels:
    return Labels(pairs.items())


def test_a_graver_alert_of_the_same_host_keeps_a_milder_one_quiet() -> None:
    firing = {1: labels(severity="critical", host="atlas"), 2: labels(severity="warning", host="atlas")}
    inhibitor = Inhibitor([RULE], firing)
    assert inhibitor.inhibited_by(firing[2]) == 1
    assert inhibitor.inhibited_by(firing[1]) == 0
    assert inhibitor.inhibited_by(labels(severity="warning", host="borea")) == 0
    assert inhibitor.inhibited_by(labels(severity="warning", host="atlas", rack="r1")) == 0


def test_missing_on_both_sides_is_the_same() -> None:
    assert Inhibitor([RULE], {4: labels(severity="critical")}).inhibited_by(labels(severity="warning")) == 4


def test_an_alert_that_is_both_sides_is_not_inhibited_by_its_like() -> None:
    rule = make_rule(InhibitConfig(source_match_re={"a": ".+"}, target_matchers=("b=~.+",)))
    both = labels(a="1", b="1")
    assert Inhibitor([rule], {1: both, 2: labels(a="2", b="2")}).inhibited_by(both) == 0
    assert Inhibitor([rule], {1: both}).inhibited_by(labels(b="1")) == 1
    assert Inhibitor([rule], {1: both, 2: both, 3: labels(a="3")}).inhibited_by(both) == 3
