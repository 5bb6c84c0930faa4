"""Which months of posts are still needed past their time: what an open alert or a living event rests on."""

from datetime import datetime

from sqlalchemy import Connection, select

from stores.database.alerts import open_alerts
from stores.database.tables import events, posts
from stores.database.upsert import in_batches


def held_months(db: Connection, before: str, window: datetime) -> dict[str, str]:
    """The months before `before` that must stay, each with the reason. An event lives that was seen in the
    window, which begins at `window`."""
    held: dict[str, str] = {}
    for alert in open_alerts(db):
        reason = f"未办结的预警 {alert.id}（{alert.title}）要用"
        for batch in in_batches(alert.post_ids):
            resting = select(posts.c.month).where(posts.c.id.in_(batch), posts.c.month < before).distinct()
            held.update((month, reason) for month in db.execute(resting).scalars())
    # Only what began before the window can have posts from before it.
    living = select(events.c.id).where(events.c.last_seen >= window, events.c.first_seen < window)
    members = select(posts.c.month, posts.c.event_id).where(
        posts.c.event_id.in_(living), posts.c.month < before
    )
    for month, event_id in db.execute(members.distinct()):
        held.setdefault(month, f"期限内还在发展的事件 {event_id} 要用")
    return dict(sorted(held.items()))
