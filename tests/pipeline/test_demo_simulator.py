"""The simulated city: the same for a seed, with the rhythm, the dirt and the truth that are promised."""

import random
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.demo import private
from pipeline.demo.garble import add_ruby, break_encoding, swap_words
from pipeline.demo.items import FORUM, HOTLINE, NEWS, Kind
from pipeline.demo.phrasebook import KNOWLEDGE, Swap, load_phrasebook
from pipeline.demo.rhythm import draw_arrivals, draw_growing
from pipeline.demo.scene import Map, Scene
from pipeline.demo.script import SCRIPT, load_script
from pipeline.demo.simulator import simulate_city
from schemas.errors import ReadError
from schemas.taxonomy.labels import all_labels
from schemas.taxonomy.places import load_places
from schemas.times import SHANGHAI
from tests.pipeline.demo_outcomes import START, small_city


def test_a_seed_makes_one_city_and_another_seed_another() -> None:
    again = simulate_city(7, load_places(), START, 6)
    assert again.items == small_city(7).items
    assert simulate_city(8, load_places(), START, 6).items != again.items


def test_the_city_writes_a_plausible_number_of_texts_a_day() -> None:
    days = Counter(item.published_at.date() for item in small_city().items)
    assert 120 <= sum(days.values()) / len(days) <= 200
    assert len(days) == 42


@pytest.mark.parametrize(
    "start", [START + timedelta(days=1), START + timedelta(hours=1), START.replace(tzinfo=None)]
)
def test_a_start_that_is_no_monday_midnight_is_refused(start: datetime) -> None:
    with pytest.raises(ValueError, match="Monday"):
        simulate_city(7, load_places(), start, 6)


def test_too_short_a_city_leaves_out_the_crises_that_would_not_end() -> None:
    city = simulate_city(7, load_places(), START, 3)
    assert [crisis.id for crisis in city.crises] == ["gas", "water"]
    assert {item.matter for item in city.items if item.kind is Kind.CRISIS} == {"gas", "water"}


class TestRhythm:
    def test_the_hotline_rests_at_night_and_the_forum_wakes_in_the_evening(self) -> None:
        hours = {
            source: Counter(
                i.published_at.hour for i in small_city().of_source(source) if i.kind is Kind.ORDINARY
            )
            for source in (FORUM, HOTLINE)
        }
        assert hours[HOTLINE][9] > 10 * max(hours[HOTLINE][3], 1)
        assert max(hours[FORUM], key=hours[FORUM].__getitem__) in range(19, 23)

    def test_weekends_are_quieter_than_working_days(self) -> None:
        days = Counter(i.published_at.weekday() for i in small_city().items if i.kind is Kind.ORDINARY)
        assert (days[5] + days[6]) / 2 < 0.9 * sum(days[day] for day in range(5)) / 5

    def test_thinning_keeps_the_mean_rate(self) -> None:
        times = list(draw_arrivals(random.Random(1), START, 70, 50.0, (1.0,) * 6 + (0.0,), range(1, 25)))
        assert len(times) / 70 == pytest.approx(50, rel=0.06)
        assert all(at.weekday() != 6 for at in times)

    def test_a_rate_of_zero_gives_nothing(self) -> None:
        assert list(draw_arrivals(random.Random(1), START, 7, 0.0, (1.0,) * 7, (1.0,) * 24)) == []

    def test_a_crisis_grows_and_sleeps_unless_told_otherwise(self) -> None:
        times = draw_growing(random.Random(2), START, START + timedelta(days=4), 400, night=False)
        middle = START + timedelta(days=2)
        assert sum(at > middle for at in times) > sum(at <= middle for at in times)
        assert sum(1 <= at.hour < 6 for at in times) < 40
        assert times == sorted(times)


class TestDirt:
    SHARES = (
        ("mojibake", 0.012), ("traditional", 0.02), ("ruby", 0.008), ("typo", 0.017), ("late", 0.023),
        ("private", 0.043), ("duplicate", 0.034),
    )  # fmt: skip

    @pytest.mark.parametrize(("flag", "share"), SHARES)
    def test_the_share_of_each_ill_is_as_written(self, flag: str, share: float) -> None:
        items = small_city().items
        found = sum(flag in item.flags for item in items) / len(items)
        assert found == pytest.approx(share, rel=0.4)

    def test_spam_has_its_share_of_the_forum(self) -> None:
        forum = [
            i for i in small_city().of_source(FORUM) if i.kind in (Kind.ORDINARY, Kind.SPAM) and not i.copy_of
        ]
        share = sum(item.kind is Kind.SPAM for item in forum) / len(forum)
        assert share == pytest.approx(load_phrasebook().spam_share, abs=0.012)

    def test_a_copy_is_another_post_of_another_author_and_later(self) -> None:
        city = small_city()
        copies = [item for item in city.items if item.copy_of]
        assert copies
        for copy in copies:
            first = city.by_key[copy.copy_of or ""]
            assert copy.key != first.key
            assert copy.published_at > first.published_at
            assert (copy.kind, copy.matter) == (first.kind, first.matter)

    def test_late_rows_come_about_a_day_late_and_only_from_the_hotline(self) -> None:
        late = [item for item in small_city().items if "late" in item.flags]
        assert {item.source for item in late} == {HOTLINE}
        waits = [item.arrives_at - item.published_at for item in late]
        assert timedelta(hours=20) <= min(waits)
        assert max(waits) <= timedelta(hours=34)

    def test_broken_encodings_can_be_undone(self) -> None:
        for encoding in ("gb18030", "utf-8"):
            assert break_encoding("停电了", encoding).encode("latin-1").decode(encoding) == "停电了"

    def test_ruby_stands_behind_its_character(self) -> None:
        assert add_ruby("又停电", Swap(1.0, {"停": "tíng", "电": "diàn"})) == "又停tíng电diàn"

    def test_swapping_changes_at_most_two_words(self) -> None:
        swap = Swap(1.0, {"甲": "A", "乙": "B", "丙": "C"})
        changed = swap_words("甲乙丙", swap, random.Random(3))
        assert sum(letter in changed for letter in "ABC") == 2


class TestPrivateNumbers:
    def test_identity_numbers_carry_their_check_digit(self) -> None:
        rng = random.Random(4)
        for _ in range(200):
            number = private.draw_identity(rng)
            weights = [2 ** (17 - at) % 11 for at in range(17)]
            total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
            assert number[17] == "10X98765432"[total % 11]

    def test_card_numbers_pass_luhn(self) -> None:
        rng = random.Random(5)
        for _ in range(200):
            digits = [int(digit) for digit in private.draw_card(rng)][::-1]
            doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
            assert (sum(digits[::2]) + sum(doubled)) % 10 == 0

    def test_every_drawn_number_is_found_again(self) -> None:
        rng = random.Random(6)
        draw = (
            private.draw_mobile, private.draw_landline, private.draw_identity, private.draw_card,
            private.draw_plate, private.draw_mail,
        )  # fmt: skip
        numbers = [one(rng) for one in draw]
        assert list(private.find_private("，".join(numbers))) == numbers


class TestTruth:
    def test_every_key_is_unique_and_known(self) -> None:
        city = small_city()
        assert len(city.by_key) == len(city.items)

    def test_five_crises_each_with_early_voices_before_the_harm(self) -> None:
        city = small_city()
        assert [crisis.id for crisis in city.crises] == ["gas", "water", "flood", "school", "wages"]
        for crisis in city.crises:
            items = city.of_crisis(crisis.id)
            early = [item for item in items if item.arrives_at < crisis.harm]
            assert len(early) >= 10, crisis.id
            assert len({item.body for item in early}) >= 8, crisis.id
            assert any(item.source == NEWS for item in items), crisis.id
            assert all(name in all_labels() for name in crisis.expect)

    def test_no_text_gives_its_crisis_away(self) -> None:
        for item in small_city().items:
            assert not re.search(r"crisis|gas\b|flood|wages|剧本", f"{item.title}{item.body}", re.IGNORECASE)

    def test_no_slot_and_no_choice_is_left_open(self) -> None:
        for item in small_city().items:
            assert not re.search(r"[{}|]", f"{item.title}{item.body}"), item

    def test_ordinary_life_speaks_in_many_ways(self) -> None:
        bodies = [item.body for item in small_city().items if item.kind is Kind.ORDINARY and not item.copy_of]
        assert len(set(bodies)) / len(bodies) > 0.97

    def test_all_complaint_classes_and_all_kinds_are_there(self) -> None:
        assert {topic.label for topic in load_phrasebook().topics} == {
            "none", "urban_rural", "labour_security", "education_culture", "commerce_tourism",
            "environment", "health", "transport", "other",
        }  # fmt: skip
        assert {item.kind for item in small_city().items} == set(Kind)

    def test_ordinary_places_belong_together(self) -> None:
        deployment = load_places()
        streets = {
            place.name: deployment.ancestors(place.code)[0].name for place in deployment.of_level("street")
        }
        for item in small_city().items:
            if item.street:
                assert streets[item.street] == item.district


class TestKnowledge:
    def test_lists_as_long_as_the_stories_go_with_them(self) -> None:
        topic = load_phrasebook().topics[0]
        assert topic.fitting(topic.what, 1) == (topic.what[1],)
        assert topic.fitting((*topic.what, "又一句"), 1) == (*topic.what, "又一句")

    def test_choices_and_slots_are_filled(self) -> None:
        scene = Scene({"road": "柳浪路"})
        found = {scene.fill("{road}[堵|慢]了{few}", random.Random(n))[:4] for n in range(20)}
        assert found == {"柳浪路堵", "柳浪路慢"}

    def test_an_unknown_slot_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="nowhere"):
            Scene({}).fill("{nowhere}", random.Random(1))

    def test_every_template_can_be_filled(self) -> None:
        book = load_phrasebook()
        city_map = Map(load_places(), book.words)
        rng = random.Random(9)
        scene = city_map.scene(load_places().of_level("estate")[0], rng)
        for topic in book.topics:
            for text in (*topic.titles, *topic.what, *topic.detail, *topic.want):
                assert "{" not in scene.fill(text, rng)

    def test_a_script_place_that_is_none_is_named(self, tmp_path: Path) -> None:
        wrong = tmp_path / "script.yml"
        wrong.write_text(SCRIPT.read_text().replace('"990101002003E01"', '"123"'))
        with pytest.raises(ReadError, match=r"slots\.estate = '123'"):
            load_script(load_places(), START, wrong)

    def test_an_offset_that_is_none_is_named(self, tmp_path: Path) -> None:
        wrong = tmp_path / "script.yml"
        wrong.write_text(SCRIPT.read_text().replace("harm: 58h10m", "harm: 两天后"))
        with pytest.raises(ReadError, match="两天后"):
            load_script(load_places(), START, wrong)

    def test_a_rhythm_with_missing_hours_is_named(self, tmp_path: Path) -> None:
        for path in KNOWLEDGE.rglob("*.yml"):
            target = tmp_path / path.relative_to(KNOWLEDGE)
            target.parent.mkdir(exist_ok=True)
            target.write_text(path.read_text())
        (tmp_path / "rhythm.yml").write_text(
            "per_day: 10\nweekdays: 1 1 1\nforum_hours: 1\nhotline_hours: 1\n"
        )
        with pytest.raises(ReadError, match="7 个"):
            load_phrasebook(tmp_path)


def test_the_zone_is_shanghai() -> None:
    assert all(item.published_at.tzinfo == SHANGHAI for item in small_city().items[:50])
