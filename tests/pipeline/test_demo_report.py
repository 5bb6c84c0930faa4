"""The score against the script and the page that shows it: misses and false alarms are said aloud."""

import re
from datetime import timedelta

import pytest

from pipeline.demo.charts import Bubble, Mark, draw_bars, draw_crisis, draw_map, draw_volume
from pipeline.demo.items import Kind
from pipeline.demo.report import render_report, sentence
from pipeline.demo.score import crisis_of, kind_of, span_zh
from pipeline.demo.svg import element, nice_top
from schemas.records import Alert, Level
from tests.pipeline.demo_outcomes import START, make_outcome, raise_alert, small_city

CITY = small_city()
GAS = next(crisis for crisis in CITY.crises if crisis.id == "gas")


def gas_alert(hours: float, level: Level = Level.YELLOW, revision: int = 1) -> Alert:
    at = GAS.begin + timedelta(hours=hours)
    seen = [item for item in CITY.of_crisis("gas") if item.arrives_at <= at]
    return raise_alert("gas", seen, level, at, label="incident.gas_leak", revision=revision)


def of_kind(kind: Kind, count: int) -> list:
    return [item for item in CITY.items if item.kind is kind][:count]


class TestScore:
    def test_lead_and_posts_before_are_counted_from_the_truth(self) -> None:
        score = make_outcome([gas_alert(40)]).scores[0]
        assert score.lead == timedelta(hours=18, minutes=10)
        assert score.posts_before == sum(
            item.arrives_at <= GAS.begin + timedelta(hours=40) for item in CITY.of_crisis("gas")
        )
        assert score.label_right
        assert "灾害前 18 小时 10 分" in score.line()

    def test_an_alert_after_the_harm_has_a_negative_lead(self) -> None:
        score = make_outcome([gas_alert(60, Level.RED)]).scores[0]
        assert score.lead == -timedelta(hours=1, minutes=50)
        assert "灾害后 1 小时 50 分" in score.line()

    def test_without_alerts_everything_is_missed(self) -> None:
        outcome = make_outcome([])
        assert not outcome.caught_all
        assert all(score.first is None and score.line().startswith("漏报") for score in outcome.scores)
        assert [crisis["caught"] for crisis in outcome.summary()["crises"]] == [False] * 5

    def test_rising_levels_are_kept_as_steps(self) -> None:
        outcome = make_outcome([gas_alert(40), gas_alert(50, Level.ORANGE, 2), gas_alert(60, Level.RED, 3)])
        score = outcome.scores[0]
        assert [step.level for step in score.steps] == [Level.YELLOW, Level.ORANGE, Level.RED]
        assert score.highest is Level.RED
        assert len(outcome.judged) == 1

    def test_half_of_the_posts_is_not_enough(self) -> None:
        mixed = [*CITY.of_crisis("gas")[:3], *of_kind(Kind.ORDINARY, 3)]
        alert = raise_alert("x", mixed, Level.BLUE, START, label="complaint.other")
        assert crisis_of(alert, CITY.by_key) is None
        assert crisis_of(gas_alert(40), CITY.by_key) == "gas"

    def test_an_alert_that_took_a_crisis_in_later_is_said_to_have_strayed(self) -> None:
        before = raise_alert(
            "gas",
            of_kind(Kind.ORDINARY, 3),
            Level.BLUE,
            GAS.begin - timedelta(days=2),
            label="complaint.other",
        )
        outcome = make_outcome([before, gas_alert(40, revision=2)])
        assert outcome.strayed == 1
        assert outcome.scores[0].lead == timedelta(hours=18, minutes=10)
        assert "起先报了别的事" in render_report(outcome)

    @pytest.mark.parametrize(
        ("kind", "level", "verdict"),
        [
            (Kind.INCIDENT, Level.BLUE, "minor"),
            (Kind.INCIDENT, Level.YELLOW, "false"),
            (Kind.CHRONIC, Level.BLUE, "minor"),
            (Kind.CHRONIC, Level.ORANGE, "false"),
            (Kind.TRAP, Level.BLUE, "false"),
            (Kind.SPAM, Level.BLUE, "false"),
        ],
        ids=lambda value: value if isinstance(value, str) else value.name.lower(),
    )
    def test_what_counts_as_false(self, kind: Kind, level: Level, verdict: str) -> None:
        alert = raise_alert("x", of_kind(kind, 4), level, START, label="complaint.other")
        assert make_outcome([alert]).judged[0].verdict == verdict

    def test_strangers_complaints_are_false_but_neighbours_are_a_grievance(self) -> None:
        ordinary = [item for item in CITY.items if item.kind is Kind.ORDINARY and not item.copy_of]
        strangers = list({(item.matter, item.street): item for item in ordinary}.values())[:6]
        assert kind_of(strangers) is Kind.ORDINARY
        first = strangers[0]
        neighbours = [i for i in ordinary if (i.matter, i.street) == (first.matter, first.street)]
        assert kind_of(neighbours) is Kind.CHRONIC

    @pytest.mark.parametrize(
        ("minutes", "words"), [(35, "35 分"), (60, "1 小时"), (125, "2 小时 5 分"), (60 * 50, "2 天 2 小时")]
    )
    def test_spans_in_words(self, minutes: int, words: str) -> None:
        assert span_zh(timedelta(minutes=minutes)) == words


@pytest.fixture(scope="module")
def page() -> str:
    """The page of a run with one crisis caught, one false alarm and four crises missed."""
    false = raise_alert("假", of_kind(Kind.TRAP, 3), Level.YELLOW, START, label="incident.fire")
    return render_report(make_outcome([gas_alert(40), gas_alert(50, Level.RED, 2), false]))


class TestReport:
    def test_a_missed_crisis_is_said_in_the_first_sentence(self) -> None:
        outcome = make_outcome([gas_alert(40)])
        assert "5 起剧本事件发现 1 起" in sentence(outcome)
        assert "漏报 4 起" in sentence(outcome)
        for crisis in CITY.crises[1:]:
            assert crisis.zh in sentence(outcome)

    def test_a_missed_crisis_is_shown_as_missed(self, page: str) -> None:
        # Each of the four stands in the table and in its own section, heading and outcome.
        assert page.count('<span class="verdict bad">漏报</span>') == 8
        assert page.count("没有引出任何预警") == 4

    def test_false_alarms_are_named(self, page: str) -> None:
        assert "误报：演练、周年、影视等提及" in page
        assert "误报 1 个" in page

    def test_it_asks_for_nothing_from_outside(self, page: str) -> None:
        addresses = re.findall(r"""(?:src|href|action|data)\s*=\s*["']([^"']+)|url\(([^)]+)\)""", page)
        assert addresses == []
        assert "<script" not in page
        assert "@import" not in page

    def test_levels_are_words_as_well_as_colours(self, page: str) -> None:
        assert '<span class="level l1">红色</span>' in page
        assert '<span class="level l3">黄色</span>' in page

    def test_alerts_show_reason_route_mail_and_posts(self, page: str) -> None:
        for wanted in ("按规则“试”定为该级。", "责任组：", "【预警】标题 gas", "煤气"):
            assert wanted in page
        assert "依据信息编号" not in page

    def test_wrong_rows_and_readable_numbers_are_counted(self, page: str) -> None:
        assert "隔离的 1 行" in page
        assert "改天再录" in page
        # classify_truly masks nothing, so every number written is still readable, and the page says so.
        carried, leaked = re.findall(r"等的 (\d+) 条，遮盖后仍能读出的 <b>(\d+)</b> 条", page)[0]
        assert carried == leaked != "0"

    def test_text_from_posts_cannot_become_markup(self) -> None:
        bad = CITY.items[0]
        outcome = make_outcome([raise_alert("<b>", [bad], Level.BLUE, START, label="complaint.other")])
        assert "标题 <b>" not in render_report(outcome)
        assert "标题 &lt;b&gt;" in render_report(outcome)

    def test_a_day_without_any_alert_makes_a_page_too(self) -> None:
        assert "发现 0 起" in render_report(make_outcome([]))


class TestCharts:
    def test_elements_escape_what_they_are_given(self) -> None:
        assert str(element("text", "<a>", fill='"')) == '<text fill="&#34;">&lt;a&gt;</text>'

    @pytest.mark.parametrize(("value", "top"), [(0, 4), (4, 4), (5, 8), (33, 40), (170, 200), (279, 280)])
    def test_axes_end_at_round_numbers(self, value: int, top: int) -> None:
        assert nice_top(value) == top
        assert top % 4 == 0

    def test_the_volume_chart_draws_each_day_and_each_mark(self) -> None:
        chart = draw_volume(START, [3, 4], [1, 0], [Mark(START, Level.RED, "一")], [])
        assert chart.count("<rect") == 2 * 2 + 2
        assert "5月12日" in chart
        assert "<title>一</title>" in chart

    def test_the_crisis_chart_marks_the_harm(self) -> None:
        end = START + timedelta(days=2)
        chart = draw_crisis([START], [Mark(START, Level.BLUE, "x")], START, end, end, "决堤")
        assert "▼ 决堤" in chart
        assert "蓝色 00:00" in chart

    def test_bars_of_nothing_are_a_chart(self) -> None:
        assert "<svg" in draw_bars([])

    def test_the_map_names_places_and_levels(self) -> None:
        here = Bubble(117.0, 26.0, "柳浪街道", 10, Level.RED, "燃气")
        there = Bubble(117.2, 26.2, "站前街道", 0, None)
        chart = draw_map([here, there], [Bubble(117.1, 26.1, "汀东区", 0, None)])
        for words in ("柳浪街道：10 条，最高红色", "站前街道：0 条，无预警", "★ 燃气", "汀东区"):
            assert words in chart
