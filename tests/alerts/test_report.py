"""The report: every number and nothing but numbers, the same in HTML and Word; a quiet day says so."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from docx import Document
from docx.document import Document as DocumentType
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.render.report.document import Report, Section, Table
from alerts.render.report.figures import Answer, Counts, Coverage, Figures, Hot, Kind, Period, Scope, lies_in
from alerts.render.report.letter import render_letter
from alerts.render.report.page import render_page
from alerts.render.report.word import render_word
from alerts.render.report.writing import tell_change, tell_period, write_report
from schemas.records import Level
from stores.mail import build_message
from tests.alerts.examples import ALERT, EVENT, GROUP
from tests.alerts.test_mail import read_html
from tests.nlp.classified import START

MIDNIGHT = START.replace(hour=0)
DAY = Period(Kind.DAILY, MIDNIGHT, MIDNIGHT + timedelta(days=1))
CITY = Scope("云汀市", "云汀市", (("汀东区", "云汀市/汀东区"), ("汀西区", "云汀市/汀西区")), is_whole=True)
WRITTEN = START + timedelta(days=1)


def counted(gas: int, noise: int) -> Counts:
    """So many posts of the gas leak in 汀东区, and complaints of noise of which one in two names no place."""
    return Counts(
        posts=gas + noise,
        spam=2,
        hotline=noise,
        rumours=1,
        rebuttals=1,
        sources=Counter({"forum": gas, "hotline": noise}),
        groups=Counter(
            {
                ("incident.gas_leak", "汀东区"): gas,
                ("complaint.environment", "汀西区"): noise - noise // 2,
                ("complaint.environment", None): noise // 2,
            }
        ),
        events=Counter({EVENT.id: gas}),
        steps=Counter({START: gas, START + timedelta(hours=3): noise}),
    )


def answer(minutes: int | None = None, level: Level = Level.ORANGE, **changed: object) -> Answer:
    """A warning of that morning, acknowledged after so many minutes."""
    at = None if minutes is None else START + timedelta(minutes=minutes)
    known = Answer(replace(ALERT, level=level), GROUP.zh, START, 20, acknowledged=at)
    return replace(known, **changed)  # type: ignore[arg-type]


BUSY = Figures(
    period=DAY,
    scope=CITY,
    now=counted(9, 4),
    before=counted(3, 7),
    answers=[answer(12), answer(45, closed=WRITTEN, is_over=True), answer(level=Level.RED, reported_up=True)],
    left_over=[answer(level=Level.BLUE, raised=START - timedelta(days=3))],
    hot=[Hot(EVENT, 9, 3, ALERT)],
    new_events=1,
    coverage=[
        Coverage("云汀论坛", 144, 2, 0, 9, 3, 1, WRITTEN),
        Coverage("市民热线", 1, 0, 0, 0, 7, 0, None),
    ],
    rumoured=[replace(EVENT, rumour=0.64)],
    written_at=WRITTEN,
)
QUIET = Figures(DAY, CITY, Counts(), Counts(), [], [], [], 0, [], [], WRITTEN)


def told(report: Report) -> str:
    """All sentences of a report."""
    return "\n".join(text for section in report.sections for text in section.paragraphs)


def cells(report: Report) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The tables by their titles."""
    return {table.title: table.rows for section in report.sections for table in section.tables}


def read_word(content: bytes) -> DocumentType:
    return Document(BytesIO(content))


def test_the_sentences_say_the_numbers() -> None:
    text = told(write_report(BUSY))
    wanted = (
        "本期收到信息 13 条，比上期 10 增加 3（+30.0%）；其中网上 9 条，热线 4 条。另滤去垃圾信息 2 条。",
        "归并为 1 个事件，其中本期新出现 1 个",
        "发出预警 3 个：红色（一级） 1 个，橙色（二级） 2 个",
        "已签收 2 个（67%），签收用时中位 28 分钟，其中超过规定时限 1 个",
        "因逾期没有签收而上报上一级 1 个",
        "还没有人签收、也没有解除的 1 个：柳浪家园三栋煤气味很重（红色）",
        "以前发出、到本期末还没有办结的预警 1 个",
        "本期 9 条，比上期 3 增加 6（+200.0%）",
        "诉求 4 条，比上期 7 减少 3（-42.9%）；减少最多的是环境保护（7 → 4）。",
        "突发事件类信息 9 条，比上期 3 增加 6（+200.0%）；增加最多的是燃气泄漏（3 → 9）。",
        "疑似谣言的信息 1 条，与上期持平（1）；辟谣信息 1 条",
        "上期有、本期一条也没有的来源：市民热线。请先确认不是采集中断。",
        "采集失败过的来源：云汀论坛。",
    )
    assert [sentence for sentence in wanted if sentence not in text] == []


def test_the_tables_hold_the_same_numbers() -> None:
    tables = cells(write_report(BUSY))
    assert tables["预警处置情况"] == (
        ("红色（一级）", "1", "0", "—", "0", "1", "0", "0", "0"),
        ("橙色（二级）", "2", "2", "28 分钟", "1", "0", "1", "0", "0"),
    )
    assert tables["诉求的分类与地区（条）"] == (
        ("环境保护", "4", "7", "-42.9%", "0", "2", "2"),
        ("合计", "4", "7", "-42.9%", "0", "2", "2"),
    )
    assert tables["热点事件前十"][0][4:] == ("9", "3", "7", "4月1日 08:00", "橙色")
    assert [row[6] for row in tables["预警清单"]] == ["未签收", "处置中", "办结", "未签收"]
    assert tables["各来源采集情况"][0] == ("云汀论坛", "9", "3", "144", "2", "0", "1", "4月2日 08:00")


def test_a_quiet_day_says_so_and_invents_nothing() -> None:
    report = write_report(QUIET)
    assert report.summary == "【日报】云汀市4月1日 信息0条 没有预警"
    assert cells(report) == {}
    assert "本期没有收到信息" in told(report)
    assert told(report).count("没有") >= 8
    assert not any(section.picture for section in report.sections)
    assert "本期没有预警，也没有以前遗留的预警。" in read_html(render_page(report))
    assert len(read_word(render_word(report, WRITTEN)).tables) == 0


@pytest.mark.parametrize("figures", [BUSY, QUIET], ids=["busy", "quiet"])
def test_html_and_word_say_the_same(figures: Figures) -> None:
    report = write_report(figures)
    page, word = read_html(render_page(report)), read_word(render_word(report, WRITTEN))
    paragraphs = [paragraph.text for paragraph in word.paragraphs]
    for text in (report.title, *report.lines, *told(report).splitlines()):
        assert text in page
        assert text in paragraphs
    shown = [tuple(tuple(cell.text for cell in row.cells) for row in table.rows) for table in word.tables]
    tables = [table for section in report.sections for table in section.tables]
    assert shown == [(table.head, *table.rows) for table in tables]


def test_word_is_laid_out_as_an_official_document() -> None:
    word = read_word(render_word(write_report(BUSY), WRITTEN))
    page = word.sections[0]
    sizes = (page.page_width, page.page_height, page.left_margin)
    assert [round(size.mm) for size in sizes if size is not None] == [210, 297, 28]
    fonts = {
        name: word.styles[name].element.rPr.rFonts.get(
            "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}eastAsia"
        )
        for name in ("Normal", "Heading 1")
    }
    assert fonts == {"Normal": "仿宋", "Heading 1": "黑体"}
    headings = [
        one.text for one in word.paragraphs if one.style is not None and one.style.name == "Heading 1"
    ]
    assert [title[:2] for title in headings] == ["一、", "二、", "三、", "四、", "五、", "六、", "附表"]
    assert "PAGE" in page.footer.paragraphs[0]._p.xml
    assert all("w:tblHeader" in table.rows[0]._tr.xml for table in word.tables)
    (picture,) = word.inline_shapes
    assert "4月1日 08 时 9 条，11 时 4 条" in picture._inline.docPr.get("descr")
    assert (word.core_properties.title, word.core_properties.author) == ("云汀市舆情与突发事件日报", "前哨")


def test_the_same_report_is_the_same_bytes() -> None:
    report = write_report(BUSY)
    assert render_word(report, WRITTEN) == render_word(report, WRITTEN)
    assert render_page(report) == render_page(report)


def test_the_page_needs_nothing_else() -> None:
    page = render_page(write_report(BUSY))
    assert "http" not in page
    assert page.count("<img") == page.count('src="data:image/png;base64,') == 1
    assert "@page" in page


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_title_leaves_the_report_whole(title: str) -> None:
    wild = replace(EVENT, title=title)
    alert = replace(ALERT, title=title)
    figures = replace(
        BUSY,
        hot=[Hot(wild, 9, 3, None)],
        rumoured=[wild],
        answers=[replace(BUSY.answers[0], alert=alert)],
        coverage=[replace(BUSY.coverage[0], name=title)],
    )
    report = write_report(figures)
    assert "<script" not in render_page(report)
    read_html(render_page(report))
    assert len(read_word(render_word(report, WRITTEN)).tables) == len(cells(report))


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "甲\x00乙\x0b", "一\ud800二"])
def test_what_no_document_can_hold_is_left_out(name: str) -> None:
    section = Section("一", (name,), (Table(name, ("列",), ((name,),), (1,)),))
    report = Report("daily_x", name, (name,), name, (section,))
    assert "<script>" not in render_page(report)
    assert read_word(render_word(report, WRITTEN)).paragraphs


def test_the_mail_carries_both_files_and_stays_small() -> None:
    report = write_report(BUSY)
    mail = render_letter(report, GROUP, "qianshao.example", WRITTEN)
    assert mail.message_id == f"<report.daily_2026-04-01.{GROUP.name}@qianshao.example>"
    assert mail.subject == "【日报】云汀市4月1日 信息13条 预警3个（红1橙2）"
    assert [file.name for file in mail.attachments] == ["daily_2026-04-01.docx", "daily_2026-04-01.html"]
    for body in (mail.text, read_html(mail.html)):
        assert "本期收到信息 13 条" in body
        assert GROUP.zh in body
    assert len(build_message(mail, "duty@qianshao.example").as_bytes()) < 200_000


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [(5, 5, "与上期持平（5）"), (3, 0, "比上期 0 增加 3"), (0, 4, "比上期 4 减少 4（-100.0%）")],
)
def test_a_comparison_never_divides_by_nothing(now: int, before: int, said: str) -> None:
    assert tell_change(now, before) == said


@pytest.mark.parametrize(
    ("period", "said"),
    [
        (DAY, "2026年4月1日（星期三）0 时至 24 时"),
        (Period(Kind.WEEKLY, MIDNIGHT, MIDNIGHT + timedelta(days=7)), "2026年4月1日至2026年4月7日"),
        (Period(Kind.INTERIM, START, START + timedelta(hours=4)), "2026年4月1日 08:00至2026年4月1日 12:00"),
    ],
    ids=["day", "week", "hours"],
)
def test_the_period_is_told(period: Period, said: str) -> None:
    assert tell_period(period) == said
    assert period.before.end == period.start


def test_a_place_lies_in_what_holds_it_and_not_in_a_namesake() -> None:
    assert lies_in("云汀市/汀东区", "云汀市/汀东区")
    assert not lies_in("云汀市/汀东区二", "云汀市/汀东区")
    assert CITY.part_of("云汀市/汀西区/万集街道") == "汀西区"
    assert CITY.part_of("") is None


def test_late_and_waiting_are_told_apart() -> None:
    assert answer(45).is_late
    assert not answer(20).is_late
    assert answer().waited is None
