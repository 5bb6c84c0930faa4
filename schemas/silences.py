"""A silence: what somebody asked not to be mailed about for a time, and why."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Silence:
    """Mutes the warnings that fit all it names, from `since` until `until`; red ones never.

    `place` is a place's path and takes in all below it, `label` a pattern such as `incident.fire` or
    `complaint.*`, `rule` a rule's name, `group` one matter (see Alert.group); empty for any. `ended_by` is
    who ended it before its time.
    """

    id: str
    author: str
    reason: str
    since: datetime
    until: datetime
    place: str = ""
    label: str = ""
    rule: str = ""
    group: str = ""
    ended_by: str = ""
