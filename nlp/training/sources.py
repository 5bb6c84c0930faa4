"""What the cards say of tasks and data: nlp/knowledge/training.yml."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from nlp.knowledge import read_knowledge
from schemas.reading import Section


@dataclass(frozen=True, slots=True)
class TaskText:
    """The fixed sentences of a task's card, and the names of the files it is trained on, in their order."""

    zh: str
    files: tuple[str, ...]
    purpose: str
    method: str
    split: str
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """Use and terms of each known data file; which may only be measured on; which have an order in time.

    Of the files in `other_every` each so manieth row is a complaint label `other`, of those in `told_every`
    a post that is no rumour.
    """

    by_name: Mapping[str, tuple[str, str]]
    measure_only: tuple[str, ...]
    timed: tuple[str, ...]
    other_every: Mapping[str, int]
    told_every: Mapping[str, int]
    tasks: Mapping[str, TaskText]

    def of(self, name: str) -> tuple[str, str]:
        """Use and terms of a file; a file nobody described is named so."""
        return self.by_name.get(name, ("未登记", "未登记"))


def load_terms() -> Terms:
    """The shipped texts. Raises ReadError."""
    top = read_knowledge("training")
    tasks = {
        name: TaskText(
            one.text("zh"),
            one.texts("files", 1),
            one.text("purpose"),
            one.text("method"),
            one.text("split"),
            one.texts("limits", 1),
        )
        for name, one in top.named("tasks")
    }
    sources = {name: (one.text("use"), one.text("terms")) for name, one in top.named("sources")}
    terms = Terms(
        by_name=sources,
        measure_only=top.texts("measure_only", 1),
        timed=top.texts("timed", 1),
        other_every=_read_steps(top.section("other_every")),
        told_every=_read_steps(top.section("told_every")),
        tasks=tasks,
    )
    top.close()
    return terms


def _read_steps(section: Section) -> Mapping[str, int]:
    return {name: section.whole(name, 1) for name in section.names()}


def plain_reports() -> tuple[str, ...]:
    """Own sentences that tell of an incident, or deny one, without being a rumour; one a line in
    nlp/knowledge."""
    text = (files("nlp.knowledge") / "plain_reports.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line)


def plain_complaints() -> tuple[tuple[str, str], ...]:
    """Own short complaints and small talk, each with its label."""
    top = read_knowledge("plain_complaints")
    said = tuple((text, label) for label in top.names() for text in top.texts(label, 1))
    top.close()
    return said
