"""Silences and used links in the state, on SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.records import AlertState
from schemas.silences import Silence
from stores.database import Database
from stores.database.alerts import (
    alerts_by_id,
    lock_alerts,
    log_sending,
    log_skipped,
    open_alerts,
    save_alert,
    unsent_alerts,
)
from stores.database.links import UsedLink, find_used, use_link
from stores.database.silences import (
    all_silences,
    end_silence,
    log_muted,
    muted_alerts,
    save_silence,
    silences_at,
)
from tests.stores.examples import NOON, make_alert, make_mail

HOUR = timedelta(hours=1)
SILENCE = Silence(
    "a1b2c3", "王某", "道路施工", NOON, NOON + 2 * HOUR, place="云汀市/汀东区", label="incident.*"
)


def test_a_silence_is_in_force_until_its_end_or_until_somebody_ends_it(database: Database) -> None:
    other = replace(SILENCE, id="ffffff", until=NOON + 9 * HOUR)
    with database.begin() as db:
        save_silence(db, SILENCE)
        save_silence(db, other)
        assert silences_at(db, NOON + HOUR) == [SILENCE, other]
        assert silences_at(db, NOON + 2 * HOUR) == [other]
        assert end_silence(db, "ffffff", "李某", NOON + 3 * HOUR)
        assert not end_silence(db, "ffffff", "李某", NOON + 4 * HOUR)
        assert silences_at(db, NOON + 3 * HOUR) == []
        assert {one.ended_by for one in all_silences(db)} == {"", "李某"}
        with pytest.raises(ValueError, match="a1b2c3"):
            save_silence(db, SILENCE)


def test_what_a_silence_mutes_is_noted_once(database: Database) -> None:
    with database.begin() as db:
        assert log_muted(db, SILENCE.id, [("alert1", 1), ("alert1", 2), ("alert2", 1)], NOON) == 3
        assert log_muted(db, SILENCE.id, [("alert1", 2)], NOON + HOUR) == 0
        assert sorted(muted_alerts(db, SILENCE.id)) == ["alert1", "alert2"]


def test_a_link_is_used_once_and_says_by_whom(database: Database) -> None:
    link = UsedLink("0" * 64, "alert1", "ack", "王某", NOON)
    with database.begin() as db:
        assert find_used(db, link.token) is None
        assert use_link(db, link)
        assert not use_link(db, replace(link, who="李某"))
        assert find_used(db, link.token) == link


def test_false_alarms_are_over_and_snoozed_ones_are_not(database: Database) -> None:
    snoozed = replace(make_alert("snoozed"), state=AlertState.SNOOZED, until=NOON)
    false = replace(make_alert("false"), state=AlertState.FALSE_ALARM)
    with database.begin() as db:
        save_alert(db, snoozed)
        save_alert(db, false)
        assert open_alerts(db) == [snoozed]
        assert alerts_by_id(db, ["false"]) == {"false": false}
        assert lock_alerts(db, ["snoozed", "false", "unknown"]) == {"snoozed": snoozed, "false": false}


def test_a_revision_told_in_a_digest_after_its_own_mail_failed_is_not_unsent(database: Database) -> None:
    alert = make_alert()
    with database.begin() as db:
        save_alert(db, alert)
        log_sending(db, make_mail(alert), NOON)
        assert unsent_alerts(db) == [alert]
        log_skipped(db, alert, NOON, "列入汇总邮件")
        assert unsent_alerts(db) == []
