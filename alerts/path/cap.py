"""Cap: a duty group gets so many mails an hour; the rest goes out as one digest. Red is never held back."""

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.path import PathContext
from schemas.records import Alert, Level

# Six an hour is one in ten minutes: what one person on duty can look into.
A_GROUP_AND_HOUR = 6


@dataclass(frozen=True, slots=True)
class Capped:
    """`single` alerts get a mail each, each of `digests` is one mail, `waiting` ones wait for later."""

    single: tuple[Alert, ...]
    digests: tuple[tuple[Alert, ...], ...]
    waiting: tuple[Alert, ...]


def cap_mails(alerts: Sequence[Alert], context: PathContext, most: int = A_GROUP_AND_HOUR) -> Capped:
    """Share out what is due, in the order given: the gravest first."""
    single, digests, waiting = list[Alert](), list[tuple[Alert, ...]](), list[Alert]()
    for route in dict.fromkeys(alert.route for alert in alerts):
        ours = [alert for alert in alerts if alert.route == route]
        red = [alert for alert in ours if alert.level == Level.RED]
        others = [alert for alert in ours if alert.level != Level.RED]
        left = max(most - context.recent.get(route, 0), 0)
        if len(others) <= left:
            single += red + others
            continue
        single += red + others[: max(left - 1, 0)]
        rest = others[max(left - 1, 0) :]
        if left == 0:
            waiting += rest
        else:
            digests.append(tuple(rest))
    return Capped(tuple(single), tuple(digests), tuple(waiting))
