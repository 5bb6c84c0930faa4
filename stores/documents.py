"""Records as documents of the search indices; pure functions, the fields as in schemas/elasticsearch."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from functools import lru_cache
from typing import Any

from schemas.records import (
    PLACE_LEVELS,
    Alert,
    AlertState,
    ClassifiedPost,
    Event,
    Facts,
    Heat,
    Label,
    Level,
    Place,
)
from schemas.taxonomy.details import detail_zh
from schemas.taxonomy.labels import label_zh
from schemas.tickets import STAGES_ZH, STATES_ZH, Ticket, hours_between
from schemas.times import SHANGHAI
from stores.database.coverage import Gap, SourceDay
from stores.database.series import SPAM, Count
from stores.divisions import find_divisions
from stores.names import NO_NAMES, Names
from stores.tokens import join_words

Document = dict[str, Any]
LEVEL_ZH = {Level.RED: "红", Level.ORANGE: "橙", Level.YELLOW: "黄", Level.BLUE: "蓝"}
STATE_ZH = {
    AlertState.RAISED: "待发送",
    AlertState.SENT: "已发送",
    AlertState.ACKNOWLEDGED: "已签收",
    AlertState.CLOSED: "已办结",
    AlertState.SNOOZED: "稍后再报",
    AlertState.FALSE_ALARM: "误报",
}

RUN_ZH = {"missed": "没有采集", "failed": "失败", "too_few": "偏少", "too_many": "偏多", "ok": "正常"}
GAP_ZH = {"open": "待补", "closed": "已补回", "lost": "补不回"}
FAMILY_ZH = {"complaint": "诉求", "incident": "突发事件", SPAM: "广告"}
_FACTS = tuple(name for name in Facts.__slots__ if name not in {"time", "spans"})
_ACKNOWLEDGED, _CLOSED = ("签收",), ("办结", "解除", "误报")


def post_document(post: ClassifiedPost, event_id: str | None, names: Names = NO_NAMES) -> Document:
    """One post with what the text core says about it; what is not known is left out."""
    clean, origin = post.clean, post.clean.origin
    published, fetched = _moment(origin.published_at), _moment(origin.fetched_at)
    return _present(
        {
            "id": origin.id,
            "revision": origin.revision,
            "source": origin.source,
            "publisher": names.publisher(origin.source),
            "url": origin.url,
            "ticket": origin.ticket,
            "author": origin.author_hash,
            "district": origin.district,
            "time": published or fetched,
            "published_at": published,
            "fetched_at": fetched,
            "title": clean.title,
            "text": clean.text,
            "words": join_words(post.words),
            "language": clean.language,
            "flags": list(clean.flags),
            "spam": "spam" in clean.flags,
            "topics": list(clean.topics),
            "mentions": list(clean.mentions),
            "heat": _heat(clean.heat),
            "complaint": _complaint(post.complaint, post.detail),
            "incident": _label("incident", post.incident),
            "rumour": _rumour(post, names),
            "urgency": _named("urgency", post.urgency),
            "needs": [_label("needs", need) for need in post.needs],
            "emotion": None if post.emotion is None else _label("emotion", post.emotion),
            "feelings": list(clean.feelings),
            "place": _main(main_place(post.places)),
            "places": [_place(place) for place in post.places],
            "facts": _facts(post.facts),
            "event_id": event_id,
        }
    )


def event_document(event: Event, names: Names = NO_NAMES) -> Document:
    """One event. Its members are found by their `event_id`, so that a large event stays a small document."""
    return _present(
        {
            "id": event.id,
            "title": event.title,
            "label": _full_label(event.label),
            "first_seen": _moment(event.first_seen),
            "last_seen": _moment(event.last_seen),
            "heat": event.heat,
            "posts": len(event.post_ids),
            "reports": event.reports,
            "authors": event.authors,
            "sources": list(event.sources),
            "publishers": list(dict.fromkeys(map(names.publisher, event.sources))),
            "keywords": list(event.keywords),
            "place": _main(event.place),
            "facts": _facts(event.facts),
            "rumour": event.rumour,
            "urgency": _named("urgency", event.urgency),
            "merged_into": event.merged_into,
            "split_from": event.split_from,
            "ended": event.merged_into is not None,
        }
    )


def alert_document(alert: Alert, names: Names = NO_NAMES) -> Document:
    """One alert in its newest revision."""
    return _present(
        {
            "id": alert.id,
            "revision": alert.revision,
            "group": alert.group,
            "rule": alert.rule,
            "event_id": alert.event_id,
            "level": {
                "number": int(alert.level),
                "name": alert.level.name.lower(),
                "zh": LEVEL_ZH[alert.level],
            },
            "state": {"name": alert.state.value, "zh": STATE_ZH[alert.state]},
            "label": _full_label(alert.label),
            "title": alert.title,
            "reason": alert.reason,
            "post_ids": list(alert.post_ids),
            "place": _main(alert.place),
            "route": alert.route,
            "duty": names.group(alert.route),
            "page": names.page(alert.id),
            "raised_at": _moment(alert.raised_at),
            **_answer_times(alert),
            "rumour": alert.rumour,
            "history": [
                {"at": _moment(step.at), "what": step.what, "note": step.note} for step in alert.history
            ],
        }
    )


def coverage_document(day: SourceDay) -> Document:
    """What one source gave on one day."""
    runs, last = day.runs, day.runs[-1] if day.runs else None
    totals = ("fetched", "new", "seen", "failed", "quarantined")
    return _present(
        {
            "source": day.source,
            "day": _moment(datetime.combine(day.day, time(), SHANGHAI)),
            "runs": len(runs),
            **{name: day.total(name) for name in totals},
            "failures": _reasons(day.reasons("failures")),
            "refusals": _reasons(day.reasons("refusals")),
            "cut_runs": sum(not run.complete for run in runs),
            "expected_min": last and last.expected_min,
            "expected_max": last and last.expected_max,
            "status": {"name": day.status, "zh": RUN_ZH[day.status]},
            "gaps": [_gap(gap) for gap in day.gaps],
            "last_run": last and _moment(last.started),
            "last_success": _moment(day.last_success),
            "note": "；".join(dict.fromkeys(run.note for run in runs if run.note)),
        }
    )


def _gap(gap: Gap) -> Document:
    return _present(
        {
            "since": _moment(gap.since),
            "until": _moment(gap.until),
            "hours": round((gap.until - gap.since).total_seconds() / 3600, 1),
            "state": {"name": gap.state, "zh": GAP_ZH[gap.state]},
            "reason": gap.reason,
            "note": gap.note,
        }
    )


def _reasons(counts: Mapping[str, int]) -> list[Document]:
    return [{"reason": reason, "count": count} for reason, count in counts.items()]


def series_document(count: Count) -> Document:
    """How many posts of one hour, place and label there are."""
    cell = count.cell
    hour = cell.start.astimezone(SHANGHAI)
    family, _, name = cell.label.partition(".")
    return _present(
        {
            "hour": _moment(hour),
            "hour_of_day": hour.hour,
            "weekday": hour.isoweekday(),
            "family": {"name": family, "zh": FAMILY_ZH[family]},
            "label": {"name": cell.label, "zh": "广告" if cell.label == SPAM else _zh(cell.label)},
            # As in the posts, so that what filters those filters these.
            **({} if family == SPAM else {family: _named(family, name)}),
            "place": {**_levels(cell.place_path, cell.place_code)},
            "count": count.posts,
        }
    )


def ticket_document(ticket: Ticket, names: Names = NO_NAMES) -> Document:
    """One hotline ticket in its newest revision, with what its earlier ones tell of the work on it.

    No age is in it, as it would grow old: panels compare `due` and `submitted` with the present.
    """
    first, last = ticket.steps[0], ticket.steps[-1]
    done = ticket.replied_at or ticket.closed_at
    return _present(
        {
            "id": ticket.id,
            "number": ticket.number,
            "source": ticket.source,
            "publisher": names.publisher(ticket.source),
            "title": ticket.title,
            "time": _moment(ticket.submitted or first.at),
            "updated": _moment(last.at),
            "state": _present({"name": ticket.state, "zh": _state(ticket.state)}),
            "stage": {"name": ticket.stage, "zh": STAGES_ZH[ticket.stage]},
            "open": ticket.stage in {"waiting", "working"},
            "unit": ticket.unit,
            "replied": ticket.replied,
            "late": None if done is None or ticket.due is None else done > ticket.due,
            **_work_times(ticket),
            "complaint": _complaint_names(ticket),
            "incident": _named("incident", ticket.incident),
            "place": _main(ticket.place),
            "revisions": len(ticket.steps),
            "transfers": ticket.transfers,
            "history": [
                _present({"at": _moment(step.at), "state": _state(step.state), "unit": step.unit})
                for step in ticket.steps
            ],
        }
    )


def _state(state: str) -> str:
    return STATES_ZH.get(state, state)


def _work_times(ticket: Ticket) -> Document:
    times = ("submitted", "accepted_at", "replied_at", "closed_at", "due")
    return {
        **{name: _moment(getattr(ticket, name)) for name in times},
        "hours_to_reply": hours_between(ticket.submitted, ticket.replied_at),
        "hours_to_close": hours_between(ticket.submitted, ticket.closed_at),
    }


def _complaint_names(ticket: Ticket) -> Document:
    detail = ticket.detail
    second = None if detail is None else {"name": detail, "zh": detail_zh(detail)}
    return _present({**_named("complaint", ticket.complaint), "detail": second})


def main_place(places: Sequence[Place]) -> Place | None:
    """The one place a post is counted under: the surest, and of equally sure ones the narrowest."""
    return max(places, key=lambda place: (place.score, PLACE_LEVELS.index(place.level)), default=None)


def _answer_times(alert: Alert) -> Document:
    """When the first revision went out, and how many minutes it took until somebody answered for it."""
    if not alert.history:
        return {}
    first = alert.history[0].at
    answered = {"acknowledge": _first_step(alert, _ACKNOWLEDGED), "close": _first_step(alert, _CLOSED)}
    minutes = {
        f"minutes_to_{what}": None if at is None else round((at - first).total_seconds() / 60, 1)
        for what, at in answered.items()
    }
    moments = {"acknowledged_at": answered["acknowledge"], "closed_at": answered["close"]}
    return {
        "first_raised_at": _moment(first),
        **{name: _moment(at) for name, at in moments.items()},
        **minutes,
    }


def _first_step(alert: Alert, words: tuple[str, ...]) -> datetime | None:
    return next((step.at for step in alert.history if step.what.startswith(words)), None)


def _heat(heat: Heat) -> Document:
    return _stated(heat, Heat.__slots__)


def _facts(facts: Facts) -> Document:
    told = _stated(facts, _FACTS)
    if facts.time is not None:
        told["time"] = _moment(facts.time)
    return told


def _stated(record: Heat | Facts, names: Iterable[str]) -> Document:
    return {name: value for name in names if (value := getattr(record, name)) is not None}


def _label(family: str, label: Label) -> Document:
    told = _named(family, label.name)
    told["probability"] = label.probability
    if label.words:
        told["words"] = list(label.words)
    return told


def _rumour(post: ClassifiedPost, names: Names) -> Document:
    found = post.rebuttal
    if found is None:
        return _label("rumour", post.rumour)
    told = {
        "id": found.id,
        "title": found.title,
        "url": found.url,
        "score": found.score,
        "publisher": names.publisher(found.source),
    }
    return {**_label("rumour", post.rumour), "rebuttal": _present(told)}


def _complaint(label: Label, detail: Label | None) -> Document:
    if detail is None:
        return _label("complaint", label)
    second = {
        "name": detail.name,
        "zh": detail_zh(detail.name),
        "probability": detail.probability,
        "words": list(detail.words),
    }
    return {**_label("complaint", label), "detail": second}


def _full_label(label: str) -> Document:
    return _with_zh(label, _zh(label))


def _with_zh(name: str, zh: str | None) -> Document:
    return {"name": name, "zh": zh} if name and zh else _present({"name": name, "zh": zh})


def _named(family: str, name: str) -> Document:
    return _with_zh(name, _zh(f"{family}.{name}"))


@lru_cache(maxsize=1_024)
def _zh(label: str) -> str | None:
    try:
        return label_zh(label)
    except KeyError:
        # The state outlives a taxonomy: a label that was taken out since keeps its English name only.
        return None


def _place(place: Place) -> Document:
    known = place.lng is not None and place.lat is not None
    return _present(
        {
            "name": place.name,
            "code": place.code,
            "level": place.level,
            "path": place.path,
            "score": place.score,
            "location": {"lon": place.lng, "lat": place.lat} if known else None,
        }
    )


def _main(place: Place | None) -> Document:
    if place is None:
        return {}
    return {**_levels(place.path, place.code), **_place(place)}


# Many documents name the same place; who takes it makes a copy.
@lru_cache(maxsize=16_384)
def _levels(path: str, code: str | None) -> Document:
    """A place by its path, with the name and path of every level on the way there."""
    names = path.split("/") if path else []
    within = ["/".join(names[:depth]) for depth in range(1, len(names) + 1)]
    told = {"name": names[-1] if names else "", "code": code, "path": path}
    district, street = find_divisions(path, code)
    return _present({**told, "names": names, "within": within, "district": district, "street": street})


def _moment(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _present(fields: Document) -> Document:
    # None, and lists, objects and texts without content, would only take room in the index.
    return {name: value for name, value in fields.items() if value or value == 0}
