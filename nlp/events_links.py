"""What the links between events say of the past: which event took a post first, and which took it over."""

from collections.abc import Iterable

from schemas.records import EventLink, LinkKind


class LinkHistory:
    """Links in the order they were made, looked up by post and by event."""

    def __init__(self, links: Iterable[EventLink]) -> None:
        self.merged_by: dict[str, EventLink] = {}
        self.split_from: dict[str, str] = {}
        self._first: dict[str, str] = {}
        self._went_to: dict[str, str] = {}
        for link in links:
            if link.kind == LinkKind.SPLIT:
                self.split_from[link.event_id] = link.other_id
                continue
            self.merged_by[link.post_id] = link
            self._went_to[link.event_id] = link.other_id
            for post_id in link.post_ids:
                self._first.setdefault(post_id, link.event_id)

    def first_event(self, post_id: str, event_id: str) -> str:
        """The event that the post joined when it came; `event_id` is where it is now."""
        return self._first.get(post_id, event_id)

    def survivor(self, event_id: str) -> str:
        """The event that an event's posts are in now: itself where it has not merged."""
        while event_id in self._went_to:
            event_id = self._went_to[event_id]
        return event_id
