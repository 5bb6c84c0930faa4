"""From figures to the report: every sentence is made from numbers; what was not found is said to be so."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median

from alerts.render.chart import Rise, draw_rise
from alerts.render.report.document import Picture, Report, Section, Table
from alerts.render.report.figures import Answer, Figures, Hot, Kind, Period
from alerts.render.subject import short_place
from alerts.render.telling import shorten
from alerts.wording import LEVELS, day_and_time, full_time, level_zh
from schemas.records import Level
from schemas.taxonomy.labels import label_zh
from schemas.times import SHANGHAI

MOST_EVENTS = 10
_DAY = timedelta(days=1)
_INK = "#1d4f91"
_TITLE = 22
_NUMERALS = "一二三四五六七八九"


def write_report(figures: Figures) -> Report:
    """The report of the figures: 日报, 周报 or 快报 of one place."""
    period, scope = figures.period, figures.scope
    parts = (_overall, _warnings, _hot_events, _labels, _rumours, _sources)
    sections = [write(figures) for write in parts]
    numbered = tuple(
        Section(f"{_NUMERALS[at]}、{one.title}", one.paragraphs, one.tables, one.picture)
        for at, one in enumerate(sections)
    )
    day = period.start.astimezone(SHANGHAI)
    return Report(
        name=f"{period.kind.value}_{day:%Y-%m-%d}" + ("" if period.kind != Kind.INTERIM else f"_{day:%H%M}"),
        title=f"{scope.name}舆情与突发事件{period.kind.zh}",
        lines=(
            f"统计时段：{tell_period(period)}",
            f"编制：前哨系统自动生成，{full_time(figures.written_at)}",
            "内容来自网上和热线，未经现场核实；仅供内部值班使用。",
        ),
        summary=_summary(figures),
        sections=(*numbered, _list_of_warnings(figures)),
    )


def tell_period(period: Period) -> str:
    """`2026年7月8日（星期三）` for a day, from and to for all else."""
    start, end = period.start.astimezone(SHANGHAI), period.end.astimezone(SHANGHAI)
    if period.kind == Kind.DAILY:
        weekday = "一二三四五六日"[start.weekday()]
        return f"{start.year}年{start.month}月{start.day}日（星期{weekday}）0 时至 24 时"
    if period.kind == Kind.WEEKLY:
        last = end - _DAY
        return f"{start.year}年{start.month}月{start.day}日至{last.year}年{last.month}月{last.day}日"
    return f"{full_time(start)}至{full_time(end)}"


def _summary(figures: Figures) -> str:
    """`【日报】云汀市7月8日 信息213条 预警5个（红1橙2黄2）`."""
    day = figures.period.start.astimezone(SHANGHAI)
    levels = tell_levels(figures.answers)
    warned = f"预警{len(figures.answers)}个（{levels}）" if levels else "没有预警"
    head = f"【{figures.period.kind.zh}】{figures.scope.name}{day.month}月{day.day}日"
    return shorten(f"{head} 信息{figures.now.posts}条 {warned}", 39)


def tell_levels(answers: Sequence[Answer]) -> str:
    """`红1橙2`; empty for none."""
    counts = Counter(one.alert.level for one in answers)
    return "".join(f"{LEVELS[level][0]}{counts[level]}" for level in Level if counts[level])


def tell_change(now: int, before: int) -> str:
    """How a number compares with the one before: `比上期 40 增加 12（+30.0%）`."""
    if now == before:
        return f"与上期持平（{before}）"
    way = "增加" if now > before else "减少"
    share = f"（{100 * (now - before) / before:+.1f}%）" if before else ""
    return f"比上期 {before} {way} {abs(now - before)}{share}"


def _overall(figures: Figures) -> Section:
    now, before = figures.now, figures.before
    if now.posts == 0:
        came = f"本期没有收到信息（上期 {before.posts} 条）。请对照“数据来源与采集覆盖”，确认不是采集中断。"
    else:
        came = (
            f"本期收到信息 {now.posts} 条，{tell_change(now.posts, before.posts)}；"
            f"其中网上 {now.posts - now.hotline} 条，热线 {now.hotline} 条。另滤去垃圾信息 {now.spam} 条。"
        )
    events = (
        f"信息归并为 {len(now.events)} 个事件，其中本期新出现 {figures.new_events} 个。"
        if now.events
        else "本期没有信息归并为事件。"
    )
    warned = (
        f"发出预警 {len(figures.answers)} 个：{_levels_in_words(figures.answers)}。"
        if figures.answers
        else "本期没有发出预警。"
    )
    return Section("总体情况", (came, events, warned), picture=_picture(figures))


def _levels_in_words(answers: Sequence[Answer]) -> str:
    counts = Counter(one.alert.level for one in answers)
    return "，".join(f"{level_zh(level)} {counts[level]} 个" for level in Level if counts[level])


def _picture(figures: Figures) -> Picture | None:
    """The posts by the hour of a day, by the day of longer periods."""
    if figures.now.posts == 0:
        return None
    period = figures.period
    step = _DAY if period.end - period.start > 2 * _DAY else timedelta(hours=1)
    start = period.start.astimezone(SHANGHAI)
    bins = Counter((at - start) // step for at in figures.now.steps.elements())
    rise = Rise(start, step, tuple(bins[at] for at in range(-((start - period.end) // step))))
    most = "每小时" if step < _DAY else "每天"
    return Picture(draw_rise(rise, _INK), f"{most}信息条数", rise.lines(most=24))


def _warnings(figures: Figures) -> Section:
    answers = figures.answers
    told = _answers_told(answers) if answers else ["本期没有发出预警，没有待处置事项。"]
    if figures.left_over:
        told.append(f"以前发出、到本期末还没有办结的预警 {len(figures.left_over)} 个，见附表。")
    rows = tuple(
        (level_zh(level), *_answer_row([one for one in answers if one.alert.level == level]))
        for level in Level
        if any(one.alert.level == level for one in answers)
    )
    head = ("级别", "发出", "已签收", "签收用时中位", "超时签收", "上报", "办结", "解除", "误报")
    table = Table("预警处置情况", head, rows, (1.7, 0.8, 1, 1.5, 1.2, 0.8, 0.8, 0.8, 0.8))
    return Section("预警与处置", tuple(told), (table,) if rows else ())


def _answers_told(answers: Sequence[Answer]) -> list[str]:
    done = [one for one in answers if one.waited is not None]
    open_ones = [one for one in answers if one.acknowledged is None and not one.is_over]
    told = [f"本期发出 {len(answers)} 个预警，已签收 {len(done)} 个（{100 * len(done) / len(answers):.0f}%）"]
    if done:
        late = sum(one.is_late for one in done)
        told[0] += f"，签收用时中位 {_median_wait(done)}，其中超过规定时限 {late} 个"
    told[0] += "。"
    up = sum(one.reported_up for one in answers)
    if up:
        told.append(f"因逾期没有签收而上报上一级 {up} 个。")
    if open_ones:
        told.append(f"到本期末还没有人签收、也没有解除的 {len(open_ones)} 个：{_name_some(open_ones)}。")
    return told


def _name_some(answers: Sequence[Answer], most: int = 5) -> str:
    ranked = sorted(answers, key=lambda one: (one.alert.level, one.raised))
    names = [f"{shorten(one.alert.title, _TITLE)}（{LEVELS[one.alert.level]}）" for one in ranked[:most]]
    return "；".join(names) + (f" 等 {len(ranked)} 个" if len(ranked) > most else "")


def _answer_row(answers: Sequence[Answer]) -> tuple[str, ...]:
    done = [one for one in answers if one.waited is not None]
    numbers = (
        sum(one.is_late for one in done),
        sum(one.reported_up for one in answers),
        sum(one.closed is not None for one in answers),
        sum(one.is_over and one.closed is None and not one.is_false for one in answers),
        sum(one.is_false for one in answers),
    )
    wait = _median_wait(done) if done else "—"
    return (str(len(answers)), str(len(done)), wait, *map(str, numbers))


def _median_wait(done: Sequence[Answer]) -> str:
    minutes = [one.waited / timedelta(minutes=1) for one in done if one.waited is not None]
    return tell_minutes(int(median(minutes)))


def tell_minutes(minutes: int) -> str:
    """`45 分钟`, `3 小时 5 分`."""
    return f"{minutes} 分钟" if minutes < 60 else f"{minutes // 60} 小时 {minutes % 60} 分"


def _hot_events(figures: Figures) -> Section:
    hot = figures.hot[:MOST_EVENTS]
    if not hot:
        return Section("热点事件", ("本期没有两条以上信息说同一件事。",))
    first = hot[0]
    told = (
        f"按本期信息条数排前 {len(hot)} 位的事件如下。最多的是“{shorten(first.event.title, _TITLE)}”，"
        f"本期 {first.posts} 条，{tell_change(first.posts, first.before)}。"
    )
    rows = tuple(_hot_row(at, one) for at, one in enumerate(hot, start=1))
    head = ("序", "事件", "地点", "类别", "本期", "上期", "累计", "首次出现", "预警")
    return Section(
        "热点事件", (told,), (Table("热点事件前十", head, rows, (0.8, 3, 2.1, 1.5, 0.8, 0.8, 0.8, 1.9, 0.9)),)
    )


def _hot_row(at: int, one: Hot) -> tuple[str, ...]:
    event = one.event
    return (
        str(at),
        shorten(event.title, _TITLE),
        short_place(event.place),
        label_zh(event.label),
        str(one.posts),
        str(one.before),
        str(event.heat),
        day_and_time(event.first_seen),
        "—" if one.alert is None else LEVELS[one.alert.level],
    )


def _labels(figures: Figures) -> Section:
    labels = {label for label, _ in (*figures.now.groups, *figures.before.groups)}
    if not labels:
        return Section("分类与地区对比", ("本期和上期都没有可分类的信息。",))
    families = (("诉求", "complaint."), ("突发事件类信息", "incident."))
    told, tables = list[str](), list[Table]()
    for name, family in families:
        ours = _ranked({label for label in labels if label.startswith(family)}, figures)
        if ours:
            told.append(_tell_family(name, ours, figures))
            tables.append(_label_table(f"{name}的分类与地区（条）", ours, figures))
        else:
            told.append(f"{name}：本期和上期都没有。")
    return Section("分类与地区对比", tuple(told), tuple(tables))


def _ranked(labels: Iterable[str], figures: Figures) -> list[str]:
    now, before = figures.now, figures.before
    return sorted(labels, key=lambda label: (-now.by_label(label), -before.by_label(label), label))


def _tell_family(name: str, labels: Sequence[str], figures: Figures) -> str:
    """How many of a family, and what has risen and fallen most, in numbers of posts."""
    now, before = figures.now, figures.before
    every, earlier = (sum(counts.by_label(label) for label in labels) for counts in (now, before))
    told = f"{name} {every} 条，{tell_change(every, earlier)}"
    change = {label: now.by_label(label) - before.by_label(label) for label in labels}
    most, least = max(labels, key=change.__getitem__), min(labels, key=change.__getitem__)
    for way, label, is_so in (("增加", most, change[most] > 0), ("减少", least, change[least] < 0)):
        if is_so:
            numbers = f"{before.by_label(label)} → {now.by_label(label)}"
            told += f"；{way}最多的是{label_zh(label)}（{numbers}）"
    return f"{told}。"


def _label_table(title: str, labels: Sequence[str], figures: Figures) -> Table:
    parts = [name for name, _ in figures.scope.parts]
    rows = tuple(_label_row(label, figures) for label in labels)
    head = ("类别", "本期", "上期", "环比", *parts, "不详")
    widths = (2, 0.9, 0.9, 1.2, *(1.2 for _ in parts), 0.9)
    return Table(title, head, (*rows, _part_totals(labels, figures)), widths)


def _label_row(label: str, figures: Figures) -> tuple[str, ...]:
    now, before = figures.now, figures.before
    counts = [now.groups[label, name] for name in (*(name for name, _ in figures.scope.parts), None)]
    return (
        label_zh(label),
        str(now.by_label(label)),
        str(before.by_label(label)),
        tell_share(now.by_label(label), before.by_label(label)),
        *map(str, counts),
    )


def _part_totals(labels: Sequence[str], figures: Figures) -> tuple[str, ...]:
    now, before = figures.now, figures.before
    parts = (*(name for name, _ in figures.scope.parts), None)
    totals = [sum(now.groups[label, part] for label in labels) for part in parts]
    every, earlier = (sum(counts.by_label(label) for label in labels) for counts in (now, before))
    return ("合计", str(every), str(earlier), tell_share(every, earlier), *map(str, totals))


def tell_share(now: int, before: int) -> str:
    """The change in per cent; `—` where there was nothing before."""
    return f"{100 * (now - before) / before:+.1f}%" if before else "—"


def _rumours(figures: Figures) -> Section:
    now = figures.now
    if not now.rumours and not now.rebuttals:
        told = "本期没有被模型判为疑似谣言的信息，也没有辟谣信息。"
    else:
        change = tell_change(now.rumours, figures.before.rumours)
        told = f"本期被模型判为疑似谣言的信息 {now.rumours} 条，{change}；辟谣信息 {now.rebuttals} 条。"
    note = "模型只看文字，真实警情也可能被判为疑似谣言；谣言概率不参与定级，是否属实以核查为准。"
    rows = tuple(
        (
            shorten(event.title, _TITLE),
            short_place(event.place),
            str(figures.now.events[event.id]),
            f"{100 * event.rumour:.0f}%",
        )
        for event in figures.rumoured
    )
    table = Table("疑似谣言较集中的事件", ("事件", "地点", "本期", "平均概率"), rows, (3, 2, 0.8, 1))
    return Section("谣言与辟谣", (told, note), (table,) if rows else ())


def _sources(figures: Figures) -> Section:
    rows = tuple(
        (
            one.name, str(one.records), str(one.before), str(one.runs), str(one.failed), str(one.few),
            str(one.quarantined), "—" if one.last is None else day_and_time(one.last),
        )
        for one in figures.coverage
    )  # fmt: skip
    silent = [one.name for one in figures.coverage if one.records == 0 and one.before]
    broken = [one.name for one in figures.coverage if one.failed]
    told = [f"本期有记录的来源 {sum(bool(one.records) for one in figures.coverage)} 个。"]
    if silent:
        told.append(f"上期有、本期一条也没有的来源：{'、'.join(silent)}。请先确认不是采集中断。")
    if broken:
        told.append(f"采集失败过的来源：{'、'.join(broken)}。")
    if not silent and not broken:
        told.append("没有来源中断，没有采集失败。" if figures.coverage else "没有任何来源的记录。")
    head = ("来源", "本期", "上期", "采集次数", "失败", "少于下限", "隔离", "最近采集")
    table = Table("各来源采集情况", head, rows, (2.4, 0.8, 0.8, 1.2, 0.8, 1.2, 0.8, 1.9))
    return Section("数据来源与采集覆盖", tuple(told), (table,) if rows else ())


def _list_of_warnings(figures: Figures) -> Section:
    every = sorted((*figures.answers, *figures.left_over), key=lambda one: (one.alert.level, one.raised))
    if not every:
        return Section("附表　预警清单", ("本期没有预警，也没有以前遗留的预警。",))
    rows = tuple(
        (
            LEVELS[one.alert.level], shorten(one.alert.title, _TITLE), short_place(one.alert.place),
            one.group,
            day_and_time(one.raised), "—" if one.acknowledged is None else day_and_time(one.acknowledged),
            _standing(one), one.alert.id[:8],
        )
        for one in every
    )  # fmt: skip
    head = ("级别", "事项", "地点", "责任单位", "发出", "签收", "状态", "编号")
    return Section(
        "附表　预警清单", (), (Table("预警清单", head, rows, (0.8, 2.6, 2, 2.1, 1.8, 1.8, 1.1, 1.55)),)
    )


def _standing(one: Answer) -> str:
    if one.is_false:
        return "误报"
    if one.closed is not None:
        return "办结"
    if one.is_over:
        return "解除"
    return "未签收" if one.acknowledged is None else "处置中"


def count_step(at: datetime) -> datetime:
    """The whole hour that a post counts in."""
    return at.astimezone(SHANGHAI).replace(minute=0, second=0, microsecond=0)
