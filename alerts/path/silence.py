"""Silence: what somebody asked not to be mailed about waits for the end of that silence; red never waits."""

from collections.abc import Sequence

from alerts.path import Held, PathContext
from alerts.wording import day_and_time
from schemas.records import Alert, Level
from schemas.silences import Silence
from schemas.taxonomy.patterns import match_pattern


def find_silence(alert: Alert, silences: Sequence[Silence]) -> Silence | None:
    """The silence that mutes an alert, the one that lasts longest; None for red, and where none fits."""
    fitting = [one for one in silences if alert.level != Level.RED and fits(one, alert)]
    return max(fitting, key=lambda one: (one.until, one.id), default=None)


def fits(silence: Silence, alert: Alert) -> bool:
    """Whether an alert is all that a silence names."""
    path = "" if alert.place is None else alert.place.path or alert.place.name
    return (
        (not silence.place or f"{path}/".startswith(f"{silence.place}/"))
        and (not silence.label or alert.label in match_pattern(silence.label))
        and silence.rule in {"", alert.rule}
        and silence.group in {"", alert.group}
    )


def hold_silenced(alerts: Sequence[Alert], context: PathContext) -> tuple[list[Alert], list[Held]]:
    """Hold back what a silence in force mutes. What is over by the time the silence ends needs no mail."""
    going, held = list[Alert](), list[Held]()
    for alert in alerts:
        silence = find_silence(alert, context.silences)
        if silence is None:
            going.append(alert)
            continue
        reason = f"静默 {silence.id} 至{day_and_time(silence.until)}（{silence.author}：{silence.reason}）"
        held.append(Held(alert, reason, waits=not alert.state.is_over, silence=silence.id))
    return going, held
