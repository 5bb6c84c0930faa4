"""What each room of the state keeps, on SQLite and PostgreSQL; doing it twice changes nothing."""

from dataclasses import replace
from datetime import UTC, date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from schemas.records import AlertState, EventLink, Level, LinkKind, Quarantined
from schemas.tickets import TicketStep
from stores.database import Database
from stores.database.alerts import (
    alert_history,
    alerts_by_id,
    alerts_since,
    log_failed,
    log_sending,
    log_sent,
    log_skipped,
    open_alerts,
    save_alert,
    sent_mails,
    unsent_alerts,
)
from stores.database.coverage import (
    CLOSED,
    Gap,
    SourceRun,
    last_runs,
    list_gaps,
    runs_since,
    save_gap,
    save_run,
    split_by_day,
)
from stores.database.events import events_by_id, links_since, save_events, save_links
from stores.database.figures import posts_between
from stores.database.index import (
    KINDS,
    count_pending,
    forget_indexed,
    mark_indexed,
    pending_alerts,
    pending_events,
    pending_posts,
    pending_series,
    pending_tickets,
)
from stores.database.meta import get_meta, set_meta
from stores.database.parts import add_part, all_parts, mark_analysed, new_parts
from stores.database.posts import (
    active_members,
    event_ids,
    known_revisions,
    move_posts,
    posts_by_id,
    save_posts,
    save_seen,
)
from stores.database.quarantine import (
    REPLAYED,
    find_quarantined,
    list_quarantine,
    save_quarantined,
    settle_quarantined,
    waiting_reasons,
)
from stores.database.tickets import save_tickets
from stores.errors import StoreUnavailable
from stores.raw import RawFile
from tests.stores.examples import NOON, make_alert, make_event, make_mail, make_post, make_run

HOUR = timedelta(hours=1)


def test_a_post_comes_back_as_it_was(database: Database) -> None:
    post = make_post()
    with database.begin() as db:
        assert save_posts(db, [(post, "event1")]) == 1
        assert save_posts(db, [(post, "event1")]) == 0
        save_events(db, [make_event("event1")])
    with database.read() as db:
        assert list(active_members(db, NOON - HOUR)) == [("event1", post)]
        assert posts_by_id(db, ["post1", "unknown"]) == {"post1": post}


def test_active_events_are_restored_whole_and_in_order_of_arrival(database: Database) -> None:
    times = {"late": NOON, "early": NOON - 2 * HOUR, "old": NOON - 9 * HOUR, "loose": NOON - HOUR}
    homes = {"late": "event1", "early": "event2", "old": "event1", "loose": None}
    posts = [make_post(key, published_at=time, fetched_at=time) for key, time in times.items()]
    with database.begin() as db:
        save_posts(db, [(post, homes[post.origin.id]) for post in posts])
        save_events(db, [make_event("event1"), replace(make_event("event2"), last_seen=NOON - 2 * HOUR)])
        assert [post.origin.id for _, post in active_members(db, NOON - HOUR)] == ["old", "late"]
        found = [post.origin.id for _, post in posts_between(db, NOON - 3 * HOUR, NOON + HOUR)]
        assert found == ["early", "loose", "late"]


def test_a_post_without_a_time_counts_from_when_it_was_fetched(database: Database) -> None:
    with database.begin() as db:
        save_posts(db, [(make_post(published_at=None), "event1")])
        assert len(list(posts_between(db, NOON, NOON + HOUR))) == 1
        assert list(posts_between(db, NOON + HOUR, NOON + 2 * HOUR)) == []


def test_an_older_revision_does_not_replace_a_newer_one(database: Database) -> None:
    new, old = make_post(revision="r2", fetched_at=NOON), make_post(revision="r1", fetched_at=NOON - HOUR)
    with database.begin() as db:
        assert save_posts(db, [(new, "event1"), (old, "event1")]) == 1
        assert save_posts(db, [(old, "event1")]) == 0
        assert posts_by_id(db, ["post1"])["post1"].origin.revision == "r2"


def test_many_posts_are_saved_and_found(database: Database) -> None:
    posts = [(make_post(f"post{number}"), f"event{number % 7}") for number in range(1_234)]
    with database.begin() as db:
        assert save_posts(db, posts) == 1_234
        assert save_posts(db, posts) == 0
        assert len(posts_by_id(db, [f"post{number}" for number in range(2_000)])) == 1_234


def test_revisions_are_seen_once(database: Database) -> None:
    with database.begin() as db:
        assert save_seen(db, [("post1", "r1"), ("post1", "r2"), ("post2", "r1")], NOON) == 3
        assert save_seen(db, [("post1", "r1"), ("post3", "r1")], NOON) == 1
        assert known_revisions(db, ["post1", "post3", "post4"]) == {
            ("post1", "r1"),
            ("post1", "r2"),
            ("post3", "r1"),
        }
        assert known_revisions(db, []) == set()


def test_events_keep_their_newest_record(database: Database) -> None:
    small, grown = make_event(), make_event(posts=("post1", "post2"), heat=2)
    with database.begin() as db:
        assert save_events(db, [small, grown]) == 1
        assert save_events(db, [grown]) == 0
        assert events_by_id(db, ["event1", "none"]) == {"event1": grown}
        assert events_by_id(db, [grown.id]) == {grown.id: grown}


def test_links_come_back_in_their_order_and_posts_follow_them(database: Database) -> None:
    first = EventLink(LinkKind.MERGED, "event2", "event1", NOON, "post3", ("post2",))
    second = EventLink(LinkKind.SPLIT, "event3", "event1", NOON, "post4")
    with database.begin() as db:
        save_posts(db, [(make_post("post1"), "event1"), (make_post("post2"), "event2")])
        save_events(db, [make_event("event1"), replace(make_event("event2"), merged_into="event1")])
        assert save_links(db, [first, second]) == 2
        assert save_links(db, [first, second]) == 0
        assert move_posts(db, [first, second]) == 1
        assert move_posts(db, [first, second]) == 0
        assert event_ids(db, ["post1", "post2"]) == {"post1": "event1", "post2": "event1"}
        assert links_since(db, NOON - HOUR) == [first, second]
        assert events_by_id(db, ["event2"])["event2"].merged_into == "event1"


def test_a_moved_post_waits_for_the_index(database: Database) -> None:
    link = EventLink(LinkKind.MERGED, "event2", "event1", NOON, "post3", ("post2",))
    with database.begin() as db:
        save_posts(db, [(make_post("post2"), "event2")])
        mark_indexed(db, "posts", [(one.id, one.version) for one in pending_posts(db, 9)])
        move_posts(db, [link])
        assert [one.event_id for one in pending_posts(db, 9)] == ["event1"]


def test_every_revision_of_an_alert_is_kept(database: Database) -> None:
    first, second = make_alert(), make_alert(revision=2, level=Level.RED)
    with database.begin() as db:
        assert save_alert(db, first)
        assert not save_alert(db, first)
        assert save_alert(db, second)
        assert not save_alert(db, first)
        assert open_alerts(db) == [second]
        assert alerts_by_id(db, ["alert1"]) == {"alert1": second}
        assert alert_history(db, "alert1") == [first, second]
        assert list(alerts_since(db, second.raised_at)) == [second]
        assert list(alerts_since(db, second.raised_at + HOUR)) == []


def test_a_closed_alert_is_not_open(database: Database) -> None:
    with database.begin() as db:
        save_alert(db, make_alert())
        save_alert(db, replace(make_alert(), state=AlertState.CLOSED))
        assert open_alerts(db) == []


def test_a_sent_revision_is_not_sent_again(database: Database) -> None:
    alert, mail = make_alert(), make_mail()
    with database.begin() as db:
        save_alert(db, alert)
        assert unsent_alerts(db) == [alert]
        assert log_sending(db, mail, NOON)
        log_sent(db, mail.message_id, NOON, "x@example.cn 550 no such mailbox")
        assert unsent_alerts(db) == []
        assert not log_sending(db, mail, NOON)
        (line,) = sent_mails(db, "alert1")
    assert (line.state, line.attempts, line.to) == ("sent", 1, mail.to)
    assert line.note == "x@example.cn 550 no such mailbox"


def test_a_mail_begun_before_a_crash_goes_again_under_the_same_id(database: Database) -> None:
    alert, mail = make_alert(), make_mail()
    with database.begin() as db:
        save_alert(db, alert)
        log_sending(db, mail, NOON)
    with database.begin() as db:
        assert unsent_alerts(db) == [alert]
        assert log_sending(db, mail, NOON + HOUR)
        (line,) = sent_mails(db)
    assert (line.message_id, line.state, line.attempts) == (mail.message_id, "sending", 2)


def test_a_failed_mail_stays_unsent_with_its_reason(database: Database) -> None:
    mail = make_mail()
    with database.begin() as db:
        save_alert(db, make_alert())
        for attempt in range(1, 4):
            assert log_sending(db, mail, NOON)
            log_failed(db, mail.message_id, NOON, "连不上邮件服务器\0")
            (line,) = sent_mails(db)
            assert (line.state, line.attempts, line.note) == ("failed", attempt, "连不上邮件服务器␀")
        assert len(unsent_alerts(db)) == 1


def test_a_new_revision_is_sent_of_its_own(database: Database) -> None:
    second = make_alert(revision=2)
    with database.begin() as db:
        save_alert(db, make_alert())
        log_sending(db, make_mail(), NOON)
        log_sent(db, make_mail().message_id, NOON)
        save_alert(db, second)
        assert unsent_alerts(db) == [second]


def test_a_skipped_revision_goes_to_nobody(database: Database) -> None:
    with database.begin() as db:
        save_alert(db, make_alert())
        log_skipped(db, make_alert(), NOON, "上级预警已覆盖")
        log_skipped(db, make_alert(), NOON, "上级预警已覆盖")
        assert unsent_alerts(db) == []
        assert [(line.state, line.note) for line in sent_mails(db)] == [("skipped", "上级预警已覆盖")]


def test_a_mail_that_was_never_begun_cannot_be_closed(database: Database) -> None:
    with pytest.raises(LookupError), database.begin() as db:
        log_sent(db, "<unknown@qianshao>", NOON)


def test_a_part_is_analysed_once(database: Database) -> None:
    file = RawFile("forum/2026-03-05/0123456789ab.jsonl.gz", "forum", date(2026, 3, 5), "0" * 64, 12)
    other = replace(file, path="hotline/x.jsonl.gz", source="hotline")
    with database.begin() as db:
        assert add_part(db, file, NOON)
        assert not add_part(db, file, NOON + HOUR)
        assert add_part(db, other, NOON - HOUR)
        assert [part.path for part in new_parts(db)] == [other.path, file.path]
        assert [part.lines for part in new_parts(db, "forum")] == [12]
        assert mark_analysed(db, file.path)
        assert not mark_analysed(db, file.path)
        assert [part.path for part in new_parts(db)] == [other.path]
        assert [(part.state, part.day) for part in all_parts(db)] == [
            ("new", date(2026, 3, 5)),
            ("analysed", date(2026, 3, 5)),
        ]


def test_quarantine_keeps_the_bytes_and_a_repeat_adds_nothing(database: Database) -> None:
    bad = Quarantined("热线", "工单.csv:3", "时间 = '昨天吧'\0", b"\xff\x00\xfe,1", NOON)
    with database.begin() as db:
        assert save_quarantined(db, [bad, replace(bad, where="工单.csv:4")]) == 2
        assert save_quarantined(db, [replace(bad, at=NOON + HOUR)]) == 0
        assert [source for source, *_ in waiting_reasons(db)] == ["热线", "热线"]
        assert list(list_quarantine(db, source="论坛")) == []
        waiting, _ = sorted(list_quarantine(db, source="热线"), key=lambda one: one.record.where)
        first, back = waiting.id, waiting.record
        assert (back.raw, back.reason, back.at) == (bad.raw, "时间 = '昨天吧'␀", NOON)
        assert settle_quarantined(db, first, REPLAYED, "王工", NOON + HOUR)
        assert not settle_quarantined(db, first, REPLAYED, "李工", NOON + 2 * HOUR)
        kept = find_quarantined(db, first)
        assert kept is not None
        assert (kept.state, kept.who, kept.settled, kept.record) == (REPLAYED, "王工", NOON + HOUR, back)
        assert [source for source, *_ in waiting_reasons(db)] == ["热线"]
        assert save_quarantined(db, [bad]) == 0


def test_runs_of_sources_are_kept(database: Database) -> None:
    run = SourceRun("论坛", NOON, None, 3, 2, 1, 0, 0, 5, None, "running")
    done = replace(run, finished=NOON + HOUR, status="few", note="少于预期")
    later = replace(done, started=NOON + 2 * HOUR, finished=NOON + 3 * HOUR)
    with database.begin() as db:
        for one in (run, done, later, replace(run, source="热线")):
            save_run(db, one)
        assert runs_since(db, NOON + HOUR) == [later]
        assert last_runs(db) == {"论坛": later, "热线": replace(run, source="热线")}
        assert last_runs(db)["论坛"].started.tzinfo is UTC


def test_single_values_are_kept(database: Database) -> None:
    with database.begin() as db:
        set_meta(db, "last_tick", "a")
        set_meta(db, "last_tick", "b")
        assert get_meta(db, "last_tick") == "b"


def test_only_what_changed_waits_for_the_index(database: Database) -> None:
    post = make_post()
    work = TicketStep(post.origin.revision, NOON, "assigned", "住建局")
    with database.begin() as db:
        save_posts(db, [(post, "event1")])
        save_events(db, [make_event()])
        save_alert(db, make_alert())
        save_tickets(db, [(post, work)])
        assert count_pending(db) == {"posts": 1, "events": 1, "alerts": 1, "series": 2, "tickets": 1}
        (waiting,) = pending_posts(db, 10)
        assert (waiting.id, waiting.record, waiting.event_id) == ("post1", post, "event1")
        mark_indexed(db, "posts", [(waiting.id, waiting.version)])
        mark_indexed(db, "events", [(one.id, one.version) for one in pending_events(db, 10)])
        mark_indexed(db, "alerts", [(one.id, one.version) for one in pending_alerts(db, 10)])
        mark_indexed(db, "series", [(one.id, one.version) for one in pending_series(db, 10)])
        mark_indexed(db, "tickets", [(one.id, one.version) for one in pending_tickets(db, 10)])
        save_tickets(db, [(post, work)])
        save_posts(db, [(post, "event1")])
        save_events(db, [make_event()])
        save_alert(db, make_alert())
        assert count_pending(db) == dict.fromkeys(KINDS, 0)
        save_posts(db, [(post, "event2")])
        assert pending_posts(db, 10)[0].version > waiting.version
        assert forget_indexed(db, "events") == 1
        assert count_pending(db) == {"posts": 1, "events": 1, "alerts": 0, "series": 0, "tickets": 0}


def test_a_row_changed_during_indexing_is_indexed_again(database: Database) -> None:
    with database.begin() as db:
        save_events(db, [make_event()])
        (taken,) = pending_events(db, 10)
    with database.begin() as db:
        save_events(db, [make_event(heat=2)])
    with database.begin() as db:
        mark_indexed(db, "events", [(taken.id, taken.version)])
        (again,) = pending_events(db, 10)
    assert again.record.heat == 2
    assert again.version > taken.version


def test_the_longest_waiting_come_first_and_no_more_than_asked(database: Database) -> None:
    with database.begin() as db:
        for number in range(5):
            save_events(db, [make_event(f"event{number}")])
        save_events(db, [make_event("event0", heat=2)])
        assert [one.id for one in pending_events(db, 3)] == ["event1", "event2", "event3"]


def test_a_version_grows_when_the_clock_goes_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([2_000_000, 1_000, 1_000, 5_000_000])
    monkeypatch.setattr("stores.database.upsert.time.time_ns", lambda: next(clock))
    versions = []
    with database.begin() as db:
        for heat in range(1, 5):
            save_events(db, [make_event(heat=heat)])
            versions.append(pending_events(db, 1)[0].version)
    assert versions == [2_000, 2_001, 2_002, 5_000]


def _write_and_hang_up(db: Connection) -> None:
    set_meta(db, "tick", "1")
    db.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


def test_a_lost_connection_is_one_clear_line(postgres_url: str) -> None:
    with Database(postgres_url) as database:
        database.upgrade()
        with pytest.raises(StoreUnavailable, match="用不了"), database.begin() as db:
            _write_and_hang_up(db)
        with database.read() as db:
            assert get_meta(db, "tick") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(
    where=st.text(),
    reason=st.text(alphabet=st.characters(codec=None, exclude_categories=())),
    raw=st.binary(),
)
def test_anything_unreadable_can_be_quarantined(
    database: Database, where: str, reason: str, raw: bytes
) -> None:
    record = Quarantined("论坛", where, reason, raw, NOON)
    with database.begin() as db:
        save_quarantined(db, [record])
        assert save_quarantined(db, [record]) == 0
        assert raw in {kept.record.raw for kept in list_quarantine(db)}


def test_a_run_keeps_why_something_is_missing(database: Database) -> None:
    run = replace(make_run(), failures={"超时": 2, "坏\0字": 1}, refusals={"缺标题或正文": 3}, complete=False)
    with database.begin() as db:
        save_run(db, run)
        [back] = runs_since(db, NOON)
        assert (back.failures, back.refusals, back.complete) == (
            {"超时": 2, "坏␀字": 1},
            {"缺标题或正文": 3},
            False,
        )


def test_a_gap_is_kept_until_it_is_settled(database: Database) -> None:
    gap = Gap("云汀论坛", NOON - 30 * HOUR, NOON, "连接被拒绝", NOON)
    with database.begin() as db:
        save_gap(db, gap)
        save_gap(db, closed := replace(gap, state=CLOSED, tries=2, settled=NOON + HOUR, note="已补回 3 条"))
        save_gap(db, other := replace(gap, source="热线"))
        assert list_gaps(db) == [closed, other]
        assert list_gaps(db, "云汀论坛") == [closed]


def test_a_day_without_a_run_is_there_when_it_lies_in_a_gap() -> None:
    gap = Gap("云汀论坛", NOON - 30 * HOUR, NOON, "连接被拒绝", NOON)
    days = split_by_day([make_run()], [gap])
    assert [(day.day.isoformat(), day.status, len(day.gaps)) for day in days] == [
        ("2026-03-04", "missed", 1),
        ("2026-03-05", "ok", 1),
    ]
    assert days[0].changed == NOON
