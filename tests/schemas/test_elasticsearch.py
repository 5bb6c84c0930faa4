"""The index templates: every field known, explained and strict."""

from pathlib import Path
from shutil import copytree

import orjson
import pytest

from schemas.elasticsearch import FOLDER, describe_fields, load_roles, load_templates
from schemas.errors import ReadError

KINDS = ("posts", "events", "alerts", "series", "tickets", "coverage")


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_fields_are_refused_at_every_level(kind: str) -> None:
    mappings = load_templates().mappings(kind)
    assert mappings["dynamic"] == "strict"
    assert '"dynamic":' not in str(orjson.dumps(mappings["properties"]))


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_says_in_chinese_what_it_means(kind: str) -> None:
    fields = load_templates().fields(kind)
    assert len(fields) > 10
    for field, (_, meaning) in fields.items():
        assert any("\u4e00" <= character <= "\u9fff" for character in meaning), field


def test_chinese_is_searchable_by_word_and_by_phrase() -> None:
    properties = load_templates().mappings("posts")["properties"]
    assert properties["words"]["analyzer"] == "whitespace"
    assert properties["text"]["analyzer"] == "standard"


def test_names_follow_the_deployment() -> None:
    posts = load_templates("yunting").indices["posts"]
    assert (posts.alias, posts.index) == ("yunting-posts", "yunting-posts-v3")
    assert posts.template.body["index_patterns"] == ["yunting-posts-v*"]
    assert (posts.concrete("2026.07"), posts.write_alias("2026.07")) == (
        "yunting-posts-v3-2026.07",
        "yunting-posts-write-2026.07",
    )
    assert (posts.owns("yunting-posts-v3-2026.07"), posts.owns("yunting-posts-v31-2026.07")) == (True, False)
    assert posts.components == ("yunting-settings", "yunting-place", "yunting-facts", "yunting-plain")


def test_a_digest_changes_with_its_file_only() -> None:
    assert load_templates() == load_templates()
    assert (
        load_templates().indices["posts"].template.digest
        != load_templates().indices["events"].template.digest
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in ("components", "indices"):
        copytree(FOLDER / part, tmp_path / part)
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            b'"zh": "\xe6\xa0\x87\xe9\xa2\x98"',
            b'"zh": ""',
            "alerts.json: title.meta.zh = ''：应为 一句中文说明",
        ),
        (
            b'"place"]',
            b'"place", "tides"]',
            "alerts.json: composed_of = 'tides'：应为 facts、place、plain、settings 之一",
        ),
        (b'"version": 2,', b"", "alerts.json: version = None：应为 必须写明"),
        (b'"version": 2,', b'"version": 2', "alerts.json:3: JSON"),
    ],
    ids=["no meaning", "unknown component", "no version", "no JSON"],
)
def test_a_wrong_file_is_one_clear_line(folder: Path, old: bytes, new: bytes, line: str) -> None:
    file = folder / "indices" / "alerts.json"
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new, 1))
    with pytest.raises(ReadError) as raised:
        load_templates(folder=folder)
    assert str(raised.value).startswith(line)


def test_the_documented_fields_are_those_of_the_mapping() -> None:
    assert (Path(__file__).parents[2] / "docs" / "fields.md").read_text() == describe_fields(), (
        "先运行 qianshao index fields > docs/fields.md"
    )


def test_roles_name_the_indices_of_their_deployment_and_no_other() -> None:
    for roles, prefix in ((load_roles(), "qianshao"), (load_roles("lin-an"), "lin-an")):
        assert set(roles) == {
            f"{prefix.replace('-', '_')}_{name}" for name in ("writer", "analyst", "alert_reader")
        }
        for role in roles.values():
            assert all(name.startswith(f"{prefix}-") for one in role["indices"] for name in one["names"])
