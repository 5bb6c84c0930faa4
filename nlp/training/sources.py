"""What the cards say of tasks and data: nlp/knowledge/training.yml."""

from collections.abc import Mapping
from dataclasses import dataclass

from nlp.knowledge import read_knowledge


@dataclass(frozen=True, slots=True)
class TaskText:
    """The fixed sentences of a task's card."""

    zh: str
    purpose: str
    method: str
    split: str
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """Use and terms of each known data file; which may only be measured on; which have an order in time."""

    by_name: Mapping[str, tuple[str, str]]
    measure_only: tuple[str, ...]
    timed: tuple[str, ...]
    other_every: Mapping[str, int]
    tasks: Mapping[str, TaskText]

    def of(self, name: str) -> tuple[str, str]:
        """Use and terms of a file; a file nobody described is named so."""
        return self.by_name.get(name, ("未登记", "未登记"))


def load_terms() -> Terms:
    """The shipped texts. Raises ReadError."""
    top = read_knowledge("training")
    tasks = {
        name: TaskText(
            one.text("zh"), one.text("purpose"), one.text("method"), one.text("split"), one.texts("limits", 1)
        )
        for name, one in top.named("tasks")
    }
    sources = {name: (one.text("use"), one.text("terms")) for name, one in top.named("sources")}
    every = top.section("other_every")
    terms = Terms(
        by_name=sources,
        measure_only=top.texts("measure_only", 1),
        timed=top.texts("timed", 1),
        other_every={name: every.whole(name, 1) for name in every.names()},
        tasks=tasks,
    )
    top.close()
    return terms
