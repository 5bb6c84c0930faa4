"""The mode a deployment is in: the switches kept in the state, and the commands that make them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.modes import AUTO, ModeClock, ModeState, Switch, switches_of
from alerts.wording import full_time
from pipeline.rooms import Rooms
from schemas.codec import decode, encode
from schemas.errors import ReadError, Where, one_of
from schemas.modes import load_modes
from stores.database.alerts import alerts_since
from stores.database.meta import get_meta, set_meta

_KEY = "mode.switches"
_WHERE = Where("qianshao mode")
# Red warnings of longer ago have run out and are told in the warnings' own history.
_LOOK_BACK = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Switches:
    """Every switch that a command made, oldest first; none is ever taken out."""

    made: tuple[Switch, ...] = ()


def open_clock(db: Connection, now: datetime) -> ModeClock:
    """The modes with the switches of commands and of the red warnings of late."""
    on_red = next((mode for mode in load_modes().values() if mode.begins == "red_alert"), None)
    red = [switch for alert in alerts_since(db, now - _LOOK_BACK) for switch in switches_of(alert, on_red)]
    return ModeClock([*_load(db).made, *red])


def current_mode(rooms: Rooms, now: datetime) -> ModeState:
    """The mode at a moment and why."""
    with rooms.database.read() as db:
        return open_clock(db, now).at(now)


def set_mode(
    rooms: Rooms, name: str, *, now: datetime, until: datetime | None, why: str, who: str
) -> ModeState:
    """Switch the mode from now on, or hand the choice back to calendar and warnings (`auto`).

    Raises ReadError for an unknown mode, an empty reason or an end that has passed.
    """
    allowed = (*load_modes(), AUTO)
    if name not in allowed:
        raise ReadError(_WHERE, "模式", name, one_of(allowed))
    if not why.strip():
        raise ReadError(_WHERE, "--why", why, "写明原因，记入历史")
    if until is not None and until <= now:
        raise ReadError(_WHERE, "--until", until.isoformat(), "现在以后的时间")
    with rooms.database.begin() as db:
        made = (*_load(db).made, Switch(now, name, why.strip(), until, who))
        set_meta(db, _KEY, encode(Switches(made)).decode())
        return open_clock(db, now).at(now)


def mode_rows(rooms: Rooms, now: datetime) -> list[Mapping[str, object]]:
    """Every switch, newest first, as rows."""
    names = {name: mode.zh for name, mode in load_modes().items()} | {AUTO: "自动"}
    with rooms.database.read() as db:
        switches = open_clock(db, now).switches
    return [
        {
            "时间": full_time(switch.at),
            "模式": names[switch.mode],
            "至": "" if switch.until is None else full_time(switch.until),
            "原因": switch.why,
            "何人": switch.who,
        }
        for switch in reversed(switches)
    ]


def _load(db: Connection) -> Switches:
    kept = get_meta(db, _KEY)
    return Switches() if kept is None else decode(Switches, kept.encode(), _WHERE)
