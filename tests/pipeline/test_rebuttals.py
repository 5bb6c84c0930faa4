"""Rebuttals: posts meet those that speak of what they say, from a list and from the sources that rebut."""

import gzip
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest

from alerts.render.telling import list_rebuttals
from pipeline.enrich import enrich_file
from pipeline.jobs.analyse import analyse_waiting
from pipeline.jobs.store import store_posts
from pipeline.rebuttals import read_rebuttals
from pipeline.rooms import Rooms, open_rooms
from pipeline.settings import load_settings
from schemas.elasticsearch import load_templates
from schemas.errors import ReadError
from schemas.posts import make_post
from schemas.records import RawPost
from schemas.times import SHANGHAI
from stores.database.coverage import save_rebutter
from stores.database.figures import posts_between
from stores.database.index import mark_indexed, pending_posts
from stores.documents import post_document

TITLE = "自来水厂被人投毒，全城停水一周？"
NOW = datetime(2026, 3, 1, 8, tzinfo=SHANGHAI)


def test_a_rumour_meets_its_rebuttal_and_a_report_none(tmp_path: Path) -> None:
    posts = [{"text": "转！自来水厂被人投毒了，全城要停水一周，赶紧囤水"}, {"text": "今早新桥路口堵车两公里"}]
    source, target = tmp_path / "posts.jsonl", tmp_path / "done.jsonl"
    source.write_bytes(b"".join(orjson.dumps(post) + b"\n" for post in posts))
    listed = tmp_path / "titles.txt"
    listed.write_text(f"{TITLE}\n吃蒜能够预防流感？\n", "utf-8")
    enrich_file(
        str(source), str(target), jobs=1, deployment=None, now=NOW, author_key=b"key", rebuttals=listed
    )
    told = [orjson.loads(line)["rumour"]["rebuttal"] for line in target.read_bytes().splitlines()]
    assert told[0]["title"] == TITLE
    assert 0.66 <= told[0]["score"] <= 1
    assert told[1] is None


def test_titles_of_lines_and_of_json_lines_compressed_or_not(tmp_path: Path) -> None:
    path = tmp_path / "titles.jsonl.gz"
    path.write_bytes(
        gzip.compress(orjson.dumps({"title": TITLE, "date": "2026-01-01"}) + b"\n\n" + "乙\n".encode())
    )
    assert read_rebuttals(path) == (TITLE, "乙")


@pytest.mark.parametrize("content", ["", '{"name": "甲"}\n', '{"title": \n'])
def test_a_list_without_titles_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "titles.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(ReadError, match=r"title|JSON"):
        read_rebuttals(path)


RUMOUR = "转！自来水厂被人投毒了，全城要停水一周，赶紧囤水"
OTHER = "柳浪家园三栋路灯不亮，物业说下周来修"
DENIAL = TITLE
MORNING = datetime(2026, 7, 6, 8, tzinfo=SHANGHAI)
DAY = timedelta(days=1)
RUMOURED, DENYING = "yunting_forum", "yunting_piyao"


def post(key: str, text: str, at: datetime, source: str = RUMOURED, title: str = "") -> RawPost:
    url = f"https://{source}.example/{key}"
    return make_post(source, key, title, text, fetched_at=at, published_at=at, url=url, author_hash=key)


def denial(key: str, at: datetime) -> RawPost:
    return post(key, "经公安机关核实，供水正常，投毒一说不实。", at, DENYING, DENIAL)


def open_home(folder: Path) -> AbstractContextManager[Rooms]:
    return open_rooms(load_settings(home=folder))


def take(rooms: Rooms, *posts: RawPost) -> None:
    """Store the posts and analyse what waits."""
    with rooms.database.begin() as db:
        save_rebutter(db, DENYING, rebuts=True)
        save_rebutter(db, RUMOURED, rebuts=False)
    store_posts(rooms, posts)
    analyse_waiting(rooms, now=max(one.origin.fetched_at for one in posts))


def found(rooms: Rooms) -> dict[str, tuple[str, str | None] | None]:
    with rooms.database.read() as db:
        every = [one for _, one in posts_between(db, MORNING - 60 * DAY, MORNING + 60 * DAY)]
    told = {one.origin.url: one.rebuttal for one in every}
    return {
        str(url).rpartition("/")[2]: None if one is None else (one.title, one.url)
        for url, one in told.items()
    }


ANSWER = (DENIAL, "https://yunting_piyao.example/d1")


def test_a_post_gets_the_rebuttal_that_was_there_before_it(tmp_path: Path) -> None:
    with open_home(tmp_path) as rooms:
        take(rooms, denial("d1", MORNING))
        take(rooms, post("r1", RUMOUR, MORNING + DAY), post("o1", OTHER, MORNING + DAY))
        assert found(rooms) == {"d1": None, "r1": ANSWER, "o1": None}


def test_a_rebuttal_reaches_the_posts_of_two_weeks_before_it_and_the_index(tmp_path: Path) -> None:
    with open_home(tmp_path) as rooms:
        take(rooms, post("old", RUMOUR, MORNING - 15 * DAY), post("r1", RUMOUR, MORNING - 13 * DAY))
        with rooms.database.begin() as db:
            mark_indexed(db, "posts", [(one.id, one.version) for one in pending_posts(db, 10)])
        take(rooms, denial("d1", MORNING))
        assert found(rooms) == {"old": None, "r1": ANSWER, "d1": None}
        with rooms.database.read() as db:
            waiting = [one.record for one in pending_posts(db, 10)]
    assert {str(one.origin.url).rpartition("/")[2] for one in waiting} == {"d1", "r1"}
    document = next(post_document(one, None) for one in waiting if one.rebuttal)
    assert (document["rumour"]["rebuttal"]["title"], document["rumour"]["rebuttal"]["url"]) == ANSWER
    names = {f"rumour.rebuttal.{name}" for name in document["rumour"]["rebuttal"]}
    assert names <= set(load_templates().fields("posts"))
    [(head, says)] = list_rebuttals(waiting, {DENYING: "云汀辟谣"})
    assert (head, "云汀辟谣，https://yunting_piyao.example/d1" in says) == ("官方辟谣", True)


def test_several_runs_find_what_one_long_run_finds(tmp_path: Path) -> None:
    days = [
        (post("r1", RUMOUR, MORNING), post("o1", OTHER, MORNING + DAY / 24)),
        (denial("d1", MORNING + DAY), post("r2", RUMOUR, MORNING + DAY * 1.1)),
        (denial("d2", MORNING + 2 * DAY), post("r3", f"{RUMOUR}！", MORNING + 2.1 * DAY)),
    ]
    with open_home(tmp_path / "one") as rooms:
        take(rooms, *(one for day in days for one in day))
        at_once = found(rooms)
    with open_home(tmp_path / "many") as rooms:
        for day in days:
            take(rooms, *day)
        assert found(rooms) == at_once
    # Of two rebuttals with one title the first published counts.
    assert [at_once[key] for key in ("r1", "r2", "r3", "o1")] == [ANSWER, ANSWER, ANSWER, None]
