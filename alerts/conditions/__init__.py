"""When a rule fires: one module for each kind of `when`, found by its name.

Every module has one or more of three functions: `find` at a post, `find_at_tick` when the clock moves,
`find_in_reading` at a reading of a sensor.
"""

from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from alerts.findings import Finding, Measured, Moment, Tick
from schemas.rules.loader import Rule
from schemas.rules.when import Single, kind_of
from schemas.rules.when_clock import Sensor


class Condition(Protocol):
    """A module of this folder, as far as it answers."""

    def find(self, rule: Rule, moment: Moment) -> list[Finding]:
        """What the rule has to say at this post; nothing where it does not fire."""
        ...

    def find_at_tick(self, rule: Rule, tick: Tick) -> list[Finding]:
        """What the rule has to say at this time without any post."""
        ...

    def find_in_reading(self, rule: Rule, measured: Measured) -> list[Finding]:
        """What the rule has to say at this reading."""
        ...


@cache
def _condition(kind: str) -> Condition:
    return cast("Condition", import_module(f"{__name__}.{kind}"))


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """What one rule finds at this post."""
    return _condition(kind_of(rule.when)).find(rule, moment)


def find_part(rule: Rule, part: Single, moment: Moment) -> list[Finding]:
    """What one part of a combined rule finds at this post."""
    return find(replace(rule, when=part), moment)


def find_part_in_reading(rule: Rule, part: Single, measured: Measured) -> list[Finding]:
    """What one part of a combined rule finds at this reading; nothing where it is no sensor's."""
    return find_in_reading(replace(rule, when=part), measured) if isinstance(part, Sensor) else []


def find_at_tick(rule: Rule, tick: Tick) -> list[Finding]:
    """What one rule of silence finds at this time."""
    return _condition(kind_of(rule.when)).find_at_tick(rule, tick)


def find_in_reading(rule: Rule, measured: Measured) -> list[Finding]:
    """What one rule of sensors finds at this reading."""
    return _condition(kind_of(rule.when)).find_in_reading(rule, measured)
