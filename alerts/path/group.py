"""Group: of one alert only the newest revision goes on; the highest level first."""

from collections.abc import Sequence

from alerts.path import PathContext
from schemas.records import Alert


def group_alerts(alerts: Sequence[Alert], _context: PathContext) -> list[Alert]:
    """One entry an alert: a revision overtaken before it was sent has nothing the newer one lacks."""
    newest: dict[str, Alert] = {}
    for alert in alerts:
        known = newest.get(alert.id)
        if known is None or alert.revision > known.revision:
            newest[alert.id] = alert
    return sorted(newest.values(), key=lambda alert: (alert.level, alert.raised_at, alert.id))
