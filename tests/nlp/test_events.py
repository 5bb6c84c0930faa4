"""Events: one matter in many voices becomes one event, two matters stay two."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.events import EventClusterer
from nlp.events_members import make_event_id
from nlp.events_names import name_core, names_alike
from nlp.events_parameters import load_event_parameters
from schemas.errors import ReadError
from schemas.records import ClassifiedPost, Event, Facts, LinkKind, Place
from tests.nlp.classified import START, classified, estate

PLANT = (
    "丽湖花苑旁边的混凝土搅拌站半夜施工，噪音大得睡不着，粉尘飘进阳台",
    "混凝土搅拌站离丽湖花苑太近，灰尘和噪音天天扰民，请环保部门查处",
    "丽湖花苑业主投诉隔壁搅拌站粉尘污染，夜里噪音不断",
    "搅拌站又开工了，丽湖花苑整栋楼都是灰，噪音刺耳",
)
BUS = (
    "希望增加12路公交车早高峰的班次，等车要四十分钟",
    "12路公交车早高峰班次太少，站台上挤满了人",
)
WAGES = "工地拖欠农民工工资三个月，包工头不接电话"


def cluster(posts: list[ClassifiedPost], clusterer: EventClusterer | None = None) -> list[Event]:
    clusterer = clusterer or EventClusterer()
    return [clusterer.add(post) for post in posts]


def at_lihu(text: str, **given: object) -> ClassifiedPost:
    return classified(text, places=(estate("丽湖花苑"),), **given)  # type: ignore[arg-type]


def test_voices_on_one_matter_become_one_event() -> None:
    events = cluster([at_lihu(text, hours=9 * n) for n, text in enumerate(PLANT)])
    assert len({event.id for event in events}) == 1
    last = events[-1]
    assert (last.heat, last.reports, last.authors) == (4, 4, 4)
    assert last.first_seen == START
    assert last.last_seen == START + timedelta(hours=27)
    assert last.place is not None
    assert last.place.name == "丽湖花苑"
    assert last.label == "complaint.environment"
    assert "搅拌站" in last.keywords


def test_other_matters_stay_apart() -> None:
    posts = [
        at_lihu(PLANT[0]),
        *(classified(text, hours=1, complaint="transport") for text in BUS),
        classified(WAGES),
    ]
    events = cluster(posts)
    assert events[1].id == events[2].id
    assert len({event.id for event in events}) == 3


def test_same_trouble_at_two_estates_stays_apart() -> None:
    first = classified("丽湖花苑小区电梯又坏了，老人被困半小时，物业不修", places=(estate("丽湖花苑小区"),))
    second = classified(
        "金桂名都小区电梯又坏了，老人被困半小时，物业不修", places=(estate("金桂名都小区"),), hours=2
    )
    one, other = cluster([first, second])
    assert one.id != other.id


def test_one_estate_in_two_wordings_comes_together() -> None:
    first = classified(PLANT[0], places=(estate("丽湖花苑"),))
    second = classified(
        "丽湖花苑小区二期旁的搅拌站粉尘噪音扰民", places=(estate("丽湖·花苑小区二期"),), hours=2
    )
    one, other = cluster([first, second])
    assert one.id == other.id


def test_copies_count_as_heat_and_not_as_reports() -> None:
    posts = [at_lihu(PLANT[0], hours=n, post_id=f"post{n}") for n in range(5)]
    last = cluster(posts)[-1]
    assert (last.heat, last.reports) == (5, 1)


def test_the_same_post_again_changes_nothing() -> None:
    clusterer = EventClusterer()
    post = at_lihu(PLANT[0])
    assert clusterer.add(post) == clusterer.add(post)


def test_id_is_made_of_the_first_post_and_stays() -> None:
    posts = [at_lihu(text, hours=n) for n, text in enumerate(PLANT)]
    ids = {event.id for event in cluster(posts)}
    assert ids == {make_event_id(posts[0].origin.id)}


def test_a_late_post_moves_the_first_seen_back_and_not_the_id() -> None:
    clusterer = EventClusterer()
    first = clusterer.add(at_lihu(PLANT[0], hours=10))
    event = clusterer.add(at_lihu(PLANT[1], hours=2, post_id="late"))
    assert event.id == first.id
    assert event.first_seen == START + timedelta(hours=2)
    assert event.post_ids[0] == "late"
    assert event.last_seen == first.last_seen


def test_an_event_takes_no_posts_after_its_quiet_time() -> None:
    days = load_event_parameters().active_days
    clusterer = EventClusterer()
    first = clusterer.add(at_lihu(PLANT[0]))
    assert len(clusterer) == 1
    again = clusterer.add(at_lihu(PLANT[1], hours=24 * (days + 2)))
    assert again.id != first.id
    assert len(clusterer) == 1


def test_a_post_without_words_is_an_event_of_its_own_and_leaves() -> None:
    days = load_event_parameters().active_days
    clusterer = EventClusterer()
    empty = clusterer.add(classified("……"))
    assert empty.heat == 1
    clusterer.add(classified(WAGES, hours=24 * (days + 2)))
    assert len(clusterer) == 1


def test_a_date_in_the_far_future_closes_nothing() -> None:
    clusterer = EventClusterer()
    first = clusterer.add(at_lihu(PLANT[0]))
    wrong = classified(WAGES, hours=1)
    origin = replace(wrong.origin, published_at=START.replace(year=2099))
    clusterer.add(replace(wrong, clean=replace(wrong.clean, origin=origin)))
    assert clusterer.add(at_lihu(PLANT[1], hours=3)).id == first.id


def test_facts_are_the_largest_stated_and_a_single_slip_is_left_out() -> None:
    told = [Facts(deaths=2), Facts(deaths=3), Facts(deaths=2), Facts(deaths=300)]
    posts = [at_lihu(text, hours=n, facts=told[n]) for n, text in enumerate(PLANT)]
    events = cluster(posts)
    assert [event.facts.deaths for event in events] == [2, 3, 3, 3]


def test_rumour_is_the_mean_over_distinct_texts() -> None:
    posts = [
        at_lihu(PLANT[0], rumour=0.8),
        at_lihu(PLANT[0], hours=1, rumour=0.8),
        at_lihu(PLANT[1], hours=2, rumour=0.2),
    ]
    assert cluster(posts)[-1].rumour == pytest.approx(0.5)


def test_urgency_is_the_highest() -> None:
    posts = [at_lihu(PLANT[0]), at_lihu(PLANT[1], hours=1, urgency="critical"), at_lihu(PLANT[2], hours=2)]
    assert [event.urgency for event in cluster(posts)] == ["normal", "critical", "critical"]


def test_title_is_a_members_own_sentence() -> None:
    posts = [at_lihu(text, hours=n) for n, text in enumerate(PLANT)]
    title = cluster(posts)[-1].title
    assert any(text.startswith(title.removesuffix("…")) for text in PLANT)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("丽湖花苑", "丽湖花苑小区二期", True),
        ("丽湖·花苑", "汀东区丽湖花苑", True),
        ("名流丽湖花苑", "丽湖花苑", True),
        ("丽湖花苑", "金桂名都", False),
        ("名流丽湖花苑", "名流金桂名都", False),
    ],
    ids=["phase", "sign and district", "builder's name in front", "other name", "same builder"],
)
def test_names(one: str, other: str, alike: bool) -> None:
    assert (names_alike(name_core(one), name_core(other)) >= load_event_parameters().names_alike) is alike


def test_parameters_name_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "events.yml"
    path.write_text(
        "active_days: -3\nvocabulary_days: 30\ntwins: {bands: 16, alike: 0.7}\n", encoding="utf-8"
    )
    with pytest.raises(ReadError, match="active_days = -3"):
        load_event_parameters(path)


SENTENCES = (*PLANT, *BUS, WAGES, "金桂名都的电梯坏了三天没人修", "云湖小学门口放学时堵车，家长接不到孩子")
PLACES = (
    (),
    (estate("丽湖花苑"),),
    (estate("金桂名都"),),
    (Place("汀东区", "990101", "district", 0.9, "云汀市/汀东区"),),
)

streams = st.lists(
    st.tuples(st.sampled_from(SENTENCES), st.integers(0, 24 * 120), st.sampled_from(PLACES)),
    min_size=1,
    max_size=30,
).map(
    lambda rows: [
        classified(text, hours=hours, places=places, post_id=f"post{n}")
        for n, (text, hours, places) in enumerate(sorted(rows, key=lambda row: row[1] + (row[1] % 7) * 30))
    ]
)


@given(streams)
@settings(max_examples=40, deadline=None)
def test_the_same_posts_give_the_same_events(posts: list[ClassifiedPost]) -> None:
    assert cluster(posts) == cluster(posts)


@given(streams, st.integers(0, 30))
@settings(max_examples=40, deadline=None)
def test_restored_goes_on_as_if_never_stopped(posts: list[ClassifiedPost], cut: int) -> None:
    whole = EventClusterer()
    before = [(whole.add(post).id, post) for post in posts[:cut]]
    restored = EventClusterer()
    restored.restore(before, [link for link, _ in whole.take_changes()])
    assert cluster(posts[cut:], restored) == cluster(posts[cut:], whole)


@given(streams)
@settings(max_examples=40, deadline=None)
def test_every_post_is_in_one_event_and_ids_stay_in_order_of_time(posts: list[ClassifiedPost]) -> None:
    clusterer = EventClusterer()
    last: dict[str, Event] = {}
    for post in posts:
        event = clusterer.add(post)
        assert post.origin.id in event.post_ids
        assert event.first_seen <= post.origin.time <= event.last_seen
        last[event.id] = event
        for link, ended in clusterer.take_changes():
            assert last.pop(link.event_id).id == ended.id
    members = [post_id for event in last.values() for post_id in event.post_ids]
    assert sorted(members) == sorted(post.origin.id for post in posts)
    times = {post.origin.id: post.origin.time for post in posts}
    for event in last.values():
        assert all(times[one] <= times[other] for one, other in pairwise(event.post_ids))


NIGHT = "青石搅拌站夜里两点还在打混凝土，机器轰鸣"
DUST = "阳台一层灰，孩子咳嗽，窗户不敢开"
BOTH = f"{NIGHT}；{DUST}，都是青石搅拌站"


def merging_posts() -> list[ClassifiedPost]:
    """Two events of which the last post shows that they are one."""
    texts = (NIGHT, f"{DUST}，粉尘是哪里来的", f"{NIGHT}，没人管", BOTH)
    return [classified(text, hours=n, post_id=f"post{n}") for n, text in enumerate(texts)]


def easily_merged() -> EventClusterer:
    parameters = load_event_parameters()
    return EventClusterer(replace(parameters, merge=replace(parameters.merge, near=0.3, least=0.2)))


def test_a_post_that_speaks_of_two_events_merges_them_and_the_merge_is_recorded() -> None:
    clusterer = easily_merged()
    events = [clusterer.add(post) for post in merging_posts()]
    ((link, ended),) = clusterer.take_changes()
    assert len({event.id for event in events[:3]}) == 2
    assert (link.kind, link.post_id, link.at) == (LinkKind.MERGED, "post3", START + timedelta(hours=3))
    assert (link.event_id, link.other_id) == (ended.id, events[-1].id) == (events[1].id, events[0].id)
    assert link.post_ids == ended.post_ids == ("post1",)
    assert ended.merged_into == events[-1].id
    assert events[-1].post_ids == ("post0", "post1", "post2", "post3")
    assert (events[-1].heat, events[-1].authors) == (4, 4)
    assert clusterer.take_changes() == []


def test_a_merged_event_is_restored_from_where_its_posts_are_now() -> None:
    whole = easily_merged()
    *_, last = map(whole.add, merging_posts())
    restored = easily_merged()
    members = [(last.id, post) for post in merging_posts()]
    restored.restore(members, [link for link, _ in whole.take_changes()])
    later = classified(f"{DUST}，青石搅拌站还不整改", hours=9)
    assert restored.add(later) == whole.add(later)


def test_a_merge_whose_post_was_revised_since_is_made_up_for_at_the_end() -> None:
    whole = easily_merged()
    *_, last = map(whole.add, merging_posts())
    links = [link for link, _ in whole.take_changes()]
    restored = easily_merged()
    posts = merging_posts()
    restored.restore([(last.id, post) for post in (posts[3], posts[0], posts[2], posts[1])], links)
    assert restored.event(last.id).post_ids == last.post_ids
    assert len(restored) == 1


def test_a_resolved_event_does_not_swallow_a_new_one() -> None:
    clusterer = EventClusterer()
    old = clusterer.add(at_lihu(PLANT[0]))
    clusterer.resolve(old.id)
    new = clusterer.add(at_lihu(PLANT[1], hours=30))
    after = clusterer.add(at_lihu(PLANT[2], hours=40))
    ((link, begun),) = clusterer.take_changes()
    assert new.id != old.id
    assert after.id == new.id == begun.id
    assert after.split_from == old.id
    assert (link.kind, link.event_id, link.other_id) == (LinkKind.SPLIT, new.id, old.id)
    assert clusterer.event(old.id).heat == 1


def test_what_is_resolved_stays_so_when_restored() -> None:
    whole = EventClusterer()
    posts = [at_lihu(text, hours=9 * n) for n, text in enumerate(PLANT)]
    old = whole.add(posts[0])
    whole.resolve(old.id)
    new = whole.add(posts[1])
    links = [link for link, _ in whole.take_changes()]
    restored = EventClusterer()
    restored.restore([(old.id, posts[0]), (new.id, posts[1])], links, [old.id])
    assert cluster(posts[2:], restored) == cluster(posts[2:], whole)
    assert restored.event(new.id).split_from == old.id


def test_labelled_bursts_name_no_text() -> None:
    bursts = json.loads((Path(__file__).parents[1] / "gates" / "bursts_2019.json").read_text("utf-8"))
    assert all(
        set(burst) == {"half", "ids"} and all(map(str.isdecimal, burst["ids"])) for burst in bursts.values()
    )
