"""What each role must and must not do, on a real server with TLS and security on."""

from collections.abc import Iterator

import pytest

from pipeline.dev.elastic import Elastic, Login
from pipeline.dev.service import PartMissingError
from schemas.elasticsearch import load_roles
from schemas.tickets import Ticket, TicketStep
from stores.database.index import Pending
from stores.database.series import Cell, Count
from stores.elastic import ElasticStore
from stores.errors import StoreUnavailable
from tests.conftest import miss
from tests.parts.elastic import install_secured
from tests.stores.examples import NOON, make_alert, make_event, make_post

pytestmark = [pytest.mark.elastic, pytest.mark.slow]
ROLES = ("writer", "analyst", "alert_reader")
LOGINS = {name: Login(name, f"{name}-password", f"qianshao_{name}") for name in ROLES}
COUNT = Count(Cell(490_000, "云汀市/汀东区", "990101", "incident.gas_leak"), 3)
TICKET = Ticket(
    "post1", "demo_12345", "YT1", "路灯不亮", "urban_rural", None, "none", None, NOON,
    (TicketStep("r1", NOON),),
)  # fmt: skip
REFUSED = "拒绝访问，请检查账号与权限"


@pytest.fixture(scope="module")
def secured() -> Iterator[Elastic]:
    """A node with a user of each shipped role; the writer has written a post, an event and an alert."""
    try:
        node = install_secured(list(LOGINS.values()), load_roles())
    except PartMissingError as error:
        miss(str(error))
    try:
        node.start()
        with login(node, "writer") as store:
            store.apply()
            store.index_posts([Pending("post1", 1, make_post(), "event1", "2026.03")])
            store.index_events([Pending("event1", 1, make_event(), "event1")])
            store.index_alerts([Pending("alert1", 1, make_alert(), "event1")])
            [_] = store.write_records("series", [Pending("cell1", 1, COUNT)])
            [_] = store.write_records("tickets", [Pending("post1", 1, TICKET)])
            store.refresh()
        yield node
    finally:
        node.remove()


def login(node: Elastic, name: str, password: str | None = None) -> ElasticStore:
    """A connection as the user of that role."""
    user = LOGINS[name]
    return ElasticStore(
        node.url, user=user.name, password=password or user.password, ca_file=str(node.authority)
    )


def test_the_writer_repeats_itself_and_reads_nothing(secured: Elastic) -> None:
    with login(secured, "writer") as store:
        assert store.apply().changed == ()
        assert store.index_posts([Pending("post1", 2, make_post(), "event1", "2026.03")]).indexed == 1
        for forbidden in (
            lambda: store.search_words([]),
            lambda: store.get("posts", "post1"),
            lambda: list(store.documents("posts")),
        ):
            with pytest.raises(StoreUnavailable, match=REFUSED):
                forbidden()


def test_the_analyst_reads_everything_and_changes_nothing(secured: Elastic) -> None:
    with login(secured, "analyst") as store:
        kinds = ("posts", "events", "alerts", "series", "tickets")
        assert [store.count(kind) for kind in kinds] == [1] * 5
        assert store.search_words(["燃气"]).total == 1
        for forbidden in (
            lambda: store.index_posts([Pending("post2", 1, make_post("post2"), None, "2026.03")]),
            lambda: store.client.indices.delete(index="qianshao-posts-v3-2026.03"),
            lambda: store.client.delete(index="qianshao-posts", id="post1"),
        ):
            with pytest.raises(Exception, match=r"拒绝访问|security_exception"):
                forbidden()
        assert store.count("posts") == 1


def test_a_duty_room_reads_alerts_and_events_and_no_posts(secured: Elastic) -> None:
    with login(secured, "alert_reader") as store:
        assert (store.count("alerts"), store.count("events")) == (1, 1)
        for kind in ("posts", "series", "tickets"):
            with pytest.raises(StoreUnavailable, match=REFUSED):
                store.count(kind)
        with pytest.raises(StoreUnavailable, match=REFUSED):
            store.search_words(["燃气"])
        with pytest.raises(StoreUnavailable, match=REFUSED):
            store.index_alerts([Pending("alert2", 1, make_alert(), None)])


def test_a_wrong_password_is_one_line_without_the_password(secured: Elastic) -> None:
    with (
        login(secured, "analyst", "wrong-password") as store,
        pytest.raises(StoreUnavailable, match=REFUSED) as raised,
    ):
        store.health()
    assert "wrong-password" not in str(raised.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(secured: Elastic) -> None:
    with (
        ElasticStore(secured.url, user="analyst", password=LOGINS["analyst"].password) as store,
        pytest.raises(StoreUnavailable, match="TLS"),
    ):
        store.health()
