"""Night: a group's lesser warnings of its quiet hours wait for the morning and go out as one mail."""

from collections.abc import Sequence

from alerts.path import Held, PathContext
from alerts.wording import day_and_time
from schemas.records import Alert
from schemas.taxonomy.duty import Duty


def hold_night(alerts: Sequence[Alert], context: PathContext) -> tuple[list[Alert], list[Held]]:
    """Hold back what its group does not want to be woken for."""
    going, held = list[Alert](), list[Held]()
    for alert in alerts:
        night = context.duty.groups[alert.route].night
        until = None if night is None else night.until(alert.level, context.now)
        if until is None:
            going.append(alert)
        else:
            held.append(Held(alert, f"夜间不打扰，{day_and_time(until)}一并发出", waits=True))
    return going, held


def has_waited(alert: Alert, duty: Duty) -> bool:
    """Whether a warning was raised in its group's quiet hours."""
    night = duty.groups[alert.route].night
    return night is not None and night.until(alert.level, alert.raised_at) is not None
