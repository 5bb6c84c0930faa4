"""What the revisions of a ticket say together: state, unit, times, transfers."""

import random
from datetime import datetime, timedelta

import pytest

from schemas.errors import ReadError, Where
from schemas.posts import make_post
from schemas.tickets import STATES_ZH, Ticket, TicketStep, hours_between, read_step
from schemas.times import SHANGHAI

NOON = datetime(2026, 3, 5, 12, 0, tzinfo=SHANGHAI)
HOUR = timedelta(hours=1)
HERE = Where("test", 1)


def make_ticket(*steps: TicketStep, submitted: datetime | None = NOON) -> Ticket:
    return Ticket("id1", "demo", "YT1", "路灯不亮", "urban_rural", None, "none", None, submitted, steps)


def step(hours: int, state: str = "", unit: str = "", **told: object) -> TicketStep:
    return TicketStep(f"r{hours}", NOON + hours * HOUR, state, unit, **told)  # type: ignore[arg-type]


def test_a_record_says_what_is_done_about_its_ticket() -> None:
    said = {
        "state": "answered",
        "unit": "汀东区住建局",
        "reply": "已安排维修",
        "reply_time": "2026-03-06T10:00:00+08:00",
        "due_time": "2026-03-12 18:00:00",
    }
    post = make_post("demo", "YT1", "路灯不亮", "请修", fetched_at=NOON, ticket="YT1", extra=said)
    found = read_step(post, HERE)
    assert found == TicketStep(
        post.origin.revision,
        NOON,
        "answered",
        "汀东区住建局",
        replied=True,
        replied_at=datetime(2026, 3, 6, 10, tzinfo=SHANGHAI),
        due=datetime(2026, 3, 12, 18, tzinfo=SHANGHAI),
    )


def test_a_post_without_a_number_is_no_ticket_and_a_time_that_is_none_is_refused() -> None:
    assert read_step(make_post("forum", "1", "", "请修", fetched_at=NOON), HERE) is None
    wrong = make_post("demo", "1", "", "请修", fetched_at=NOON, ticket="1", extra={"reply_time": "改天"})
    with pytest.raises(ReadError, match="test:1: reply_time = '改天'"):
        read_step(wrong, HERE)


def test_the_last_word_on_state_and_unit_holds_and_transfers_are_counted() -> None:
    ticket = make_ticket(
        step(0, "new"), step(1, "assigned", "住建局"), step(2, "assigned", "城管局"), step(3)
    )
    assert (ticket.state, ticket.unit, ticket.transfers, ticket.stage) == ("assigned", "城管局", 1, "working")
    assert ticket.accepted_at == NOON + HOUR


def test_times_are_those_the_source_names_else_when_the_change_was_seen() -> None:
    named = NOON + timedelta(minutes=5)
    seen = make_ticket(step(0, "working"), step(2, "answered", replied=True), step(4, "closed", replied=True))
    assert (seen.replied_at, seen.closed_at) == (NOON + 2 * HOUR, NOON + 4 * HOUR)
    told = make_ticket(step(0, "working"), step(2, "closed", replied=True, replied_at=named, closed_at=named))
    assert (told.replied_at, told.closed_at) == (named, named)
    at_once = make_ticket(step(0, "closed", replied=True))
    assert (at_once.replied, at_once.replied_at, at_once.closed_at) == (True, None, None)


def test_a_ticket_that_is_worked_on_again_is_not_closed() -> None:
    ticket = make_ticket(step(0, "working"), step(1, "closed"), step(2, "returned"))
    assert (ticket.closed_at, ticket.stage) == (None, "working")


@pytest.mark.parametrize(
    ("steps", "stage"),
    [
        ((step(0),), "unknown"),
        ((step(0, "new"),), "waiting"),
        ((step(0, unit="住建局"),), "working"),
        ((step(0, "转办"),), "working"),
        ((step(0, replied=True),), "done"),
        ((step(0, "duplicate"),), "done"),
        ((step(0, "working", closed_at=NOON),), "done"),
    ],
    ids=["nothing said", "new", "a unit", "own word", "answered board", "duplicate", "closing time"],
)
def test_each_ticket_waits_is_worked_on_or_is_done(steps: tuple[TicketStep, ...], stage: str) -> None:
    assert make_ticket(*steps).stage == stage


def test_of_two_revisions_fetched_together_the_one_further_in_the_work_is_the_later() -> None:
    in_order = [TicketStep("z", NOON), *(TicketStep("r", NOON, state) for state in STATES_ZH)]
    shuffled = random.Random(1).sample(in_order, len(in_order))
    assert sorted(shuffled, key=lambda one: one.order) == in_order


def test_hours_run_forwards_only() -> None:
    assert hours_between(NOON, NOON + timedelta(minutes=90)) == 1.5
    assert hours_between(NOON, NOON - HOUR) is None
    assert hours_between(None, NOON) is None
