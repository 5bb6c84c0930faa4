"""The rule collection as a whole, and what a broken rule says."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
import yaml

from schemas.errors import ReadError
from schemas.records import Facts, Level
from schemas.rules.loader import ROUTE, RULES, Rule, load_rule, load_rules
from schemas.rules.when import Burst, Counts, Fact, Growth, kind_of, rungs_of
from schemas.taxonomy.duty import load_duty
from schemas.taxonomy.labels import all_labels

SHIPPED = load_rules()

RuleWriter = Callable[..., Path]


def _named(name: str) -> Rule:
    return next(rule for rule in SHIPPED if rule.name == name)


def test_every_yaml_file_is_a_rule() -> None:
    assert [rule.name for rule in SHIPPED] == sorted(path.stem for path in RULES.glob("*.yml"))
    assert {"burst_complaint", "growth_event", "growth_hazard", "fact_casualties"} <= {
        r.name for r in SHIPPED
    }


def test_ids_and_titles_are_unique() -> None:
    assert len({rule.id for rule in SHIPPED}) == len({rule.title for rule in SHIPPED}) == len(SHIPPED)


@pytest.mark.parametrize("rule", SHIPPED, ids=lambda rule: rule.name)
class TestEveryRule:
    def test_file_is_named_after_its_kind(self, rule: Rule) -> None:
        assert rule.name.startswith(f"{kind_of(rule.when)}_")

    def test_id_is_a_uuid(self, rule: Rule) -> None:
        assert str(UUID(rule.id)) == rule.id

    def test_owner_answers(self, rule: Rule) -> None:
        assert rule.owner == ROUTE or rule.owner in load_duty().groups

    def test_labels_exist(self, rule: Rule) -> None:
        assert rule.when.labels
        assert set(rule.when.labels) <= set(all_labels())
        assert "incident.none" not in rule.when.labels

    def test_says_why_and_what_to_do(self, rule: Rule) -> None:
        assert len(rule.why) >= 30
        assert len(rule.guide.splitlines()) >= 3

    def test_has_a_firing_and_a_silent_test(self, rule: Rule) -> None:
        assert {test.fires for test in rule.tests} == {True, False}
        assert all(test.level is not None for test in rule.tests if test.fires)

    def test_docs_stand_in_order_and_in_the_deployment(self, rule: Rule) -> None:
        known = load_duty().deployment.by_code
        for test in rule.tests:
            times = [doc.time for doc in test.docs]
            assert times == sorted(times)
            assert all(time.utcoffset() is not None for time in times)
            assert all(doc.place is None or doc.place in known for doc in test.docs)

    def test_every_level_of_the_tests_can_be_reached(self, rule: Rule) -> None:
        reached = {test.level for test in rule.tests if test.fires}
        assert reached <= {rule.level, *rungs_of(rule.when)}


def test_burst_reads_into_its_record() -> None:
    when = _named("burst_complaint").when
    assert isinstance(when, Burst)
    assert (when.by, when.window_hours, when.p, when.least) == (
        ("community", "street", "district"),
        24,
        0.001,
        6,
    )
    assert len(when.labels) == 9


def test_growth_reads_into_its_record() -> None:
    when = _named("growth_hazard").when
    assert isinstance(when, Growth)
    assert (when.reports, when.authors, when.window_hours) == (2, 2, 24)
    assert [(rung.reports, rung.level) for rung in when.ladder] == [(5, Level.ORANGE), (30, Level.RED)]


def test_a_life_hazard_needs_fewer_reports_than_a_complaint() -> None:
    assert _named("growth_hazard").when.reports < _named("growth_event").when.reports


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        pytest.param(Facts(), None, id="nothing stated"),
        pytest.param(Facts(deaths=0, injured=0), None, id="无人员伤亡"),
        pytest.param(Facts(deaths=2), Level.BLUE, id="2 dead: 一般"),
        pytest.param(Facts(deaths=3), Level.YELLOW, id="3 dead: 较大"),
        pytest.param(Facts(injured=10), Level.YELLOW, id="10 injured: 较大"),
        pytest.param(Facts(deaths=9, injured=49), Level.YELLOW, id="9 dead, 49 injured: 较大"),
        pytest.param(Facts(deaths=10), Level.ORANGE, id="10 dead: 重大"),
        pytest.param(Facts(injured=50), Level.ORANGE, id="50 injured: 重大"),
        pytest.param(Facts(deaths=29), Level.ORANGE, id="29 dead: 重大"),
        pytest.param(Facts(deaths=30), Level.RED, id="30 dead: 特别重大"),
        pytest.param(Facts(injured=100), Level.RED, id="100 injured: 特别重大"),
    ],
)
def test_casualty_ladder_is_that_of_the_regulation(facts: Facts, level: Level | None) -> None:
    """生产安全事故报告和调查处理条例 第三条; 以上 includes the number itself."""
    rule = _named("fact_casualties")
    when = rule.when
    assert isinstance(when, Fact)
    reached = [rule.level] if when.least.reached(facts) else []
    reached += [rung.level for rung in when.ladder if rung.counts.reached(facts)]
    assert min(reached, default=None) == level


def test_unstated_fact_reaches_nothing() -> None:
    assert not Counts(deaths=1).reached(Facts(injured=5))
    assert Counts(deaths=1, injured=3).reached(Facts(injured=3))


def test_row_of_posts_has_times_and_authors_of_its_own() -> None:
    test = _named("burst_complaint").tests[0]
    assert len(test.docs) == 14 + 9
    assert len({doc.user for doc in test.docs}) == len(test.docs)
    assert (test.docs[1].time - test.docs[0].time).total_seconds() == 86_400
    assert test.docs[0].text == test.docs[3].text != test.docs[1].text


def test_named_user_is_one_author() -> None:
    test = next(test for test in _named("growth_event").tests if test.name == "一人连发六次")
    assert {doc.user for doc in test.docs} == {"同一位居民"}


@pytest.fixture
def rule_with(tmp_path: Path) -> RuleWriter:
    """Writes a shipped rule with one key changed (None: taken out)."""

    def write(base: str, keys: str, value: object, name: str | None = None) -> Path:
        tree = yaml.safe_load((RULES / f"{base}.yml").read_text(encoding="utf-8"))
        *above, last = keys.split(".")
        node = tree
        for key in above:
            node = node[int(key)] if key.isdigit() else node[key]
        if value is None:
            del node[last]
        else:
            node[last] = value
        path = tmp_path / f"{name or base}.yml"
        path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("base", "key", "value", "message"),
    [
        ("growth_event", "title", None, "title = None：应为 非空文字"),
        ("growth_event", "id", 1, "id = 1：应为 非空文字"),
        ("growth_event", "id", "abc", "id = 'abc'：应为 uuid"),
        ("growth_event", "status", "live", "status = 'live'：应为 draft、test、production 之一"),
        ("growth_event", "level", "purple", "level = 'purple'：应为 red、orange、yellow、blue 之一"),
        ("growth_event", "owner", "市监局", "owner = '市监局'：应为 route、city_emergency、"),
        ("growth_event", "guide", None, "guide = None：应为 非空文字"),
        ("growth_event", "falsepositives", [], "falsepositives = []：应为 文字的列表，至少 1 项"),
        ("growth_event", "tests", [], "tests = []：应为 production 的规则至少一个 fires、一个 silent 的测试"),
        ("growth_event", "references", ["x"], "references = ['x']：应为 只有这些键：level、title、"),
        ("growth_event", "when.kind", "spike", "when.kind = 'spike'：应为 burst、growth、fact、count、"),
        ("growth_event", "when.labels", ["incident.floods"], "when.labels = 'incident.floods'：应为 *、族.*"),
        ("growth_event", "when.window", "7 days", "when.window = '7 days'：应为 时长，如 12h 或 7d"),
        ("growth_event", "when.window", "0h", "when.window = '0h'：应为 时长"),
        ("growth_event", "when.reports", 0, "when.reports = 0：应为 不小于 1 的整数"),
        ("growth_event", "when.p", 0.1, "when.p = 0.1：应为 只有这些键"),
        (
            "growth_event",
            "when.urgency",
            ["high"],
            "when.urgency = 'high'：应为 critical、urgent、normal、low 之一",
        ),
        ("growth_event", "when.ladder.0.reports", 5, "when.ladder[1].reports = 5：应为 不小于 6 的整数"),
        (
            "growth_event",
            "when.ladder.0.level",
            "blue",
            "when.ladder[1].level = 'blue'：应为 高于 blue 的级别",
        ),
        (
            "growth_event",
            "when.ladder.1.level",
            "yellow",
            "when.ladder[2].level = 'yellow'：应为 高于 yellow 的级别",
        ),
        ("burst_complaint", "when.by", ["village"], "when.by = 'village'：应为 province、city、"),
        ("burst_complaint", "when.p", 0.5, "when.p = 0.5：应为 1e-12 到 0.1 的数"),
        ("burst_complaint", "when.least", 1, "when.least = 1：应为 不小于 2 的整数"),
        ("burst_complaint", "quiet.same", ["title"], "quiet.same = 'title'：应为 event、place、label、"),
        ("burst_complaint", "quiet.for", None, "quiet.for = None：应为 非空文字"),
        ("fact_casualties", "when.least", {}, "至少有 deaths、injured、missing、trapped、affected、"),
        ("fact_casualties", "when.least.dead", 3, "when.least.dead = 3：应为 只有这些键"),
        ("fact_casualties", "when.ladder.0.deaths", 0, "when.ladder[1].deaths = 0：应为 不小于 1 的整数"),
        ("count_elevator", "when.posts", 0, "when.posts = 0：应为 不小于 1 的整数"),
        ("count_school_safety", "when.kinds", ["酒吧"], "when.kinds = '酒吧'：应为 school、hospital、"),
        ("count_elevator", "when.say", [], "when.say = []：应为 文字的列表，至少 1 项"),
        ("shortage_supplies", "when.labels", ["incident.fire"], "应为 needs 族的标签"),
        ("shortage_rush", "when.together", "yes", "when.together = 'yes'：应为 true、false 之一"),
        ("rumour_spreading_denied", "when.probability", 2, "when.probability = 2：应为 0.0 到 1.0 的数"),
        ("new_term_health", "when.new", "30", "when.new = '30'：应为 时长，如 12h 或 7d"),
        ("silence_source", "when.stretches", 2, "when.stretches = 2：应为 不小于 3 的整数"),
        ("silence_source", "when.subject", "all", "when.subject = 'all'：应为 source、label、station 之一"),
        ("silence_source", "when.labels", ["incident.accident.*"], "应为 恰好一个标签"),
        ("sensor_water_level", "when.unit", "cm", "when.unit = 'cm'：应为 m 之一"),
        ("sensor_water_level", "when.back", 40, "when.back = 40：应为 小于 32.5 的数"),
        ("sensor_water_level", "when.ladder.0.value", 32, "when.ladder[1].value = 32：应为 比 32.5 更高的数"),
        ("all_of_flood_confirmed", "when.all.0.kind", "silence", "when.all[1].subject = None"),
        ("all_of_flood_confirmed", "when.all", [], "when.all = []：应为 键值表的列表，至少 2 项"),
        ("any_of_smoke", "when.any.0.above", 99, "when.any[1].above = 99：应为 0.0 到 20.0 的数"),
        ("growth_event", "budget", None, "budget = None：应为 0.0 到 100.0 的数"),
        ("growth_help", "tests.0.expect", "fire", "tests[1].expect = 'fire'：应为 fires、silent 之一"),
        ("growth_help", "tests.1.level", "red", "tests[2].level = 'red'：应为 只写在 expect: fires 的测试里"),
        ("growth_help", "tests.0.docs", [], "tests[1].docs = []：应为 键值表的列表，至少 1 项"),
        ("growth_help", "tests.0.docs.0.time", "昨天", "tests[1].docs[1].time = '昨天'：应为 2026-01-31、"),
        (
            "growth_help",
            "tests.0.docs.0.place",
            "110101",
            "tests[1].docs[1].place = '110101'：应为 本部署的地点编码",
        ),
        ("growth_help", "tests.0.docs.0.every", None, "tests[1].docs[1].every = None：应为 非空文字"),
    ],
)
def test_broken_rule(rule_with: RuleWriter, base: str, key: str, value: object, message: str) -> None:
    path = rule_with(base, key, value)
    with pytest.raises(ReadError) as caught:
        load_rule(path, load_duty())
    assert str(caught.value).startswith(f"{path}:")
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["burst_event", "growth", "growth_Event", "growth_多人"])
def test_file_name_tells_the_kind(rule_with: RuleWriter, name: str) -> None:
    with pytest.raises(ReadError, match=r"文件名 = .*：应为 growth_<说的什么>\.yml"):
        load_rule(rule_with("growth_event", "level", "blue", name), load_duty())


@pytest.mark.parametrize("same", ["id", "title"])
def test_two_rules_share_nothing_that_names_them(rule_with: RuleWriter, tmp_path: Path, same: str) -> None:
    rule_with("growth_event", same, getattr(_named("burst_complaint"), same))
    rule_with("burst_complaint", "level", "blue")
    with pytest.raises(
        ReadError, match=rf"growth_event\.yml: {same} = .*：应为 与 burst_complaint\.yml 不同"
    ):
        load_rules(tmp_path)


def test_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="至少一个规则文件"):
        load_rules(tmp_path)
