"""What became of documents that were sent to the index, sorted by what it means for us."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from schemas.records import Quarantined
from stores.elastic_bulk import Outcome, is_disk_full
from stores.errors import StoreRefusedError


@dataclass(frozen=True, slots=True)
class Rejected:
    """A document, as JSON, that the server will never take as it is, with its reason."""

    id: str
    reason: str
    document: bytes


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What became of some documents of a kind.

    `settled` are the (id, version) pairs that need not be sent again: written, `superseded` by a newer
    version that the index holds already, or `rejected`. The rest a busy or full server `deferred`.
    """

    kind: str
    indexed: int = 0
    superseded: int = 0
    rejected: tuple[Rejected, ...] = ()
    settled: tuple[tuple[str, int], ...] = ()
    deferred: int = 0
    deferred_reason: str = ""

    def __add__(self, other: "IndexReport") -> "IndexReport":
        return IndexReport(
            self.kind,
            self.indexed + other.indexed,
            self.superseded + other.superseded,
            self.rejected + other.rejected,
            self.settled + other.settled,
            self.deferred + other.deferred,
            self.deferred_reason or other.deferred_reason,
        )

    def quarantined(self, at: datetime) -> list[Quarantined]:
        """The rejected documents as quarantine records."""
        source = f"elasticsearch/{self.kind}"
        return [Quarantined(source, one.id, one.reason, one.document, at) for one in self.rejected]

    @property
    def refusal(self) -> str:
        """Why the server did not take some of them, in words; empty where it took all."""
        if not self.deferred:
            return ""
        if is_disk_full(self.deferred_reason):
            return (
                "磁盘快满了，Elasticsearch 把索引锁成只读；没写进去的都在状态库里等着。"
                f"清出磁盘后锁会自行解除，再运行一次即可（{self.deferred_reason}）"
            )
        return self.deferred_reason


@dataclass(slots=True)
class _Tally:
    indexed: int = 0
    superseded: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    settled: list[tuple[str, int]] = field(default_factory=list)
    deferred: int = 0
    reason: str = ""

    def count(self, one: Outcome) -> None:
        if one.written:
            self.indexed += 1
        elif one.status == 409:
            self.superseded += 1
        elif one.status == 400:
            # Only this status blames the document itself; all others may pass.
            self.rejected.append(Rejected(one.id, one.reason, one.source))
        elif one.status == 404:
            reason = f"索引还没有建好，先运行 qianshao index apply（{one.reason}）"
            raise StoreRefusedError(reason)
        else:
            self.deferred += 1
            self.reason = self.reason or f"{one.status} {one.reason}"
            return
        self.settled.append((one.id, one.version))


def sum_up(kind: str, outcomes: Iterable[Outcome]) -> IndexReport:
    """Outcomes put together. Raises StoreRefusedError where the documents' index is not there."""
    tally = _Tally()
    for one in outcomes:
        tally.count(one)
    return IndexReport(
        kind,
        tally.indexed,
        tally.superseded,
        tuple(tally.rejected),
        tuple(tally.settled),
        tally.deferred,
        tally.reason,
    )
