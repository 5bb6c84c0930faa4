"""What people call what the records name by a key; the documents of the index carry both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def _no_page(_alert_id: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Names:
    """What people call what a record names by its key: sources and duty groups. A key that has no name is
    shown as it is. `page` gives the address of the page of an alert by its id, None where there is none."""

    publishers: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    page: Callable[[str], str | None] = _no_page

    def publisher(self, source: str) -> str:
        """Who publishes a source, such as 街坊论坛."""
        return self.publishers.get(source, source)

    def group(self, route: str) -> str:
        """The name of a duty group."""
        return self.groups.get(route, route)


NO_NAMES = Names()
