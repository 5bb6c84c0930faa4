"""`any`: one part of a rule is enough, at a post, at a reading or when the clock moves."""

from collections.abc import Iterable
from dataclasses import replace

from alerts import conditions
from alerts.findings import Finding, Measured, Moment, Tick
from schemas.rules.loader import Rule
from schemas.rules.when import AnyOf, Single
from schemas.rules.when_clock import Sensor, Silence


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """What the parts that speak of posts find."""
    parts = (part for part in _parts(rule) if not isinstance(part, Silence | Sensor))
    return _own(rule, (conditions.find_part(rule, part, moment) for part in parts))


def find_at_tick(rule: Rule, tick: Tick) -> list[Finding]:
    """What the parts that speak of silence find."""
    parts = [replace(rule, when=part) for part in _parts(rule) if isinstance(part, Silence)]
    return _own(rule, (conditions.find_at_tick(part, tick) for part in parts))


def find_in_reading(rule: Rule, measured: Measured) -> list[Finding]:
    """What the parts that speak of sensors find."""
    return _own(rule, (conditions.find_part_in_reading(rule, part, measured) for part in _parts(rule)))


def _parts(rule: Rule) -> tuple[Single, ...]:
    return rule.when.parts if isinstance(rule.when, AnyOf) else ()


def _own(rule: Rule, found: Iterable[list[Finding]]) -> list[Finding]:
    return [replace(one, rule=rule) for ours in found for one in ours]
