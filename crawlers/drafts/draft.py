"""A draft of a source: its kind, its fields, and what could not be detected."""

from dataclasses import dataclass, field

from crawlers.source import Kind


@dataclass(slots=True)
class Draft:
    """What a source file will say. `base` is the spider, `module` where it stands.

    `fields` are the class attributes in the order they are written, `methods` the lines of small methods;
    `missing` says in Chinese what somebody has to fill in, `links` are pages to look at next, `maps` the
    sitemaps of an index, `older` the page that a `paging` would ask for next; `count` is how many entries
    the first page has; `timed` whether each of them states its time.
    """

    kind: Kind
    base: str
    module: str
    url: str
    publisher: str = ""
    count: int = 0
    timed: bool = False
    fields: dict[str, str | bool | dict[str, str]] = field(default_factory=dict)
    methods: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    maps: list[str] = field(default_factory=list)
    older: str = ""

    def note(self, name: str, value: str, told: str) -> None:
        """Set a field to what was detected, or say that nothing was."""
        if value:
            self.fields[name] = value
        else:
            self.missing.append(f"{told}（{name}）")
