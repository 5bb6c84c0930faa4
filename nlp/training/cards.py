"""The model card: what a model was made of, how good it is, what it is not for; as JSON and as Markdown."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import orjson

from nlp.training.scores import Scores


@dataclass(frozen=True, slots=True)
class Source:
    """A file that went into a model: name, SHA-256 of its bytes, rows, what it gave, terms of its owner."""

    name: str
    sha256: str
    rows: int
    use: str
    terms: str


@dataclass(frozen=True, slots=True)
class Card:
    """Everything a reader needs to judge a model; generated from the run that made it, never by hand."""

    task: str
    zh: str
    purpose: str
    method: str
    split: str
    sources: tuple[Source, ...]
    labels: tuple[str, ...]
    features: int
    trained: int
    scores: Scores
    threshold: float
    limits: tuple[str, ...]
    versions: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> list[dict[str, object]]:
        """The scores as rows of a table."""
        return self.scores.rows()

    def to_json(self) -> bytes:
        """The card for machines, keys in order, so that the same run gives the same bytes."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"

    def to_markdown(self) -> str:
        """The card for people, in Chinese."""
        return "\n".join(
            [*self._head(), *self._score_lines(), *self._source_lines(), *self._limit_lines(), ""]
        )

    def _head(self) -> list[str]:
        size = f"最终模型用 {self.trained} 条训练，{self.features} 个特征"
        abstains = f"；低于 {self.threshold} 的概率不作答" if self.threshold else ""
        versions = "、".join(f"{name} {version}" for name, version in sorted(self.versions.items()))
        return [
            f"# 模型卡：{self.zh}（{self.task}）",
            "",
            f"- 用途：{self.purpose}",
            f"- 方法：{self.method}",
            f"- 划分：{self.split}",
            f"- 标签：{'、'.join(self.labels)}",
            f"- 规模：{size}{abstains}",
            f"- 软件：{versions}",
        ]

    def _score_lines(self) -> list[str]:
        scores = self.scores
        lines = [
            "",
            f"## 成绩（留出的 {scores.rows_scored} 条，未参与训练）",
            "",
            "| 指标 | 值 | 95% 区间 |",
            "|---|---|---|",
        ]
        lines += [
            f"| {name} | {one.value:.4f} | {one.low:.4f}–{one.high:.4f} |"
            for name, one in scores.measures.items()
        ]
        lines += ["", "| 标签 | F1 |", "|---|---|"]
        lines += [f"| {label} | {f1:.4f} |" for label, f1 in scores.f1_by_label.items()]
        lines += ["", "最常见的错误：", ""]
        return lines + [f"- {one.label} 判为 {one.taken_for}：{one.count} 条" for one in scores.confusions]

    def _source_lines(self) -> list[str]:
        lines = ["", "## 数据", "", "| 名称 | 行数 | 用作 | 条款 | SHA-256 |", "|---|---|---|---|---|"]
        return lines + [
            f"| {one.name} | {one.rows} | {one.use} | {one.terms} | `{one.sha256[:16]}…` |"
            for one in self.sources
        ]

    def _limit_lines(self) -> list[str]:
        return ["", "## 不适用", "", *(f"- {limit}" for limit in self.limits)]
