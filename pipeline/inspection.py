"""What the commands list: source files, rules with their own tests."""

from collections.abc import Mapping
from pathlib import Path

from crawlers.discovery import find_source, read_sources
from crawlers.goldens import check_goldens, golden_files
from crawlers.keys import missing_keys
from crawlers.source import Source
from pipeline.rehearsal import rehearse_rule
from pipeline.rooms import load_core, load_knowledge
from schemas.rules.loader import load_rules

Row = Mapping[str, object]


def inspect_sources(folder: Path | None, variables: Mapping[str, str]) -> tuple[list[Row], list[str]]:
    """The readable sources as rows, and one line for every file that is not right or lacks a key.

    The golden pages of each are read again; one line for every page that gives something else now.
    """
    sources, errors = read_sources(folder)
    found = [find_source(source.name, folder) for source in sources]
    problems = [line for file in found for line in check_goldens(file)]
    problems += [
        f"{source.name}：缺少密钥 {name}，不采集"
        for source in sources
        for name in missing_keys(source, variables)
        if source.enabled
    ]
    rows: list[Row] = [
        {
            "名称": source.name,
            "发布者": source.publisher,
            "类型": source.kind,
            "网址": source.url,
            "启用": "是" if source.enabled else "否",
            "核实": source.verified.isoformat() if source.verified else "未在线核实",
            "样例": len(golden_files(file)),
            "密钥": _told_keys(source, variables),
        }
        for source, file in zip(sources, found, strict=True)
    ]
    return rows, [*(str(error) for error in errors), *problems]


def _told_keys(source: Source, variables: Mapping[str, str]) -> str:
    """Whether a source has the keys it needs; never what they are."""
    missing = missing_keys(source, variables)
    if not source.needs:
        return "不需要"
    return f"缺 {'、'.join(missing)}" if missing else "已设（不显示）"


def inspect_rules(folder: Path | None, deployment: Path | None) -> tuple[list[Row], list[str]]:
    """The rules as rows, and one line for every test inside a rule that does not end as it says.

    Raises ReadError for the first file that is not right.
    """
    knowledge, core = load_knowledge(deployment), load_core(deployment)
    rules = knowledge.rules if folder is None else load_rules(folder, knowledge.duty)
    problems = [line for rule in rules for line in rehearse_rule(rule, core, knowledge)]
    failed = {problem.split("：")[0] for problem in problems}
    rows: list[Row] = [
        {
            "规则": rule.name,
            "标题": rule.title,
            "状态": rule.status,
            "级别": rule.level.name.lower(),
            "测试": f"{len(rule.tests)} 项{'有误' if rule.name in failed else '通过'}",
        }
        for rule in rules
    ]
    return rows, problems
