"""Inhibition: which alerts are not told because a graver one explains them. Pure; it never hides that they fire."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from barograph.alerts.config import InhibitConfig
from barograph.alerts.matchers import equal_matchers, parse_all, sort_matchers
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, matches_all


@dataclass(frozen=True, slots=True, kw_only=True)
class InhibitRule:
    """See `InhibitConfig`."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]


class Inhibitor:
    """What a set of firing alerts keeps quiet.

    Args:
        rules: All of them.
        firing: The labels of every alert that fires, by its number.
    """

    def __init__(self, rules: Sequence[InhibitRule], firing: Mapping[int, Labels]) -> None:
        sources = [_sources_of(rule, firing.items()) for rule in rules]
        self._decisive = [pair for pair in zip(rules, sources, strict=True) if pair[1]]

    @property
    def is_idle(self) -> bool:
        """Whether nothing fires that could inhibit anything."""
        return not self._decisive

    def inhibited_by(self, labels: Labels) -> int:
        """Return the number of an alert that keeps an alert of these labels quiet; 0 where none does."""
        for rule, sources in self._decisive:
            if not matches_all(rule.target, labels):
                continue
            # one that is both source and target of a rule is inhibited only by what is source alone: never by itself
            needs_pure = matches_all(rule.source, labels)
            for number, is_pure in sources.get(_equal_values(rule, labels), ()):
                if is_pure or not needs_pure:
                    return number
        return 0


def may_inhibit(rules: Iterable[InhibitRule], labels: Labels) -> bool:
    """Tell whether an alert of these labels is a source of any rule."""
    return any(matches_all(rule.source, labels) for rule in rules)


def make_rule(config: InhibitConfig) -> InhibitRule:
    """Return what decides, of what was written.

    Raises:
        AlertError: A matcher is none.
    """
    source = [*parse_all(config.source_matchers), *equal_matchers(config.source_match, config.source_match_re)]
    target = [*parse_all(config.target_matchers), *equal_matchers(config.target_match, config.target_match_re)]
    return InhibitRule(source=sort_matchers(source), target=sort_matchers(target), equal=config.equal)


def _sources_of(
    rule: InhibitRule, firing: Iterable[tuple[int, Labels]]
) -> dict[tuple[str, ...], list[tuple[int, bool]]]:
    sources: dict[tuple[str, ...], list[tuple[int, bool]]] = defaultdict(list)
    for number, labels in firing:
        if matches_all(rule.source, labels):
            found = sources[_equal_values(rule, labels)]
            # two are enough to answer: one of either kind
            entry = (number, not matches_all(rule.target, labels))
            if all(is_pure != entry[1] for _, is_pure in found):
                found.append(entry)
    return sources


def _equal_values(rule: InhibitRule, labels: Labels) -> tuple[str, ...]:
    return tuple(labels.get(name) for name in rule.equal)
