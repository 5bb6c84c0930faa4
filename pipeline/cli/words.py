"""`qianshao words`: new words from a corpus, and the deployment's word file."""

from pathlib import Path

import typer

from pipeline.cli.screen import print_answer, say

words = typer.Typer(no_args_is_help=True, help="部署词表 words.txt：从语料中找新词，检查词表。")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(words, name="words")


@words.command("propose")
def propose(
    paths: list[Path] = typer.Argument(
        ..., metavar="FILE...", exists=True, dir_okay=False, help="JSONL(.gz) 或每行一段的文本"
    ),
    limit: int = typer.Option(100, "--limit", "-n", min=1, help="最多列出多少个"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """从语料中找词典和 words.txt 都没有的词，供人挑选。"""
    from pipeline.newwords import propose_words
    from pipeline.rooms import load_knowledge
    from pipeline.settings import load_settings

    knowledge = load_knowledge(load_settings().deployment)
    rows = propose_words(paths, (*knowledge.words, *knowledge.places.words), limit)
    print_answer("新词", rows, as_json=as_json)
    say("挑出要的词写进部署目录的 words.txt，下一批帖文即生效")


@words.command("check")
def check(
    path: Path = typer.Argument(..., metavar="WORDS", exists=True, dir_okay=False, help="words.txt"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """检查词表：写错的行报错，词典已有的词列出。"""
    from pipeline.newwords import check_words
    from schemas.taxonomy.words import read_words

    rows = check_words(path)
    print_answer("多余的词", rows, as_json=as_json)
    say(f"{path.name}：{len(read_words(path))} 个词，其中 {len(rows)} 个词典已有")
