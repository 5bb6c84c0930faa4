"""When a rule fires: one module for each kind of `when`, found by its name."""

from functools import cache
from importlib import import_module
from typing import Protocol, cast

from alerts.findings import Finding, Moment
from schemas.rules.loader import Rule
from schemas.rules.when import kind_of


class Condition(Protocol):
    """A module of this folder."""

    def find(self, rule: Rule, moment: Moment) -> list[Finding]:
        """What the rule has to say at this moment; nothing where it does not fire."""
        ...


@cache
def _condition(kind: str) -> Condition:
    return cast("Condition", import_module(f"{__name__}.{kind}"))


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """What one rule finds at this moment."""
    return _condition(kind_of(rule.when)).find(rule, moment)
