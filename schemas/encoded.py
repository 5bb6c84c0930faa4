"""Records as the raw zone keeps them, many at once: the lines, and what the state remembers of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from schemas.codec import encode
from schemas.records import RawPost


@dataclass(slots=True)
class EncodedPosts:
    """Columns of equal length: id, revision and time of fetching of each record, and its line as `encode`
    writes it."""

    ids: list[str] = field(default_factory=list)
    revisions: list[str] = field(default_factory=list)
    fetched: list[datetime] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, posts: Iterable[RawPost]) -> Self:
        """The records encoded."""
        found = cls()
        for post in posts:
            found.add(post)
        return found

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, post: RawPost) -> None:
        """One more record."""
        self.ids.append(post.origin.id)
        self.revisions.append(post.origin.revision)
        self.fetched.append(post.origin.fetched_at)
        self.lines.append(encode(post))

    def replace(self, at: int, post: RawPost) -> None:
        """Another record in the place of one."""
        self.ids[at], self.revisions[at] = post.origin.id, post.origin.revision
        self.fetched[at], self.lines[at] = post.origin.fetched_at, encode(post)

    def extend(self, others: "EncodedPosts") -> None:
        """More records."""
        self.ids += others.ids
        self.revisions += others.revisions
        self.fetched += others.fetched
        self.lines += others.lines

    def pick(self, places: Sequence[int]) -> "EncodedPosts":
        """The records at these places, in their order."""
        return EncodedPosts(
            [self.ids[at] for at in places],
            [self.revisions[at] for at in places],
            [self.fetched[at] for at in places],
            [self.lines[at] for at in places],
        )

    def slice(self, start: int, end: int) -> "EncodedPosts":
        """The records from one place until before another."""
        return EncodedPosts(
            self.ids[start:end], self.revisions[start:end], self.fetched[start:end], self.lines[start:end]
        )
