"""Retain: months past their time leave the index; the state keeps them and can bring them back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.jobs.index import KEPT_SINCE, need_elastic, prepare_index
from pipeline.rooms import Rooms
from stores.database.meta import get_meta, set_meta
from stores.database.retention import held_months
from stores.elastic_retention import month_start, oldest_kept


@dataclass(frozen=True, slots=True)
class RetainReport:
    """What retention did, or with `dry_run` would do.

    `dropped` are the months by kind, `held` those kept past their time, each with the reason; `changed` is
    what was told to the server's lifecycle management, which deletes in our place where there is one.
    """

    kept_since: str
    dropped: Mapping[str, tuple[str, ...]]
    held: Mapping[str, str]
    changed: tuple[str, ...]
    lifecycle: bool
    dry_run: bool

    def lines(self) -> list[str]:
        """The report for the terminal."""
        if not self.kept_since:
            return ["没有设保存期限（retain_months 为 0），什么都不删"]
        by_whom = "由服务器的生命周期管理删除" if self.lifecycle else "从索引里删除"
        done = f"{'将' if self.dry_run else ''}{by_whom}"
        gone = [f"{kind}：{done} {'、'.join(parts)}" for kind, parts in self.dropped.items() if parts]
        kept = [f"{part} 过了期仍保留：{reason}" for part, reason in self.held.items()]
        told = f"索引保存 {self.kept_since} 起的月份；状态库不动，调大 retain_months 后再运行即可找回"
        return [told, *(gone or ["没有到期的月份"]), *kept, *self.changed]


def retain_months(rooms: Rooms, now: datetime, *, dry_run: bool = False) -> RetainReport:
    """Drop the months of every monthly kind that are past the setting `retain_months`.

    A month that an open alert, or an event still within the time, rests on is kept whole. Where the server
    has lifecycle management it is given the policy and deletes by itself.
    """
    elastic, months = need_elastic(rooms), rooms.settings.retain_months
    since, lifecycle = oldest_kept(now, months), elastic.has_lifecycle()
    with rooms.database.read() as db:
        held = held_months(db, since, month_start(since)) if since else {}
    past = {kind: _past(elastic.parts(kind), since, held) for kind in elastic.monthly}
    changed: list[str] = []
    if not dry_run:
        # Noted first: killed in between, no later run brings back what is being dropped.
        with rooms.database.begin() as db:
            if get_meta(db, KEPT_SINCE) or since:
                set_meta(db, KEPT_SINCE, since)
        for kind, parts in past.items():
            if lifecycle and months:
                changed += elastic.hand_over(kind, months, held)
            else:
                elastic.drop_parts(kind, parts)
        prepare_index(rooms, elastic)
    return RetainReport(since, past, held, tuple(changed), lifecycle, dry_run)


def _past(there: Collection[str], since: str, held: Collection[str]) -> tuple[str, ...]:
    return tuple(part for part in there if part < since and part not in held)
