"""The text core: a batch in its order, every field filled, the same for one post as for many."""

from datetime import datetime

import pytest

from nlp.core import TextCore, full_text
from schemas.posts import make_post
from schemas.records import CleanPost, Origin, RawPost
from schemas.taxonomy.places import load_places
from schemas.times import SHANGHAI

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI)


def post(body: str, title: str = "") -> RawPost:
    return make_post("test", None, title, body, fetched_at=NOW, published_at=NOW)


@pytest.fixture(scope="module")
def core() -> TextCore:
    return TextCore.load(load_places(), ["智慧充电桩"])


POSTS = [
    post("昨晚8点柳浪社区三号楼着火，浓烟滚滚，2人死亡，3人受伤，还有人被困，快来救命！"),
    post("公司拖欠我们三个月工资，联系电话13800138000", "讨要工资"),
    post("今天天气真好，适合打卡"),
    post("智慧充电桩坏了没人修"),
    post(""),
]


def test_an_emergency_is_understood_whole(core: TextCore) -> None:
    found = core.enrich(POSTS[:1])[0]
    assert found.incident.name == "fire"
    assert found.urgency == "critical"
    assert (found.facts.deaths, found.facts.injured) == (2, 3)
    assert found.facts.time is not None
    assert found.facts.time.hour == 20
    assert any(place.name == "柳浪社区" for place in found.places)
    assert len(found.fingerprint) == 64


def test_personal_numbers_are_masked_in_text_and_words(core: TextCore) -> None:
    found = core.enrich(POSTS[1:2])[0]
    assert found.complaint.name == "labour_security"
    assert "13800138000" not in full_text(found.clean) + "".join(found.words)


def test_deployment_words_stay_whole(core: TextCore) -> None:
    assert "智慧充电桩" in core.enrich(POSTS[3:4])[0].words


def test_a_batch_gives_what_each_post_gives_alone_and_keeps_the_order(core: TextCore) -> None:
    batch = core.enrich(POSTS * 3)
    assert [one.origin.id for one in batch] == [one.origin.id for one in POSTS * 3]
    for together, alone in zip(batch, [core.enrich([one])[0] for one in POSTS] * 3, strict=True):
        assert together.complaint.name == alone.complaint.name
        assert together.complaint.probability == pytest.approx(alone.complaint.probability, abs=2e-4)
        assert (together.words, together.incident, together.urgency) == (
            alone.words,
            alone.incident,
            alone.urgency,
        )
        assert (together.places, together.facts, together.fingerprint) == (
            alone.places,
            alone.facts,
            alone.fingerprint,
        )


def test_words_are_the_text_in_pieces(core: TextCore) -> None:
    for found in core.enrich(POSTS):
        assert "".join(found.words) == full_text(found.clean)


def test_no_posts(core: TextCore) -> None:
    assert core.enrich([]) == []


@pytest.mark.parametrize(
    ("title", "text", "joined"),
    [
        ("停水", "停水三天", "停水三天"),
        ("停水", "三天了", "停水\n三天了"),
        ("停水", "", "停水"),
        ("", "三天了", "三天了"),
    ],
)
def test_title_and_text_as_one(title: str, text: str, joined: str) -> None:
    assert full_text(CleanPost(Origin("a", "b", "c", NOW), title, text, "zh")) == joined
