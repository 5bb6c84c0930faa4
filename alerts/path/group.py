"""Group: of one alert only the newest revision goes on; the highest level first."""

from collections.abc import Sequence

from alerts.path import Held, PathContext
from schemas.records import Alert

OVERTAKEN = "被同一预警的新版本取代"


def group_alerts(alerts: Sequence[Alert], _context: PathContext) -> tuple[list[Alert], list[Held]]:
    """One entry an alert: a revision overtaken before it was sent has nothing the newer one lacks."""
    newest: dict[str, Alert] = {}
    for alert in alerts:
        known = newest.get(alert.id)
        if known is None or alert.revision > known.revision:
            newest[alert.id] = alert
    going = sorted(newest.values(), key=lambda alert: (alert.level, alert.raised_at, alert.id))
    held = [Held(alert, OVERTAKEN) for alert in alerts if alert.revision < newest[alert.id].revision]
    return going, held
