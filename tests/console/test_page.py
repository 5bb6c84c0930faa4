"""The page behind the buttons: looking changes nothing, pressing answers once, nothing of a post runs."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from alerts.path.answer import Action
from console.limits import MOST_TRIES
from pipeline.links import GOOD_FOR, Link, LinkSigner, look_address
from pipeline.settings import load_settings
from schemas.records import AlertState, Level
from stores.database.posts import save_posts
from stores.database.silences import silences_at
from tests.console.conftest import HOSTILE, NOW, Desk
from tests.nlp.classified import titled
from tests.stores.examples import make_post


def test_looking_changes_nothing_however_often(desk: Desk) -> None:
    path = desk.path(Action.ACKNOWLEDGE)
    for _ in range(3):
        assert desk.get(path).status_code == 200
        assert desk.client.head(path).status_code == 200
    assert desk.stored() == desk.alert


def test_the_page_tells_what_somebody_has_to_know(desk: Desk) -> None:
    page = desk.get(desk.path(Action.ACKNOWLEDGE)).text
    wanted = (
        desk.alert.title, "橙色（二级）预警 · 未签收", "一小时内 3 条帖子说到燃气味", "柳浪街道值班室",
        "云汀街坊论坛", "怀疑泄漏", 'name="who" required', "稍后再报", "误报", "办结", desk.alert.id,
    )  # fmt: skip
    assert [words for words in wanted if words not in page] == []


def test_from_the_index_a_warning_can_be_read_and_not_answered(desk: Desk) -> None:
    address = look_address(desk.rooms.settings, desk.alert.id) or ""
    path = urlsplit(address).path.removeprefix("/duty")
    page = desk.get(path).text
    assert address.startswith("https://zhiban.example/duty/v/")
    assert all(words in page for words in (desk.alert.title, "柳浪街道值班室", "怀疑泄漏", "未签收"))
    assert not any(words in page for words in ("<form", "<button", "/a/"))
    assert desk.post(path).status_code == 405
    assert desk.get(path.replace("/v/", "/a/")).status_code == 403, "it opens nothing that answers"
    answering = desk.path(Action.ACKNOWLEDGE)
    assert desk.get(answering.replace("/a/", "/v/")).status_code == 403
    assert desk.get(f"{path}x").status_code == 403
    assert desk.stored() == desk.alert


def test_without_a_page_there_is_no_address(tmp_path: Path) -> None:
    assert look_address(load_settings(home=tmp_path), "a") is None


def test_pressing_answers_once_and_reloading_says_who_it_was(desk: Desk) -> None:
    path = desk.path(Action.ACKNOWLEDGE)
    answer = desk.post(path, note="已派人")
    assert answer.status_code == 303
    assert "签收：王某" in desk.get(path).text
    assert desk.stored().state == AlertState.ACKNOWLEDGED
    assert desk.stored().history[-1].note == "已派人（柳浪街道值班室的邮件链接）"
    again = desk.post(path, who="李某")
    assert again.status_code == 409
    assert "这个链接已由王某在2026年3月5日 12:30用过（签收）" in again.text
    assert desk.stored().revision == 2


def test_another_mail_of_the_same_warning_is_told_who_was_first(desk: Desk) -> None:
    desk.post(desk.path(Action.ACKNOWLEDGE))
    second = desk.path(Action.ACKNOWLEDGE, replace(desk.alert, raised_at=NOW))
    assert "签收：王某" in desk.get(second).text
    assert 'value="签收"' not in desk.get(second).text
    answer = desk.post(second, who="李某", seen="2")
    assert answer.status_code == 409
    assert "王某" in answer.text


@pytest.mark.parametrize(
    ("action", "form", "state"),
    [
        (Action.CLOSE, {"note": "阀门已关"}, AlertState.CLOSED),
        (Action.SNOOZE, {"minutes": "60"}, AlertState.SNOOZED),
        (Action.FALSE_ALARM, {"note": "演习"}, AlertState.FALSE_ALARM),
    ],
)
def test_each_button_does_what_it_says(
    desk: Desk, action: Action, form: dict[str, str], state: AlertState
) -> None:
    path = desk.path(action)
    assert desk.post(path, **form).status_code == 303
    assert desk.stored().state == state
    assert desk.get(path).status_code == 200
    if action == Action.SNOOZE:
        assert desk.stored().until == NOW + timedelta(hours=1)
    if action == Action.FALSE_ALARM:
        with desk.rooms.database.read() as db:
            assert [one.group for one in silences_at(db, NOW)] == [desk.alert.group]


def test_a_closed_warning_can_be_reopened_from_the_page(desk: Desk) -> None:
    desk.post(desk.path(Action.CLOSE))
    path = desk.path(Action.REOPEN, desk.stored())
    assert desk.post(path, seen="2").status_code == 303
    assert desk.stored().state == AlertState.RAISED


@pytest.mark.parametrize(
    ("action", "form", "line"),
    [
        (Action.ACKNOWLEDGE, {"who": "  "}, "请写明是谁"),
        (Action.FALSE_ALARM, {"note": " "}, "误报要写明理由"),
        (Action.SNOOZE, {"minutes": "999999"}, "到什么时候"),
        (Action.ACKNOWLEDGE, {"seen": ""}, "看过现在的情况"),
    ],
)
def test_what_is_missing_is_said_and_the_link_stays_good(
    desk: Desk, action: Action, form: dict[str, str], line: str
) -> None:
    path = desk.path(action)
    answer = desk.post(path, **form)
    assert answer.status_code == 409
    assert line in answer.text
    assert desk.stored() == desk.alert
    assert desk.post(path, note="好", minutes="30").status_code == 303


def test_nobody_answers_for_a_level_that_was_not_on_the_page(desk: Desk) -> None:
    path = desk.path(Action.ACKNOWLEDGE)
    desk.save(replace(desk.alert, revision=2, level=Level.RED))
    answer = desk.post(path)
    assert answer.status_code == 409
    assert "刚刚升为红色（一级）" in answer.text
    assert "邮件是第 1 版，下面是现在的第 2 版" in answer.text
    assert desk.post(path, seen="2").status_code == 303


def test_red_cannot_be_put_off(desk: Desk) -> None:
    path = desk.path(Action.SNOOZE)
    desk.save(replace(desk.alert, revision=2, level=Level.RED))
    page = desk.get(path).text
    assert "稍后再报" not in page
    assert desk.post(path, minutes="30", seen="2").status_code == 409


def forged(desk: Desk, key: str = "other") -> str:
    link = Link(desk.alert.id, 1, Action.CLOSE, "liulang_street", NOW + GOOD_FOR)
    return f"/a/{LinkSigner(key.encode()).sign(link)}"


def test_a_forged_changed_or_expired_link_opens_nothing(desk: Desk) -> None:
    path = desk.path(Action.ACKNOWLEDGE)
    for bad in (forged(desk), path[:-1], path[:-8] + "AAAAAAAA", "/a/x", "/a/%00", path.replace(".", "!", 1)):
        assert desk.get(bad).status_code == 403
        assert desk.post(bad).status_code == 403
    desk.now = desk.alert.raised_at + GOOD_FOR
    late = desk.get(path)
    assert late.status_code == 403
    assert "已过期" in late.text
    assert desk.stored() == desk.alert


def test_too_many_wrong_links_are_slowed_down_and_a_right_one_still_opens(desk: Desk) -> None:
    codes = [desk.get(forged(desk, str(number))).status_code for number in range(MOST_TRIES + 5)]
    assert (codes[0], codes[-1]) == (403, 429)
    assert desk.get(desk.path(Action.ACKNOWLEDGE)).status_code == 200
    desk.now += timedelta(minutes=11)
    assert desk.get(forged(desk)).status_code == 403


def test_nothing_of_a_post_or_a_name_runs(desk: Desk) -> None:
    with desk.rooms.database.begin() as db:
        save_posts(db, [(titled(make_post("post1", text=HOSTILE, revision="r2"), HOSTILE), "event1")])
    desk.save(replace(desk.alert, revision=2, title=HOSTILE, reason=HOSTILE))
    path = desk.path(Action.CLOSE)
    desk.post(path, who=HOSTILE, note=HOSTILE, seen="2")
    for page in (desk.get(path).text, desk.post(path, who=HOSTILE, note="</textarea>" + HOSTILE).text):
        assert "<script" not in page
        assert "<img" not in page
        assert "49" not in page.replace("2026", "")


def test_every_answer_carries_the_safe_headers_and_no_cookie(desk: Desk) -> None:
    for response in (desk.get(desk.path(Action.CLOSE)), desk.get("/a/x"), desk.get("/"), desk.get("/none")):
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in response.headers
        assert "<script" not in response.text
    assert desk.get("/none").status_code == 404
    assert desk.client.put("/").status_code == 405
    assert desk.get("/style.css").mimetype == "text/css"


def test_a_form_too_long_is_refused(desk: Desk) -> None:
    assert desk.post(desk.path(Action.CLOSE), note="长" * 20_000).status_code == 413
    assert desk.stored() == desk.alert


def test_the_page_works_below_a_prefix(desk: Desk) -> None:
    page = desk.get(desk.path(Action.ACKNOWLEDGE)).text
    assert 'href="/' not in page
    assert 'action="/' not in page
