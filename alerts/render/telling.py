"""What a mail says of a warning: known and unknown, changes, the most telling posts, the law's words."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from alerts.levels import CITATION
from alerts.path.escalate import ESCALATED
from alerts.standing import is_drift, is_measured, is_silence, last_measures, station_of
from alerts.wording import GRADES, LEVELS, casualties, full_time, level_zh
from schemas.records import PLACE_LEVELS, Alert, ClassifiedPost, Event, Facts, Level, Place
from schemas.taxonomy.labels import label_def, label_zh

MOST_POSTS = 5
_MOST_REBUTTALS = 3
_EXCERPT = 160
_LONGEST_TITLE = 60
_LONGEST_REASON = 800
_URGENCIES = {"critical": "紧急", "urgent": "急", "normal": "一般", "low": "低"}
_MEASURES = {
    "deaths": ("死亡", "人"), "injured": ("受伤", "人"), "missing": ("失联", "人"), "trapped": ("被困", "人"),
    "reports": ("反映", "件"), "rebuttals": ("辟谣信息", "条"), "readings": ("超过阈值的读数", "次"),
}  # fmt: skip
# Below this a place was guessed from the text rather than read in it.
_SURE_PLACE = 0.6


@dataclass(frozen=True, slots=True)
class Quote:
    """One post as the mail shows it. `url` is None where there is no page to open."""

    number: int
    id: str
    title: str
    text: str
    time: str
    source: str
    url: str | None
    rebuts: bool


def split_reason(alert: Alert) -> tuple[str, ...]:
    """The sentences of the reason without the list of post ids: the mail shows the posts themselves."""
    says = shorten(alert.reason.partition(CITATION)[0], _LONGEST_REASON)
    return tuple(
        f"{sentence.strip()}。".replace("…。", "…") for sentence in says.split("。") if sentence.strip()
    )


def cite_law(alert: Alert) -> str:
    """The level in the law's words, and how far the law reaches.

    突发事件应对法（2024 年修订）第六十三条 grades natural disasters, accidents and public health events only.
    """
    said = f"{LEVELS[alert.level]}为《突发事件应对法》第六十三条四级预警中的{GRADES[alert.level]}"
    highest = "，最高一级" if alert.level == Level.RED else ""
    graded = alert.label.startswith("incident.") and label_def(alert.label).parent != "social_security"
    applied = "" if graded else "；该条只规定自然灾害、事故灾难和公共卫生事件，本类事项参照使用"
    return f"{said}{highest}{applied}。本邮件供内部值班，不是向社会发布的警报。"


def list_rebuttals(posts: Sequence[ClassifiedPost], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """The official rebuttals that speak of what the posts say, those of most posts first, with their page."""
    found = [post.rebuttal for post in posts if post.rebuttal is not None]
    counts = Counter(one.id for one in found)
    told = {one.id: one for one in found}
    rows = []
    for key, count in counts.most_common(_MOST_REBUTTALS):
        one = told[key]
        page = f"，{link}" if (link := web_link(one.url)) else ""
        title = shorten(" ".join(one.title.split()), _LONGEST_TITLE)
        publisher = names.get(one.source, one.source)
        rows.append(
            ("官方辟谣", f"《{title}》（{publisher}{page}）与 {count} 条信息说的对得上，先核实再处置")
        )
    return rows


def list_known(alert: Alert, event: Event | None) -> list[tuple[str, str]]:
    """What has been said, by heading."""
    if is_drift(alert):
        # The name that the commands of the guide ask for.
        name = alert.group.split("|")[1]
        return [("类别", "采集异常：说的是数据来源，不是街面上的事"), ("来源", name)]
    rows = [("地点", whole_place(alert.place)), ("类别", label_zh(alert.label))]
    if is_measured(alert):
        rows.append(("传感器", station_of(alert)))
    if event is None:
        return rows
    facts = event.facts
    if hurt := casualties(facts):
        rows.append(("文中伤亡", hurt))
    if facts.time is not None:
        rows.append(("文中时间", full_time(facts.time)))
    rows.append(("首次出现", full_time(event.first_seen)))
    rows.append(("最近出现", full_time(event.last_seen)))
    rows.append(("紧急程度", _URGENCIES[event.urgency]))
    return rows


def list_unknown(alert: Alert, event: Event | None) -> list[str]:
    """What nobody has said yet: the reader must not take silence for zero."""
    if is_measured(alert) and not alert.post_ids:
        doubts = "读数还没有现场核实；传感器可能被杂物卡住、受干扰，或者正在检修"
        return [doubts, "有没有人受影响，读数不说明", *_doubt_place(alert.place)]
    if is_silence(alert):
        return ["为什么没有，还不知道：采集断了、设备或对方停了，还是那里断电断网"]
    if is_drift(alert):
        return [
            "来源改了版、坏了，还是真的变了，还不知道：打开来源网页对照",
            "这几天没有采到的里面有没有要紧的",
        ]
    missing = ["以上都是网上和热线的说法，还没有现场核实", *_doubt_place(alert.place)]
    if event is None:
        return [*missing, "伤亡、发生时间：这是同一类信息的增多，不是一件事，请看原文"]
    if unsaid := "、".join(_unsaid(event.facts)):
        missing.append(f"{unsaid}人数没有信息提到，不等于没有")
    if event.facts.time is None:
        missing.append("何时发生没有信息提到，上面的时间是发布时间")
    return [*missing, *_doubt_voices(event)]


def _unsaid(facts: Facts) -> Iterator[str]:
    for name in ("deaths", "injured", "missing", "trapped"):
        if getattr(facts, name) is None:
            yield _MEASURES[name][0]


def _doubt_place(place: Place | None) -> Iterator[str]:
    if place is None:
        yield "具体地点没有信息说清"
    elif place.level in PLACE_LEVELS[:3]:
        yield f"只知道在{place.name}，没有更细的地点"
    elif place.score < _SURE_PLACE:
        yield f"地点由文字推断，把握约 {round(100 * place.score)} %"
    elif place.code is None:
        yield f"“{place.name}”不在本地地名表，地点可能不准"


def _doubt_voices(event: Event) -> Iterator[str]:
    if len(event.sources) == 1:
        yield "只有一个来源，没有别的来源印证"
    if event.authors == 1 and event.heat > 1:
        yield "都出自同一个人"
    elif event.authors == 1:
        yield "只有一个人说"


def list_numbers(alert: Alert, event: Event | None, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """How many, from whom and where; `names` are the sources' Chinese names."""
    readings = last_measures(alert).get("readings")
    measured = [] if readings is None else [("超过阈值的读数", f"{readings} 次")]
    if event is None and not alert.post_ids and measured:
        return measured
    if event is None:
        return [*measured, ("相关信息", f"{len(alert.post_ids)} 条")]
    sources = [names.get(source, source) for source in event.sources]
    more = f" 等 {len(sources)} 个" if len(sources) > MOST_POSTS else ""
    return [
        ("反映总数", f"{event.heat} 条，不同内容 {event.reports} 篇"),
        ("发布的人", f"{event.authors} 人" if event.authors else "来源没有提供"),
        ("来源", "、".join(sources[:MOST_POSTS]) + more),
    ]


def list_changes(alert: Alert, before: Alert | None) -> list[str]:
    """What is new since the mail before, in words; nothing for a first mail."""
    if before is None:
        return []
    return [*_changed_words(alert, before), *_changed_measures(alert, before), *_new_steps(alert, before)]


def _changed_words(alert: Alert, before: Alert) -> Iterator[str]:
    if alert.level != before.level:
        way = "升为" if alert.level < before.level else "降为"
        yield f"级别：{level_zh(before.level)}{way}{level_zh(alert.level)}"
    if is_measured(alert) and alert.title != before.title:
        yield f"读数：{before.title} → {alert.title}"
    if alert.label != before.label:
        yield f"类别：{label_zh(before.label)} → {label_zh(alert.label)}"
    if alert.place != before.place and whole_place(alert.place) != whole_place(before.place):
        yield f"地点：{whole_place(before.place)} → {whole_place(alert.place)}"


def _changed_measures(alert: Alert, before: Alert) -> Iterator[str]:
    old, new = last_measures(before), last_measures(alert)
    for name, (word, unit) in _MEASURES.items():
        first, last = old.get(name, 0), new.get(name, 0)
        if name in new and last != first:
            yield f"{word}：{first} → {last} {unit}（{last - first:+d}）"


def _new_steps(alert: Alert, before: Alert) -> Iterator[str]:
    """What was done or has joined meanwhile; the level steps are told already."""
    for step in alert.history[len(before.history) :]:
        if not step.what.startswith("第"):
            yield f"{full_time(step.at)} {step.what}"


def answered_by(alert: Alert) -> str:
    """Who has acknowledged, where an update goes to somebody who has: `4月1日 值班员甲`; else empty."""
    for step in reversed(alert.history):
        if step.what.startswith(ESCALATED):
            return ""
        if step.what.startswith("签收"):
            return f"{full_time(step.at)} {step.what.partition('：')[2]}".strip()
    return ""


def list_quotes(alert: Alert, posts: Sequence[ClassifiedPost], names: Mapping[str, str]) -> list[Quote]:
    """The most telling posts, at most five, in short."""
    by_id = {post.origin.id: post for post in posts}
    shown = [by_id[post_id] for post_id in alert.post_ids if post_id in by_id][:MOST_POSTS]
    return [_quote(number, post, names) for number, post in enumerate(shown, start=1)]


def _quote(number: int, post: ClassifiedPost, names: Mapping[str, str]) -> Quote:
    title = " ".join(post.clean.title.split())
    text = " ".join(post.clean.text.split()).removeprefix(title).strip()
    origin = post.origin
    fetched = "（采集时间，来源没有给发布时间）" if origin.published_at is None else ""
    return Quote(
        number,
        origin.ticket or origin.id,
        shorten(title, _LONGEST_TITLE),
        shorten(text, _EXCERPT),
        f"{full_time(origin.time)}{fetched}",
        names.get(origin.source, origin.source),
        web_link(origin.url),
        post.rumour.name == "rebuttal",
    )


def web_link(url: str | None) -> str | None:
    """An address that may stand behind a link: of a web page, not a script and not a file."""
    return url if url is not None and url.lower().startswith(("http://", "https://")) else None


def whole_place(place: Place | None) -> str:
    """The place with all it lies in: `云汀市 汀东区 柳浪街道`; `不明` for none."""
    return (
        "不明" if place is None else " ".join(step for step in (place.path or place.name).split("/") if step)
    )


def title_of(alert: Alert) -> str:
    """The title in one line of its own."""
    return shorten(" ".join(alert.title.split()), _LONGEST_TITLE)


def shorten(text: str, longest: int) -> str:
    """The text, or its beginning with `…`."""
    return text if len(text) <= longest else f"{text[:longest]}…"
