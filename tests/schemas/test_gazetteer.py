"""The shipped divisions, and what a broken table says."""

import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from schemas.errors import ReadError
from schemas.gazetteer import FOLDER, load_gazetteer


def test_counts_by_level() -> None:
    assert Counter(entry.level for entry in load_gazetteer()) == {
        "province": 31,
        "city": 342,
        "district": 2978,
        "street": 41352,
    }


def test_codes_lead_up_to_the_province() -> None:
    by_code = {entry.code: entry for entry in load_gazetteer()}
    entry = by_code["110101001"]
    assert (entry.name, entry.level) == ("东华门街道", "street")
    names = []
    while entry.parent is not None:
        entry = by_code[entry.parent]
        names.append(entry.name)
    assert names == ["东城区", "市辖区", "北京市"]


def test_codes_are_unique() -> None:
    assert len({entry.code for entry in load_gazetteer()}) == len(load_gazetteer())


def test_licence_lies_beside_the_tables() -> None:
    assert "WHAT THE FUCK YOU WANT TO PUBLIC LICENSE" in (FOLDER / "LICENSE").read_text(encoding="utf-8")


def test_loads_quickly() -> None:
    """Measured 0.07 s; twenty times that would be a changed algorithm, not a busy machine."""
    began = time.process_time()
    load_gazetteer.__wrapped__()
    assert time.process_time() - began < 1.4


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    for path in FOLDER.glob("*.csv"):
        shutil.copyfile(path, tmp_path / path.name)
    return tmp_path


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        pytest.param(
            "areas.csv",
            '110102,"西城区"',
            '110101,"西城区"',
            "areas.csv:3: code = '110101'：应为 6 位",
            id="code twice",
        ),
        pytest.param(
            "cities.csv", "1201,", "12O1,", "cities.csv:3: code = '12O1'：应为 4 位", id="letter in code"
        ),
        pytest.param(
            "areas.csv", '"西城区",1101', '"西城区",9901', "areas.csv:3: name、上级", id="no such parent"
        ),
        pytest.param("areas.csv", '"西城区"', '""', "areas.csv:3: name、上级", id="no name"),
        pytest.param("provinces.csv", "code,name", "id,name", "provinces.csv:1: 表头", id="header"),
        pytest.param(
            "areas.csv", '110102,"西城区",1101,11', "110102", "areas.csv:3: 行 = '缺列'", id="cut row"
        ),
    ],
)
def test_broken_table(tables: Path, table: str, old: str, new: str, message: str) -> None:
    path = tables / table
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ReadError) as caught:
        load_gazetteer(tables)
    assert message in str(caught.value)
