"""Rules over the whole DAG bag: what every DAG file must have."""

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

pytestmark = [
    pytest.mark.airflow,
    # Airflow and its libraries warn about themselves; our own warnings stay errors elsewhere.
    pytest.mark.filterwarnings("ignore"),
]
DAGS = Path(__file__).parents[2] / "dags"
FILES = sorted(DAGS.glob("*.py"))
TAGS = {"qianshao", "collect", "analyse", "warn", "report", "retain"}
HEAVY = {"pandas", "sklearn", "jieba", "rjieba", "numpy", "scipy", "sqlalchemy", "elasticsearch", "scrapy"}


def test_every_dag_loads(dagbag: "DagBag") -> None:
    assert not dagbag.import_errors
    assert set(dagbag.dags) == {
        f"qianshao_{name}" for name in ("collect", "analyse", "warn", "report", "retain")
    }


def test_every_dag_has_notes_owner_and_known_tags(dagbag: "DagBag") -> None:
    for dag in dagbag.dags.values():
        assert dag.doc_md
        assert "值班要点" in dag.doc_md
        assert dag.default_args["owner"]
        assert set(dag.tags) <= TAGS
        assert dag.default_args["retries"] >= 2


def test_assets_chain_the_dags(dagbag: "DagBag") -> None:
    from dags.assets import EVENTS, RAW

    assert RAW in dagbag.dags["qianshao_collect"].get_task("announce").outlets
    assert EVENTS in dagbag.dags["qianshao_analyse"].get_task("analyse_parts").outlets
    assert RAW.name in str(dagbag.dags["qianshao_analyse"].timetable.asset_condition)
    assert EVENTS.name in str(dagbag.dags["qianshao_warn"].timetable.asset_condition)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_file_is_short_and_light_at_module_level(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 80
    for node in ast.parse(text).body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.split(".")[0] for name in names} & HEAVY
