"""The demo's report: one self-contained Chinese page that shows the run against its script."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from markupsafe import Markup

from alerts.wording import day_and_time, level_zh, place_zh
from pipeline.demo.charts import Band, Bubble, Mark, draw_bars, draw_crisis, draw_map, draw_volume
from pipeline.demo.items import FORUM, HOTLINE, NEWS, SOURCES_ZH, Kind
from pipeline.demo.outcome import DemoOutcome
from pipeline.demo.private import find_private
from pipeline.demo.score import CrisisScore, Judged, span_zh
from pipeline.demo.svg import badge
from pipeline.demo.templating import templates
from schemas.records import Alert, ClassifiedPost, Level
from schemas.taxonomy.labels import label_zh

_SHOWN_POSTS = 8
_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the headline with its name and a note."""

    value: str
    name: str
    note: str


@dataclass(frozen=True, slots=True)
class Told:
    """An alert as the page shows it."""

    number: int
    judged: Judged
    first: Alert
    place: str
    label: str
    group: str
    subjects: tuple[str, ...]
    posts: tuple[ClassifiedPost, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class RumourRow:
    """Rumour beside incident, for an alert of a crisis; `suspected` counts its likely rumours."""

    number: int
    title: str
    label: str
    rumour: float
    posts: int
    suspected: int


def render_report(outcome: DemoOutcome) -> str:
    """The whole page as HTML; it asks for nothing from outside."""
    told = tuple(_tell(number, judged, outcome) for number, judged in enumerate(outcome.judged, start=1))
    return (
        templates()
        .get_template("report.html.j2")
        .render(
            outcome=outcome,
            city=outcome.city,
            end=outcome.city.start + timedelta(weeks=outcome.city.weeks),
            sentence=sentence(outcome),
            figures=tuple(_figures(outcome)),
            volume=_volume(outcome),
            crises=tuple((score, _crisis_chart(score)) for score in outcome.scores),
            map=_map(outcome),
            complaints=_label_bars(outcome, "complaint", "#7fa7c9"),
            incidents=_label_bars(outcome, "incident", "#d08c7c"),
            told=told,
            groups=_groups(told),
            rumours=tuple(_rumours(told, outcome)),
            sources=tuple(_sources(outcome)),
            privacy=_privacy(outcome),
            badge=badge,
            NONE=_NONE,
            sources_zh=SOURCES_ZH,
            span=span_zh,
            when=day_and_time,
            level_zh=level_zh,
            label_zh=label_zh,
            kind_counts=Counter(item.kind for item in outcome.city.items),
            Kind=Kind,
        )
    )


def sentence(outcome: DemoOutcome) -> str:
    """The one sentence to remember, misses and false alarms in it."""
    scores = outcome.scores
    caught = [score for score in scores if score.first is not None]
    early = [score.lead for score in caught if score.lead is not None and score.lead > _NONE]
    missed = [score.crisis.zh for score in scores if score.first is None]
    parts = [f"{len(scores)} 起剧本事件发现 {len(caught)} 起"]
    if early:
        middle = timedelta(seconds=median(lead.total_seconds() for lead in early))
        lead = f"提前量中位数 {span_zh(middle)}，最长 {span_zh(max(early))}"
        parts.append(f"其中 {len(early)} 起在灾害发生之前，{lead}")
    if missed:
        parts.append(f"漏报 {len(missed)} 起：{'、'.join(missed)}")
    parts.append(f"误报 {len(outcome.false_alarms)} 个")
    return "，".join(parts) + "。"


def _figures(outcome: DemoOutcome) -> Iterator[Figure]:
    counts, weeks = outcome.counts, outcome.city.weeks
    caught = sum(score.first is not None for score in outcome.scores)
    yield Figure(f"{caught}/{len(outcome.scores)}", "剧本事件被发现", "漏报如实列在下面")
    yield Figure(f"{len(outcome.posts):,}", "条信息", f"网上 {counts.crawled:,}，热线 {counts.imported:,}")
    yield Figure(f"{len(outcome.events):,}", "个事件", f"合并重复与转发 {outcome.duplicates:,} 条")
    yield Figure(f"{len(outcome.judged)}", "个预警", f"{len(outcome.mails)} 封邮件")
    false = len(outcome.false_alarms)
    strayed = f"，另有 {outcome.strayed} 个先报了别的事" if outcome.strayed else ""
    yield Figure(f"{false}", "个误报", f"每周 {false / weeks:.1f} 个{strayed}")
    yield Figure(f"{outcome.spam}", "条广告", "标出，不参与事件")
    yield Figure(f"{len(outcome.quarantined)}", "行隔离", "读不懂的不丢，原样留存")


def _volume(outcome: DemoOutcome) -> Markup:
    city = outcome.city
    web, hotline = [0] * (city.weeks * 7), [0] * (city.weeks * 7)
    for item in city.items:
        (hotline if item.source == HOTLINE else web)[(item.published_at - city.start).days] += 1
    marks = [
        Mark(
            alert.raised_at,
            alert.level,
            f"{day_and_time(alert.raised_at)} {alert.title}",
            judged.crisis is None,
        )
        for judged in outcome.judged
        for alert in _rises(judged.revisions)
    ]
    bands = [
        Band(score.crisis.begin, max(score.posts[-1].arrives_at, score.crisis.harm), _short(score))
        for score in outcome.scores
    ]
    return draw_volume(city.start, web, hotline, marks, bands)


def _short(score: CrisisScore) -> str:
    """A name of a few characters for the chart."""
    return {"gas": "燃气", "water": "水污染谣言", "flood": "洪涝", "school": "食物中毒", "wages": "欠薪"}.get(
        score.crisis.id, score.crisis.zh[:5]
    )


def _rises(revisions: tuple[Alert, ...]) -> Iterator[Alert]:
    """The revisions at which an alert was raised or rose."""
    highest: Level | None = None
    for alert in revisions:
        if highest is None or alert.level < highest:
            highest = alert.level
            yield alert


def _crisis_chart(score: CrisisScore) -> Markup:
    crisis = score.crisis
    marks: list[Mark] = []
    for alert in score.steps:
        if not marks or alert.level < marks[-1].level:
            marks.append(
                Mark(alert.raised_at, alert.level, f"{day_and_time(alert.raised_at)} {level_zh(alert.level)}")
            )
    end = max(score.posts[-1].arrives_at, crisis.harm) + timedelta(hours=1)
    times = [item.arrives_at for item in score.posts]
    return draw_crisis(times, marks, crisis.begin, end, crisis.harm, crisis.harm_zh)


def _street_of(code: str | None, outcome: DemoOutcome) -> str | None:
    deployment = outcome.city.deployment
    if code is None or code not in deployment.by_code:
        return None
    street = deployment.at_level(code, "street")
    return None if street is None else street.code


def _map(outcome: DemoOutcome) -> Markup:
    deployment = outcome.city.deployment
    counts: Counter[str | None] = Counter()
    for post in outcome.posts.values():
        counts[_street_of(post.places[0].code, outcome) if post.places else None] += 1
    levels: dict[str | None, Level] = {}
    for judged in outcome.judged:
        street = _street_of(judged.last.place.code, outcome) if judged.last.place else None
        levels[street] = min(judged.highest, levels.get(street, judged.highest))
    crises = {_street_of(score.crisis.place.code, outcome): _short(score) for score in outcome.scores}
    bubbles = [
        Bubble(p.lng, p.lat, p.name, counts[p.code], levels.get(p.code), crises.get(p.code, ""))
        for p in deployment.of_level("street")
    ]
    districts = [Bubble(p.lng, p.lat, p.name, 0, None) for p in deployment.of_level("district")]
    return draw_map(bubbles, districts)


def _label_bars(outcome: DemoOutcome, family: str, colour: str) -> Markup:
    found = Counter(
        getattr(post, family).name for post in outcome.posts.values() if "spam" not in post.clean.flags
    )
    found.pop("none", None)
    return draw_bars([(label_zh(f"{family}.{name}"), count) for name, count in found.most_common(14)], colour)


def _tell(number: int, judged: Judged, outcome: DemoOutcome) -> Told:
    last = judged.last
    posts = [outcome.posts[post_id] for post_id in last.post_ids if post_id in outcome.posts]
    return Told(
        number=number,
        judged=judged,
        first=judged.revisions[0],
        place=place_zh(last.place),
        label=label_zh(last.label),
        group=outcome.duty.groups[last.route].zh,
        subjects=tuple(mail.subject for mail in outcome.mails if mail.alert_id == last.id),
        posts=tuple(posts[:_SHOWN_POSTS]),
        hidden=max(0, len(posts) - _SHOWN_POSTS),
    )


def _groups(told: tuple[Told, ...]) -> tuple[tuple[str, str, tuple[Told, ...]], ...]:
    """The alerts under the three verdicts."""
    names = (
        ("crisis", "属于剧本事件"),
        ("minor", "一般提示（确有其事，蓝色）"),
        ("false", "误报"),
    )
    return tuple(
        (verdict, name, tuple(one for one in told if one.judged.verdict == verdict))
        for verdict, name in names
    )


def _rumours(told: tuple[Told, ...], outcome: DemoOutcome) -> Iterator[RumourRow]:
    for one in told:
        event = outcome.events.get(one.judged.last.event_id or "")
        if event is None or one.judged.crisis is None:
            continue
        posts = [outcome.posts[post_id] for post_id in event.post_ids if post_id in outcome.posts]
        suspected = sum(post.rumour.name == "rumour" and post.rumour.probability >= 0.5 for post in posts)
        last = one.judged.last
        yield RumourRow(one.number, last.title, one.label, last.rumour, len(posts), suspected)


def _sources(outcome: DemoOutcome) -> Iterator[tuple[str, int, int, str]]:
    """Per source: its name, what it held, what was read, and how it was read."""
    ways = {FORUM: "RSS，逐条去重", NEWS: "列表页到正文页，部分 GB18030", HOTLINE: "CSV 导入，GB18030"}
    read = Counter(item.source for item in outcome.truth.values())
    for source, zh in SOURCES_ZH.items():
        yield zh, len(outcome.city.of_source(source)), read[source], ways[source]


def _privacy(outcome: DemoOutcome) -> tuple[int, int]:
    """How many posts carried personal numbers, and in how many of them one is still readable."""
    carried = leaked = 0
    for post_id, post in outcome.posts.items():
        item = outcome.truth.get(post_id)
        numbers = find_private(f"{item.title} {item.body}") if item else ()
        carried += bool(numbers)
        leaked += any(number in f"{post.clean.title} {post.clean.text}" for number in numbers)
    return carried, leaked
