"""Cap: a duty group gets so many mails an hour; the rest goes out as one digest. Red is never held back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from alerts.path import Held, PathContext
from alerts.path.night import has_waited
from schemas.records import Alert, Level

# The warnings of one mail: one, or those that a digest tells.
Letter = tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class Capped:
    """The mails that go out, and what waits for the next hour."""

    letters: tuple[Letter, ...]
    waiting: tuple[Held, ...]


def cap_mails(alerts: Sequence[Alert], context: PathContext) -> Capped:
    """Share out what is due, in the order given: the gravest first; what has waited for the morning is one
    mail a group."""
    letters, waiting = list[Letter](), list[Held]()
    for route in dict.fromkeys(alert.route for alert in alerts):
        ours = [alert for alert in alerts if alert.route == route]
        letters += [(alert,) for alert in ours if alert.level == Level.RED]
        due = list(_make_letters([alert for alert in ours if alert.level != Level.RED], context))
        left = max(context.most - context.recent.get(route, 0), 0)
        if len(due) <= left:
            letters += due
        elif left:
            letters += [*due[: left - 1], tuple(chain(*due[left - 1 :]))]
        else:
            reason = f"本组一小时内已有 {context.most} 封，等下一小时汇总"
            waiting += [Held(alert, reason, waits=True) for alert in chain(*due)]
    return Capped(tuple(letters), tuple(waiting))


def _make_letters(alerts: Sequence[Alert], context: PathContext) -> Iterator[Letter]:
    waited = tuple(alert for alert in alerts if has_waited(alert, context.duty))
    yield from ((alert,) for alert in alerts if alert not in waited)
    if waited:
        yield waited
