"""Finds the sources: every file of sources/ and of a deployment's own folder, by path, without a registry."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from crawlers.fields import check_fields
from crawlers.source import Source, check_source
from crawlers.spiders.api import ApiSpider
from crawlers.spiders.base import SourceSpider
from crawlers.spiders.board import BoardSpider
from crawlers.spiders.feed import FeedSpider
from crawlers.spiders.forum import ForumSpider
from crawlers.spiders.pages import PagesSpider
from crawlers.spiders.sensor import SensorSpider
from crawlers.spiders.sitemap import SitemapSpider
from schemas.errors import ReadError, Where

SHIPPED = Path(__file__).parent / "sources"
_BASES: dict[str, type[SourceSpider]] = {
    "feed": FeedSpider,
    "pages": PagesSpider,
    "sitemap": SitemapSpider,
    "api": ApiSpider,
    "forum": ForumSpider,
    "board": BoardSpider,
    "sensor": SensorSpider,
}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A source, its spider and the file both stand in."""

    path: Path
    source: Source
    spider: type[SourceSpider]


def discover_sources(extra_folder: Path | None = None) -> tuple[Source, ...]:
    """All sources, disabled ones too, by name. Raises ReadError for the first file that is not right."""
    return tuple(found.source for found in load_files(extra_folder))


def check_sources(extra_folder: Path | None = None) -> tuple[ReadError, ...]:
    """What is wrong with the source files, one error a file; empty when all are right."""
    return read_sources(extra_folder)[1]


def read_sources(extra_folder: Path | None = None) -> tuple[tuple[Source, ...], tuple[ReadError, ...]]:
    """The sources whose files are right, disabled ones too, and one error for each other file."""
    sources: list[Source] = []
    errors: list[ReadError] = []
    for path in source_paths(extra_folder):
        try:
            sources.append(load_file(path).source)
        except ReadError as error:
            errors.append(error)
    return tuple(sources), tuple(errors)


def find_source(name: str, extra_folder: Path | None = None) -> SourceFile:
    """The file of one source; other files are not read, so that they cannot stop it."""
    paths = {path.stem: path for path in source_paths(extra_folder)}
    if name not in paths:
        raise ReadError(
            Where(str(extra_folder or SHIPPED)), "来源", name, "、".join(paths) or "（没有来源文件）"
        )
    return load_file(paths[name])


def load_files(extra_folder: Path | None = None) -> tuple[SourceFile, ...]:
    """All source files, by name."""
    return tuple(load_file(path) for path in source_paths(extra_folder))


def source_paths(extra_folder: Path | None = None) -> tuple[Path, ...]:
    """The files of both folders by name; a name that stands in both is an error."""
    if extra_folder is not None and not extra_folder.is_dir():
        raise ReadError(Where(str(extra_folder)), "来源文件夹", str(extra_folder), "已有的文件夹")
    found: dict[str, Path] = {}
    for folder in (SHIPPED, extra_folder):
        for path in sorted(folder.glob("*.py") if folder else ()):
            if path.name.startswith("_"):
                continue
            if path.stem in found:
                raise ReadError(Where(str(path)), "文件名", path.name, f"{found[path.stem]} 没有用过的名称")
            found[path.stem] = path
    return tuple(found[name] for name in sorted(found))


def load_file(path: Path) -> SourceFile:
    """The source of one file. Raises ReadError where the file cannot be run or its shape is not right."""
    where = Where(str(path))
    module = _run_file(path, where)
    source = getattr(module, "SOURCE", None)
    if not isinstance(source, Source):
        raise ReadError(where, "SOURCE", source, "一个 Source(...)")
    check_source(source, where)
    if source.name != path.stem:
        raise ReadError(where, "SOURCE.name", source.name, f"文件名 {path.stem}")
    return SourceFile(path, source, _spider_of(module, source, where))


def _run_file(path: Path, where: Where) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"qianshao_sources.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ReadError(where, "文件", path.name, "Python 文件")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise ReadError(Where(str(path), error.lineno), "Python", error.msg, "合乎语法的 Python") from error
    except (ImportError, NameError, AttributeError, TypeError, ValueError, LookupError) as error:
        raise ReadError(where, type(error).__name__, str(error), "可以导入的来源文件") from error
    return module


def _spider_of(module: ModuleType, source: Source, where: Where) -> type[SourceSpider]:
    spiders = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, SourceSpider) and value.__module__ == module.__name__
    ]
    base = _BASES[source.kind]
    if len(spiders) != 1 or not issubclass(spiders[0], base):
        names = [spider.__name__ for spider in spiders]
        raise ReadError(where, "spider", names, f"恰好一个 {base.__name__} 的子类（kind = {source.kind}）")
    if getattr(spiders[0], "source", None) is not source:
        raise ReadError(where, f"{spiders[0].__name__}.source", getattr(spiders[0], "source", None), "SOURCE")
    check_fields(spiders[0], where)
    return spiders[0]
