import pytest

from barograph.model.labels import EMPTY, METRIC_NAME, Labels, escape_value, is_legacy_metric_name, is_legacy_name

CPU = Labels.of("node_cpu_seconds_total", cpu="0", mode="idle")


def test_pairs_are_sorted_however_they_come() -> None:
    labels = Labels([("b", "2"), ("a", "1"), (METRIC_NAME, "up")])
    assert labels.pairs == (("__name__", "up"), ("a", "1"), ("b", "2"))
    assert list(labels) == [("__name__", "up"), ("a", "1"), ("b", "2")]
    assert len(labels) == 3


def test_an_empty_value_is_no_label() -> None:
    assert Labels([("a", ""), ("b", "2")]) == Labels([("b", "2")])
    assert Labels.of("", a="") == EMPTY
    assert len(EMPTY) == 0


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="label 'a' is given twice"):
        Labels([("b", "1"), ("a", "1"), ("a", "2")])


def test_every_way_of_building_gives_the_same() -> None:
    mapping = {"mode": "idle", "__name__": "node_cpu_seconds_total", "cpu": "0"}
    assert Labels.from_mapping(mapping) == CPU
    assert Labels.from_sorted(CPU.pairs) == CPU
    assert Labels(mapping.items()) == CPU


def test_equal_labels_have_one_hash() -> None:
    other = Labels.from_sorted((("__name__", "node_cpu_seconds_total"), ("cpu", "0"), ("mode", "idle")))
    assert hash(other) == hash(CPU)
    assert {CPU: 1}[other] == 1


def test_labels_differ_from_others_and_from_anything_else() -> None:
    assert Labels.of("up") != Labels.of("down")
    assert Labels.of("up") != (("__name__", "up"),)


def test_they_are_ordered_by_their_pairs() -> None:
    one, two, three = Labels.of("a", x="1"), Labels.of("a", x="2"), Labels.of("b")
    assert sorted([three, two, one]) == [one, two, three]
    assert not two < one


def test_the_metric_name_is_a_label() -> None:
    assert CPU.name == "node_cpu_seconds_total"
    assert Labels.of("", a="1").name == ""


def test_get_returns_a_value_or_the_default() -> None:
    assert CPU.get("mode") == "idle"
    assert CPU.get("absent") == ""
    assert CPU.get("absent", "x") == "x"


def test_keep_and_drop_choose_by_name() -> None:
    assert CPU.keep(["mode", "absent"]) == Labels([("mode", "idle")])
    assert CPU.drop([METRIC_NAME, "absent"]) == Labels([("cpu", "0"), ("mode", "idle")])


def test_with_labels_sets_replaces_and_removes() -> None:
    changed = CPU.with_labels({"job": "node", "mode": "user", "cpu": ""})
    assert changed.to_dict() == {"__name__": "node_cpu_seconds_total", "job": "node", "mode": "user"}
    assert CPU.get("mode") == "idle"


def test_a_dictionary_is_a_copy() -> None:
    CPU.to_dict()["cpu"] = "9"
    assert CPU.get("cpu") == "0"


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (Labels.of("up"), "up"),
        (CPU, 'node_cpu_seconds_total{cpu="0", mode="idle"}'),
        (Labels.of("", a="1"), '{a="1"}'),
        (EMPTY, "{}"),
        (Labels.of("a:b"), "a:b"),
        (Labels.of("", a='q"b\\n\n'), '{a="q\\"b\\\\n\\n"}'),
        (Labels([("a.b", "1")]), '{"a.b"="1"}'),
        (Labels.of("my metric"), '{"my metric"}'),
        (Labels.of("my metric", a="1"), '{"my metric", a="1"}'),
    ],
)
def test_they_are_written_as_promql_writes_them(labels: Labels, text: str) -> None:
    assert str(labels) == text
    assert repr(labels) == f"Labels({text})"


@pytest.mark.parametrize(
    ("name", "is_label", "is_metric"),
    [
        ("up", True, True),
        ("_x9", True, True),
        ("a:b", False, True),
        (":", False, True),
        ("9a", False, False),
        ("", False, False),
        ("a b", False, False),
        ("ä", False, False),
        ("a-b", False, False),
    ],
)
def test_which_names_need_no_quotes(name: str, is_label: bool, is_metric: bool) -> None:
    assert is_legacy_name(name) is is_label
    assert is_legacy_metric_name(name) is is_metric


def test_values_are_escaped() -> None:
    assert escape_value('a"b\\c\nd\té') == 'a\\"b\\\\c\\nd\té'
