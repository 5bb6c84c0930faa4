"""Which level a warning has, and why: the findings of all rules on one matter become one judgement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alerts.findings import Finding
from alerts.standing import last_support
from alerts.wording import level_zh
from schemas.records import Alert, Level

MOST_POSTS = 50
CITATION = "依据信息编号："


@dataclass(frozen=True, slots=True)
class Judgement:
    """One warning's level with its reason in Chinese sentences, the posts it rests on and what was measured.

    `lead` is the finding that decided the level, `support` says which rule holds which level.
    """

    level: Level
    reason: str
    post_ids: tuple[str, ...]
    measures: Mapping[str, int]
    lead: Finding
    support: Mapping[str, Level]


def judge_level(findings: Iterable[Finding], standing: Alert | None = None) -> Judgement:
    """The highest level among the findings, with all their reasons. Rumour probability plays no part.

    A warning that stands does not fall by a new finding: it keeps its level, and the reason says so; it falls
    when the matter ebbs or its facts are corrected (easing.py). Raises ValueError without a finding.
    """
    ranked = sorted(findings, key=lambda one: (one.level, one.rule.name))
    if not ranked:
        raise ValueError("a judgement needs a finding")
    lead = ranked[0]
    sentences = [f"按规则“{one.rule.title}”定为{level_zh(one.level)}：{one.reason}" for one in ranked]
    level = lead.level
    if standing is not None and standing.level < level:
        level = standing.level
        sentences.insert(0, f"此前已定为{level_zh(level)}，级别不变。")
    return Judgement(
        level=level,
        reason="".join(sentences) + (_cite(lead.post_ids) if lead.post_ids else ""),
        post_ids=_join_posts(ranked),
        measures=_highest(one.measures for one in ranked),
        lead=lead,
        support=_support(ranked, standing),
    )


def _cite(post_ids: tuple[str, ...]) -> str:
    """Where it is written, so that every claim can be looked up."""
    shown = "、".join(post_ids[:5])
    return f"{CITATION}{shown}{' 等' if len(post_ids) > 5 else ''}。"


def _support(ranked: list[Finding], standing: Alert | None) -> dict[str, Level]:
    """The level each rule holds: as it found it now, else as it was told before."""
    known = {} if standing is None else last_support(standing)
    return known | {one.rule.name: one.level for one in reversed(ranked)}


def _join_posts(findings: list[Finding]) -> tuple[str, ...]:
    every = (post_id for one in findings for post_id in one.post_ids)
    return tuple(dict.fromkeys(every))[:MOST_POSTS]


def _highest(measures: Iterable[Mapping[str, int]]) -> dict[str, int]:
    highest: dict[str, int] = {}
    for one in measures:
        for name, count in one.items():
            highest[name] = max(count, highest.get(name, 0))
    return highest
